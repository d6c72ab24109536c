"""Golden cases of DPMSolverMultistepScheduler: algorithm x order x solver x prediction, every sigma option with every
spacing and final sigma, and the order rules at the end. How it is called and how it fails is in
dpmsolver_multistep_calls.py."""

import torch
from diffusers import DPMSolverMultistepScheduler

from common import Recipe, dashed
from tape import model_output, normal


def level(scheduler, t):
    """(alpha, sigma) at the index that step will use."""
    index = scheduler.step_index
    if index is None:
        index = scheduler.index_for_timestep(t) if scheduler.begin_index is None else scheduler.begin_index
    return scheduler._sigma_to_alpha_sigma_t(scheduler.sigmas[index])


def outputs(recipe, case, i, sample, alpha, sigma):
    """A model with learned variances has twice the channels; the scheduler keeps the first three."""
    mean = model_output(recipe, case, i, sample, alpha, sigma)
    return torch.cat([mean, normal(case, f"variance.{i}")], dim=1) if "variance_type" in case["config"] else mean


def variance_noise(case, i):
    return normal(case, f"variance_noise.{i}")


recipe = Recipe(DPMSolverMultistepScheduler, level, outputs=outputs)
steps = recipe.steps
SD = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
SHORT = [0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4]
COSINE = dict(beta_schedule="squaredcos_cap_v2")
SIGMA_MIN = dict(final_sigmas_type="sigma_min")
SDE = dict(algorithm_type="sde-dpmsolver++")
FLOW = dict(use_flow_sigmas=True, prediction_type="flow_prediction")
SPACINGS = ("linspace", "leading", "trailing")
RESPACINGS = {
    "karras": "use_karras_sigmas",
    "exponential": "use_exponential_sigmas",
    "beta": "use_beta_sigmas",
    "lu": "use_lu_lambdas",
    "flow": "use_flow_sigmas",
}
ALGORITHMS = ("dpmsolver++", "sde-dpmsolver++", "dpmsolver", "sde-dpmsolver")

# ---- each config key alone ----
steps("default", n=10)
steps("num-train-timesteps-100", dict(num_train_timesteps=100), n=10)
steps("beta-start", dict(beta_start=0.001), n=5)
steps("beta-end", dict(beta_end=0.03), n=5)
steps("beta-scaled-linear", dict(beta_schedule="scaled_linear"), n=5)
steps("beta-squaredcos", COSINE, n=10)
steps("trained-betas", dict(num_train_timesteps=8, trained_betas=SHORT), n=4)
steps("trained-betas-longer-than-n", dict(num_train_timesteps=6, trained_betas=SHORT), n=5)
for order in (1, 3, 4):  # an order above 3 runs the third-order formulas
    steps(f"solver-order-{order}", dict(solver_order=order), n=7)
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
steps("algorithm-sde-dpmsolverpp", SDE, n=5)
for algorithm in ("dpmsolver", "sde-dpmsolver"):
    steps(dashed("algorithm", algorithm), dict(SIGMA_MIN, algorithm_type=algorithm), n=5)
for solver in ("heun", "logrho", "bh1", "bh2"):
    steps(dashed("solver-type", solver), dict(solver_type=solver), n=5)
steps("lower-order-final-off", dict(lower_order_final=False), n=6)
steps("euler-at-final", dict(euler_at_final=True), n=6)
for name, key in RESPACINGS.items():
    steps(name, {key: True}, n=5)
steps("flow-shift-without-flow", dict(flow_shift=3.0), n=3)
steps("final-sigma-min", SIGMA_MIN, n=5)
steps("lambda-min-clipped", dict(lambda_min_clipped=-5.1), n=5)
steps("lambda-min-clipped-strongly", dict(lambda_min_clipped=-1.0), n=5)
for variance in ("learned", "learned_range"):
    steps(dashed("variance", variance), dict(SD, variance_type=variance), n=4)
