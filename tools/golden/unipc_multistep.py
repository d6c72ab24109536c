"""Golden cases of UniPCMultistepScheduler: order x B(h) x what is extrapolated, every sigma option with every spacing and
final sigma, flow sigmas and their shifts, and the order rules. How it is called and how it fails is in
unipc_multistep_calls.py."""

import numpy
from diffusers import UniPCMultistepScheduler

from common import Recipe, dashed


def level(scheduler, t):
    """(alpha, sigma) at the index that step will use."""
    index = scheduler.step_index
    if index is None:
        index = scheduler.index_for_timestep(t) if scheduler.begin_index is None else scheduler.begin_index
    return scheduler._sigma_to_alpha_sigma_t(scheduler.sigmas[index])


recipe = Recipe(UniPCMultistepScheduler, level)
steps = recipe.steps
SD = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
SHORT = [0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4]
COSINE = dict(beta_schedule="squaredcos_cap_v2")
SIGMA_MIN = dict(final_sigmas_type="sigma_min")
FLOW = dict(use_flow_sigmas=True, prediction_type="flow_prediction")
NOISE = dict(predict_x0=False, **SIGMA_MIN)
SPACINGS = ("linspace", "leading", "trailing")
RESPACINGS = {
    "karras": "use_karras_sigmas",
    "exponential": "use_exponential_sigmas",
    "beta": "use_beta_sigmas",
    "flow": "use_flow_sigmas",
}
PREDICTIONS = ("epsilon", "sample", "v_prediction")

# ---- each config key alone ----
steps("default", n=10)
steps("num-train-timesteps-100", dict(num_train_timesteps=100), n=10)
steps("beta-start", dict(beta_start=0.001), n=5)
steps("beta-end", dict(beta_end=0.03), n=5)
steps("beta-scaled-linear", dict(beta_schedule="scaled_linear"), n=5)
steps("beta-squaredcos", COSINE, n=10)
steps("trained-betas", dict(num_train_timesteps=8, trained_betas=SHORT), n=4)
steps("trained-betas-longer-than-n", dict(num_train_timesteps=6, trained_betas=SHORT), n=5)
for order in (1, 3, 4, 5):
    steps(f"solver-order-{order}", dict(solver_order=order), n=8)
for prediction in ("sample", "v_prediction"):
    steps(dashed("prediction", prediction), dict(prediction_type=prediction), n=5)
steps("prediction-flow-without-flow-sigmas", dict(SD, prediction_type="flow_prediction"), n=5)
steps("thresholding", dict(thresholding=True), n=5)
for ratio in (0.5, 0.9, 1.0):
    steps(
        dashed("thresholding-ratio", ratio),
        dict(thresholding=True, dynamic_thresholding_ratio=ratio, sample_max_value=10.0),
        n=4,
    )
for top in (1.5, 100.0, 0.8):
    steps(dashed("thresholding-max", top), dict(thresholding=True, sample_max_value=top), n=4)
steps("thresholding-ignored", dict(NOISE, thresholding=True), n=4)
steps("predict-x0-off", NOISE, n=6)
steps("solver-type-bh1", dict(SIGMA_MIN, solver_type="bh1"), n=5)  # to sigma 0 it is NaN: an error
for solver in ("midpoint", "heun", "logrho"):
    steps(dashed("solver-type", solver), dict(solver_type=solver), n=5)
steps("lower-order-final-off", dict(SIGMA_MIN, lower_order_final=False), n=6)
for disabled in ([0], [1, 2], [0, 1, 2, 3, 4, 5, 6]):
    steps(dashed("disable-corrector", *disabled), dict(disable_corrector=disabled), n=6)
for name, key in RESPACINGS.items():
    steps(name, {key: True}, n=5)
steps("flow-shift-without-flow", dict(flow_shift=3.0), n=3)
steps("spacing-leading", dict(timestep_spacing="leading"), n=5)
steps("spacing-trailing", dict(timestep_spacing="trailing"), n=5)
steps("steps-offset-1", dict(steps_offset=1), n=4)
steps("final-sigma-min", SIGMA_MIN, n=5)
steps("zero-snr", dict(rescale_betas_zero_snr=True), n=5)
steps("time-shift-type-linear", dict(time_shift_type="linear"), n=3)
steps("sigma-min-without-respacing", dict(sigma_min=0.1, sigma_max=10.0), n=3)
steps("dynamic-shifting-without-flow", dict(use_dynamic_shifting=True), n=4, request=dict(mu=0.7))