steps("spacing-leading", dict(timestep_spacing="leading"), n=5)
steps("spacing-trailing", dict(timestep_spacing="trailing"), n=5)
steps("steps-offset-1", dict(steps_offset=1), n=4)
steps("zero-snr", dict(rescale_betas_zero_snr=True), n=5)
steps("dynamic-shifting-without-mu", dict(use_dynamic_shifting=True), n=4)
steps("time-shift-type-linear-without-mu", dict(time_shift_type="linear"), n=3)

# ---- algorithm x order x solver x prediction ----
for algorithm in ALGORITHMS:
    for order in (1, 2, 3):
        for solver in ("midpoint", "heun"):
            if order == 3 and (algorithm == "sde-dpmsolver" or solver == "heun") or order == 1 and solver == "heun":
                continue  # sde-dpmsolver has no third order; heun concerns the second order only (once, below)
            final = SIGMA_MIN if algorithm in ("dpmsolver", "sde-dpmsolver") else {}
            config = dict(SD, **final, algorithm_type=algorithm, solver_order=order, solver_type=solver)
            for prediction in ("epsilon", "sample", "v_prediction"):
                steps(dashed(algorithm, order, solver, prediction), dict(config, prediction_type=prediction), n=6)
            steps(dashed(algorithm, order, solver, "n-16"), config, n=16, begin_index=11)
            if not final:
                steps(dashed(algorithm, order, solver, "final-sigma-min"), dict(config, **SIGMA_MIN), n=6)
                steps(dashed(algorithm, order, solver, "flow"), dict(config, **FLOW), n=6)
        if (algorithm, order) != ("sde-dpmsolver", 3):
            threshold = dict(solver_type="midpoint", thresholding=True, sample_max_value=1.5)
            steps(dashed(algorithm, order, "thresholding"), dict(config, **threshold), n=4)
steps("order-3-heun", dict(SD, solver_order=3, solver_type="heun"), n=6)
for algorithm in ("dpmsolver++", "sde-dpmsolver++"):
    for order in (2, 3):
        config = dict(SD, algorithm_type=algorithm, solver_order=order, use_karras_sigmas=True)
        steps(dashed(algorithm, order, "karras"), config, n=8)
        steps(dashed(algorithm, order, "karras-n-50"), config, n=50, count=6)
        steps(dashed(algorithm, order, "karras-n-50-tail"), config, n=50, begin_index=44)

# ---- spacing x sigma option x final sigma ----
for spacing in SPACINGS:
    for name, key in {"plain": None, **RESPACINGS}.items():
        for final in ("zero", "sigma_min"):
            config = {**SD, "timestep_spacing": spacing, "final_sigmas_type": final, **({key: True} if key else {})}
            steps(dashed(spacing, name, final), config, n=7, count=7 if spacing == "linspace" else 3)
    steps(f"{spacing}-offset-1", dict(SD, timestep_spacing=spacing, steps_offset=1), n=5, count=3)
    steps(f"{spacing}-last-steps", dict(SD, timestep_spacing=spacing), n=20, begin_index=16)
    for bound in (-5.1, -2.0):
        steps(
            dashed(spacing, "cosine-lambda", -bound),
            dict(COSINE, timestep_spacing=spacing, lambda_min_clipped=bound),
            n=5,
        )
    steps(
        f"{spacing}-zero-snr-v",
        dict(SD, timestep_spacing=spacing, rescale_betas_zero_snr=True, prediction_type="v_prediction"),
        n=5,
    )
for name, key in RESPACINGS.items():
    for n in (1, 2, 3):
        steps(f"{name}-n-{n}", {**SD, key: True}, n=n)
    # Cosine betas truncate the sigmas' timesteps, so the first two are often equal: begin_index avoids the lookup.
    steps(f"{name}-cosine", {**COSINE, key: True}, n=5, begin_index=0)
    steps(f"{name}-cosine-v", {**COSINE, key: True, "prediction_type": "v_prediction"}, n=8, begin_index=0)
    steps(
        f"{name}-zero-snr-v",
        {**SD, key: True, "rescale_betas_zero_snr": True, "prediction_type": "v_prediction"},
        n=5,
        begin_index=0,
    )
    steps(f"{name}-default-betas-20", {key: True}, n=20, count=4)
    steps(f"{name}-sde", {**SD, **SDE, key: True}, n=6)
    steps(f"{name}-order-3", {**SD, key: True, "solver_order": 3}, n=8)