# ---- order x B(h) x what is extrapolated x prediction ----
for order in (1, 2, 3):
    for solver, final in (("bh1", SIGMA_MIN), ("bh2", {})):
        for data in (True, False):
            config = dict(SD, solver_order=order, solver_type=solver, **(final if data else NOISE))
            name = dashed("order", order, solver, "x0" if data else "eps")
            for prediction in PREDICTIONS:
                steps(dashed(name, prediction), dict(config, prediction_type=prediction), n=6)
            steps(f"{name}-karras", dict(config, use_karras_sigmas=True), n=8)
            steps(f"{name}-karras-n-50", dict(config, use_karras_sigmas=True), n=50, count=6)
            steps(f"{name}-karras-n-50-tail", dict(config, use_karras_sigmas=True), n=50, begin_index=44)
            steps(f"{name}-n-16", config, n=16, begin_index=10)
            steps(f"{name}-no-corrector", dict(config, disable_corrector=list(range(6))), n=6)
            steps(f"{name}-no-corrector-first", dict(config, disable_corrector=[0, 1]), n=6)
        config = dict(SD, solver_order=order, solver_type=solver)
        steps(dashed("order", order, solver, "flow"), dict(config, **final, **FLOW), n=6)
        steps(dashed("order", order, solver, "final-sigma-min"), dict(config, **SIGMA_MIN), n=6)
        for data in (True, False):
            steps(
                dashed("order", order, solver, "not-lowered", "x0" if data else "eps"),
                dict(config, **SIGMA_MIN, predict_x0=data, lower_order_final=False),
                n=6,
            )
    threshold = dict(thresholding=True, sample_max_value=1.5)
    steps(dashed("order", order, "thresholding"), dict(SD, solver_order=order, **threshold), n=5)
for prediction in PREDICTIONS:
    steps(
        dashed("thresholding", prediction),
        dict(thresholding=True, sample_max_value=2.0, prediction_type=prediction),
        n=4,
    )
steps("order-1-not-lowered-to-zero", dict(SD, solver_order=1, lower_order_final=False), n=4)

# ---- spacing x sigma option x final sigma ----
for spacing in SPACINGS:
    for name, key in {"plain": None, **RESPACINGS}.items():
        for final in ("zero", "sigma_min"):
            config = {**SD, "timestep_spacing": spacing, "final_sigmas_type": final, **({key: True} if key else {})}
            steps(dashed(spacing, name, final), config, n=7, count=7 if spacing == "linspace" else 3)
    steps(f"{spacing}-offset-1", dict(SD, timestep_spacing=spacing, steps_offset=1), n=5, count=3)
    steps(f"{spacing}-last-steps", dict(SD, timestep_spacing=spacing), n=20, begin_index=16)
    steps(f"{spacing}-cosine", dict(COSINE, timestep_spacing=spacing), n=5)
    steps(
        f"{spacing}-zero-snr-v",
        dict(SD, timestep_spacing=spacing, rescale_betas_zero_snr=True, prediction_type="v_prediction"),
        n=5,
    )
for name, key in RESPACINGS.items():
    for n in (1, 2, 3, 5, 10):
        steps(f"{name}-n-{n}", {**SD, key: True}, n=n)
    steps(f"{name}-cosine", {**COSINE, key: True}, n=5, begin_index=0)
    steps(
        f"{name}-zero-snr-v",
        {**SD, key: True, "rescale_betas_zero_snr": True, "prediction_type": "v_prediction"},
        n=5,
        begin_index=0,
    )
    steps(f"{name}-default-betas-20", {key: True}, n=20, count=4)
    steps(f"{name}-order-3", {**SD, key: True, "solver_order": 3}, n=8)
    if name != "flow":
        for ends in (dict(sigma_min=0.1), dict(sigma_max=10.0), dict(sigma_min=0.02, sigma_max=80.0)):
            values = [value for pair in ends.items() for value in pair]
            steps(dashed(name, *values), {**SD, key: True, **ends}, n=5, begin_index=0)
        steps(f"{name}-sigma-min-ends", {**SD, **SIGMA_MIN, key: True, "sigma_min": 0.1, "solver_order": 3}, n=5)
for n, twice in ((100, 97), (500, 437)):  # integer timesteps of which some occur twice; the lookup takes the second
    steps(f"karras-n-{n}", dict(use_karras_sigmas=True), n=n, count=3)
    steps(f"karras-n-{n}-duplicate-by-timestep", dict(use_karras_sigmas=True), n=n, first=twice, count=2)
    steps(f"karras-n-{n}-duplicate-by-index", dict(use_karras_sigmas=True), n=n, begin_index=twice, count=3)
    steps(f"karras-n-{n}-tail", dict(use_karras_sigmas=True), n=n, begin_index=n - 4)

# ---- flow sigmas and shifts ----
for shift in (0.5, 3.0, 7.0):
    steps(dashed("flow-shift", shift), dict(FLOW, flow_shift=shift), n=6)
    steps(dashed("flow-shift", shift, "order-3"), dict(FLOW, flow_shift=shift, solver_order=3), n=6)
for prediction in PREDICTIONS:
    steps(dashed("flow", prediction), dict(use_flow_sigmas=True, prediction_type=prediction), n=5)