for n, twice in ((100, 97), (500, 437)):  # integer timesteps of which some occur twice; the lookup takes the second
    steps(f"karras-n-{n}", dict(use_karras_sigmas=True), n=n, count=3)
    steps(f"karras-n-{n}-duplicate-by-timestep", dict(use_karras_sigmas=True), n=n, first=twice, count=2)
    steps(f"karras-n-{n}-duplicate-by-index", dict(use_karras_sigmas=True), n=n, begin_index=twice, count=3)
    steps(f"karras-n-{n}-tail", dict(use_karras_sigmas=True), n=n, begin_index=n - 4)
steps("karras-cosine-starts-at-the-second", dict(COSINE, use_karras_sigmas=True), n=5, count=4)

# ---- flow sigmas and shifts ----
for shift in (0.5, 3.0, 7.0):
    steps(dashed("flow-shift", shift), dict(FLOW, flow_shift=shift), n=6)
for prediction in ("epsilon", "sample", "v_prediction"):
    steps(dashed("flow", prediction), dict(use_flow_sigmas=True, prediction_type=prediction), n=5)
steps("flow-n-20", dict(FLOW, flow_shift=3.0, solver_order=3), n=20, count=5)
steps("flow-num-train-timesteps-500", dict(FLOW, num_train_timesteps=500), n=5)
for mu in (0.5, 1.15):
    steps(dashed("flow-mu", mu), dict(FLOW, use_dynamic_shifting=True), n=6, request=dict(mu=mu))
steps("mu-without-flow", dict(SD, use_dynamic_shifting=True), n=4, request=dict(mu=0.7))
# Upstream writes exp(mu) into the config object, so that a later call without mu uses it again.
steps(
    "flow-mu-remembered",
    dict(FLOW, use_dynamic_shifting=True),
    n=4,
    earlier=[dict(request=dict(num_inference_steps=6, mu=1.0), stepped=1)],
)
steps(
    "flow-mu-replaced",
    dict(FLOW, use_dynamic_shifting=True),
    n=4,
    request=dict(mu=0.2),
    earlier=[dict(request=dict(num_inference_steps=6, mu=1.0))],
)

# ---- the order rules at the end: 15 steps is the border ----
for n in (14, 15):
    for order in (2, 3):
        for final in ("zero", "sigma_min"):
            steps(
                f"n-{n}-order-{order}-{final.replace('_', '-')}-end",
                dict(SD, solver_order=order, final_sigmas_type=final),
                n=n,
                begin_index=n - 6,
            )
for order in (2, 3):
    for final in ("zero", "sigma_min"):
        name = f"order-{order}-{final.replace('_', '-')}"
        steps(
            f"{name}-lower-order-final-off",
            dict(SD, solver_order=order, final_sigmas_type=final, lower_order_final=False),
            n=7,
        )
        steps(
            f"{name}-euler-at-final",
            dict(SD, solver_order=order, final_sigmas_type=final, euler_at_final=True, lower_order_final=False),
            n=7,
        )
        steps(
            f"{name}-euler-at-final-n-16",
            dict(SD, solver_order=order, final_sigmas_type=final, euler_at_final=True),
            n=16,
            begin_index=10,
        )
for name in ("karras", "lu"):  # the last sigma repeats: h is 0 at the last step
    steps(f"{name}-sigma-min-n-16-midpoint", {**SD, **SIGMA_MIN, RESPACINGS[name]: True}, n=16, begin_index=11)
    steps(
        f"{name}-sigma-min-n-16-order-3-euler",
        {**SD, **SIGMA_MIN, RESPACINGS[name]: True, "solver_order": 3, "euler_at_final": True},
        n=16,
        begin_index=11,
    )
steps("sde-karras-sigma-min-n-16", dict(SD, **SDE, **SIGMA_MIN, use_karras_sigmas=True), n=16, begin_index=11)

# ---- custom timesteps ----
AYS = [999, 850, 736, 645, 545, 455, 343, 233, 124, 24]
steps("timesteps-ays", SD, request=dict(timesteps=AYS))
steps("timesteps-order-3", dict(SD, solver_order=3), request=dict(timesteps=AYS))
steps("timesteps-fractions-are-cut", SD, request=dict(timesteps=[950.9, 400.5, 10.1]))
steps("timesteps-to-zero-sigma-min", dict(SD, **SIGMA_MIN), request=dict(timesteps=[999, 500, 1]))
steps("timesteps-one", SD, request=dict(timesteps=[700]))

# ---- arguments of step ----
for algorithm in ("sde-dpmsolver++", "sde-dpmsolver"):
    final = SIGMA_MIN if algorithm == "sde-dpmsolver" else {}
    config = dict(SD, **final, algorithm_type=algorithm)
    steps(
        dashed(algorithm, "variance-noise"),
        config,
        n=5,
        options=dict(variance_noise="variance_noise"),
        tape=variance_noise,
    )
steps("variance-noise-ignored", SD, n=3, options=dict(variance_noise="variance_noise"), tape=variance_noise)
steps(
    "variance-learned-dpmsolver", dict(SD, **SIGMA_MIN, algorithm_type="dpmsolver", variance_type="learned_range"), n=4
)
steps(
    "variance-learned-thresholding", dict(variance_type="learned_range", thresholding=True, sample_max_value=2.0), n=4
)

# ---- step counts ----
for n in (1, 2, 3):
    for spacing in SPACINGS:
        steps(f"n-{n}-{spacing}", dict(SD, timestep_spacing=spacing), n=n)
    steps(f"n-{n}-order-3-sigma-min", dict(SD, **SIGMA_MIN, solver_order=3), n=n)
steps("n-13", SD, n=13, count=4)
steps("n-20-all", SD, n=20, count=20)
steps("n-20-sde-all", dict(SD, **SDE), n=20, count=20)
for order in (2, 3):
    steps(f"n-50-order-{order}", dict(SD, solver_order=order), n=50, count=5)
    steps(f"n-50-order-{order}-tail", dict(SD, solver_order=order), n=50, begin_index=45)
for spacing in SPACINGS:
    for n in (999, 1000):
        if (spacing, n) != ("leading", 1000):  # 1000 // 1001 is 0: every timestep is 0, an error below
            steps(f"n-{n}-{spacing}-head", dict(SD, timestep_spacing=spacing), n=n, count=4)
            steps(f"n-{n}-{spacing}-tail", dict(SD, timestep_spacing=spacing), n=n, begin_index=n - 4)
    steps(f"n-999-{spacing}-order-3-tail", dict(SD, timestep_spacing=spacing, solver_order=3), n=999, begin_index=995)
for algorithm in ("dpmsolver++", "sde-dpmsolver++"):  # h is small: the third-order coefficient cancels in float32
    for n in (200, 999):
        config = dict(SD, algorithm_type=algorithm, solver_order=3)
        steps(dashed("n", n, algorithm, "order-3-middle"), config, n=n, begin_index=n // 2, count=5)
for n in (61, 103):  # numpy's arange overshoots: a further timestep, -1, whose sigma is interpolated as at 0
    for final in ("zero", "sigma_min"):
        steps(
            dashed("trailing-overshoot", n, final),
            dict(SD, timestep_spacing="trailing", final_sigmas_type=final),
            n=n,
            begin_index=n - 3,
        )
    steps(
        f"trailing-overshoot-{n}-karras",
        dict(SD, timestep_spacing="trailing", use_karras_sigmas=True),
        n=n,
        begin_index=n - 3,
    )
steps("n-over-train", dict(num_train_timesteps=20, use_karras_sigmas=True), n=40, begin_index=0, count=4)