steps("flow-eps", dict(NOISE, use_flow_sigmas=True), n=5)
steps("flow-n-20", dict(FLOW, flow_shift=3.0, solver_order=3), n=20, count=5)
steps("flow-n-50", dict(FLOW, flow_shift=5.0), n=50, count=5)
steps("flow-n-50-tail", dict(FLOW, flow_shift=5.0), n=50, begin_index=45)
steps("flow-num-train-timesteps-500", dict(FLOW, num_train_timesteps=500), n=5)
for kind in ("exponential", "linear"):
    dynamic = dict(FLOW, use_dynamic_shifting=True, time_shift_type=kind)
    for mu in (0.5, 1.15):
        steps(dashed("flow", kind, "mu", mu), dynamic, n=6, request=dict(mu=mu))
    steps(f"flow-{kind}-terminal", dict(dynamic, shift_terminal=0.1), n=6, request=dict(mu=1.15))
steps("flow-mu-ignored", dict(FLOW, flow_shift=3.0), n=4, request=dict(mu=1.0))
for terminal in (0.02, 0.3, 0.0):
    steps(dashed("flow-terminal", terminal), dict(FLOW, shift_terminal=terminal), n=5)
steps("flow-terminal-sigma-min", dict(FLOW, **SIGMA_MIN, shift_terminal=0.1, flow_shift=3.0), n=5)
WAN = numpy.array([1.0, 0.9, 0.75, 0.5, 0.2])
steps("flow-sigmas", FLOW, request=dict(sigmas=WAN))
steps("flow-sigmas-shifted", dict(FLOW, flow_shift=3.0, shift_terminal=0.1), request=dict(sigmas=WAN))
steps("flow-sigmas-below-one", FLOW, request=dict(sigmas=numpy.array([0.97, 0.6, 0.1])))
steps("flow-sigmas-near-one", FLOW, request=dict(sigmas=numpy.array([0.9999995, 0.6, 0.1])))
steps("flow-sigmas-mu", dict(FLOW, use_dynamic_shifting=True), request=dict(sigmas=WAN, mu=0.8))
steps("flow-sigmas-win-over-n", FLOW, n=9, request=dict(sigmas=WAN))
KARRAS_FLOW = dict(FLOW, use_karras_sigmas=True)
for n in (1, 6):
    steps(f"karras-and-flow-n-{n}", dict(SD, **KARRAS_FLOW), n=n)
steps("karras-and-flow-order-3", dict(SD, **KARRAS_FLOW, **SIGMA_MIN, solver_order=3), n=6)
steps("karras-and-flow-ends", dict(KARRAS_FLOW, sigma_min=0.02, sigma_max=80.0, flow_shift=3.0), n=6)
steps("karras-and-flow-sigmas", dict(KARRAS_FLOW, **SIGMA_MIN), request=dict(sigmas=[4.0, 1.0, 0.3]))

# ---- the last sigma repeats: h is 0 at the last step ----
for name in ("karras", "exponential", "beta", "flow"):
    config = {**SD, **SIGMA_MIN, RESPACINGS[name]: True}
    steps(f"{name}-sigma-min-order-2-not-lowered", dict(config, lower_order_final=False), n=5)
    steps(f"{name}-sigma-min-order-3", dict(config, solver_order=3), n=16, begin_index=11)

# ---- step counts ----
for n in (1, 2, 3):
    for spacing in SPACINGS:
        steps(f"n-{n}-{spacing}", dict(SD, timestep_spacing=spacing), n=n)
    steps(f"n-{n}-order-3-sigma-min", dict(SD, **SIGMA_MIN, solver_order=3), n=n)
steps("n-13", SD, n=13, count=4)
steps("n-20-all", SD, n=20, count=20)
steps("n-20-order-3-all", dict(SD, solver_order=3), n=20, count=20)
for order in (2, 3):
    steps(f"n-50-order-{order}", dict(SD, solver_order=order), n=50, count=5)
    steps(f"n-50-order-{order}-tail", dict(SD, solver_order=order), n=50, begin_index=45)
for spacing in SPACINGS:
    for n in (999, 1000):
        if (spacing, n) != ("leading", 1000):  # 1000 // 1001 is 0: every timestep is 0
            steps(f"n-{n}-{spacing}-head", dict(SD, timestep_spacing=spacing), n=n, count=4)
            steps(f"n-{n}-{spacing}-tail", dict(SD, timestep_spacing=spacing), n=n, begin_index=n - 4)
for spacing, begin in (("linspace", 498), ("leading", 0)):  # timesteps that repeat: h is 0
    steps(
        f"n-1000-{spacing}-duplicate-order-1",
        dict(SD, solver_order=1, timestep_spacing=spacing),
        n=1000,
        begin_index=begin,
        count=5,
    )
for data in (True, False):  # h is small: the weights cancel in float32
    for n in (200, 999):
        config = dict(SD, solver_order=3, **({} if data else NOISE))
        steps(dashed("n", n, "order-3-middle", "x0" if data else "eps"), config, n=n, begin_index=n // 2, count=5)
for n in (61, 103):  # numpy's arange overshoots: a further timestep, -1, whose sigma is interpolated as at 0
    for final in ("zero", "sigma_min"):
        steps(
            dashed("trailing-overshoot", n, final),
            dict(SD, timestep_spacing="trailing", final_sigmas_type=final),
            n=n,
            begin_index=n - 3,
        )
steps("n-over-train", dict(num_train_timesteps=20, use_karras_sigmas=True), n=40, begin_index=0, count=4)
