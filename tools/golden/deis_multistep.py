"""Golden cases of DEISMultistepScheduler: order x prediction, every sigma option with every spacing, the order rules at the
end, step counts. How it is called and how it fails is in deis_multistep_calls.py."""

from diffusers import DEISMultistepScheduler

from common import Recipe, dashed


def level(scheduler, t):
    """(alpha, sigma) at the index that step will use."""
    index = scheduler.step_index
    if index is None:
        index = scheduler.index_for_timestep(t) if scheduler.begin_index is None else scheduler.begin_index
    return scheduler._sigma_to_alpha_sigma_t(scheduler.sigmas[index])


recipe = Recipe(DEISMultistepScheduler, level)
steps = recipe.steps
SD = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
SHORT = [0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4]
COSINE = dict(beta_schedule="squaredcos_cap_v2")
FLOW = dict(use_flow_sigmas=True, prediction_type="flow_prediction")
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
for algorithm in ("dpmsolver", "dpmsolver++"):
    steps(dashed("algorithm", algorithm), dict(algorithm_type=algorithm), n=5)
for solver in ("midpoint", "heun", "bh1", "bh2"):
    steps(dashed("solver-type", solver), dict(solver_type=solver), n=5)
steps("lower-order-final-off", dict(lower_order_final=False), n=6)
for name, key in RESPACINGS.items():
    steps(name, {key: True}, n=5)
steps("flow-shift-without-flow", dict(flow_shift=3.0), n=3)
steps("spacing-leading", dict(timestep_spacing="leading"), n=5)
steps("spacing-trailing", dict(timestep_spacing="trailing"), n=5)
steps("steps-offset-1", dict(steps_offset=1), n=4)
steps("dynamic-shifting-without-mu", dict(use_dynamic_shifting=True), n=4)
steps("time-shift-type-linear-without-mu", dict(time_shift_type="linear"), n=3)

# ---- order x prediction ----
for order in (1, 2, 3):
    config = dict(SD, solver_order=order)
    for prediction in PREDICTIONS:
        steps(dashed("order", order, prediction), dict(config, prediction_type=prediction), n=6)
        threshold = dict(thresholding=True, sample_max_value=1.5, prediction_type=prediction)
        steps(dashed("order", order, "thresholding", prediction), dict(config, **threshold), n=4)
        steps(
            dashed("order", order, "flow", prediction),
            dict(config, use_flow_sigmas=True, prediction_type=prediction),
            n=5,
        )
    steps(f"order-{order}-flow", dict(config, **FLOW), n=6)
    steps(f"order-{order}-flow-thresholding", dict(config, **FLOW, thresholding=True, sample_max_value=2.0), n=4)
    steps(f"order-{order}-n-16", config, n=16, begin_index=10)
    steps(f"order-{order}-lower-order-final-off", dict(config, lower_order_final=False), n=7)
    steps(f"order-{order}-karras", dict(config, use_karras_sigmas=True), n=8)
    steps(f"order-{order}-karras-n-50", dict(config, use_karras_sigmas=True), n=50, count=6)
    steps(f"order-{order}-karras-n-50-tail", dict(config, use_karras_sigmas=True), n=50, begin_index=44)

# ---- spacing x sigma option ----
for spacing in SPACINGS:
    for name, key in {"plain": None, **RESPACINGS}.items():
        config = {**SD, "timestep_spacing": spacing, **({key: True} if key else {})}
        steps(dashed(spacing, name), config, n=7, count=7 if spacing == "linspace" else 3)
    steps(f"{spacing}-offset-1", dict(SD, timestep_spacing=spacing, steps_offset=1), n=5, count=3)
    steps(f"{spacing}-last-steps", dict(SD, timestep_spacing=spacing), n=20, begin_index=16)
    steps(f"{spacing}-cosine", dict(COSINE, timestep_spacing=spacing), n=5)
for name, key in RESPACINGS.items():
    for n in (1, 2, 3, 5, 10):
        steps(f"{name}-n-{n}", {**SD, key: True}, n=n)
    steps(f"{name}-cosine", {**COSINE, key: True}, n=5, begin_index=0)
    steps(f"{name}-default-betas-20", {key: True}, n=20, count=4)
    steps(f"{name}-order-3", {**SD, key: True, "solver_order": 3}, n=8)
    # The last sigma repeats: h is 0 at the last step, at which nothing moves.
    for order in (2, 3):
        config = {**SD, key: True, "solver_order": order}
        steps(f"{name}-order-{order}-n-16-end", config, n=16, begin_index=11)
        steps(f"{name}-order-{order}-not-lowered", dict(config, lower_order_final=False), n=5)
for n, twice in ((100, 97), (500, 437)):  # integer timesteps of which some occur twice; the lookup takes the second
    steps(f"karras-n-{n}", dict(use_karras_sigmas=True), n=n, count=3)
    steps(f"karras-n-{n}-duplicate-by-timestep", dict(use_karras_sigmas=True), n=n, first=twice, count=2)
    steps(f"karras-n-{n}-duplicate-by-index", dict(use_karras_sigmas=True), n=n, begin_index=twice, count=3)
    steps(f"karras-n-{n}-tail", dict(use_karras_sigmas=True), n=n, begin_index=n - 4)

# ---- flow sigmas and shifts ----
for shift in (0.5, 3.0, 7.0):
    steps(dashed("flow-shift", shift), dict(FLOW, flow_shift=shift), n=6)
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
        steps(f"n-{n}-order-{order}-end", dict(SD, solver_order=order), n=n, begin_index=n - 6)

# ---- step counts ----
for n in (1, 2, 3):
    for spacing in SPACINGS:
        steps(f"n-{n}-{spacing}", dict(SD, timestep_spacing=spacing), n=n)
    steps(f"n-{n}-order-3", dict(SD, solver_order=3), n=n)
steps("n-13", SD, n=13, count=4)
steps("n-20-all", SD, n=20, count=20)
steps("n-20-order-3-all", dict(SD, solver_order=3), n=20, count=20)
for order in (2, 3):
    steps(f"n-50-order-{order}", dict(SD, solver_order=order), n=50, count=5)
    steps(f"n-50-order-{order}-tail", dict(SD, solver_order=order), n=50, begin_index=45)
for spacing in SPACINGS:
    for n in (999, 1000):
        if (spacing, n) != ("leading", 1000):  # 1000 // 1001 is 0: every timestep is 0, an error of order 2
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
for n in (200, 999):  # h is small: the coefficients cancel in float32
    for order in (2, 3):
        steps(f"n-{n}-order-{order}-middle", dict(SD, solver_order=order), n=n, begin_index=n // 2, count=5)
for n in (61, 103):  # numpy's arange overshoots: a further timestep, -1, whose sigma is interpolated as at 0
    for name, config in (("plain", {}), ("karras", dict(use_karras_sigmas=True))):
        steps(
            f"trailing-overshoot-{n}-{name}",
            dict(SD, timestep_spacing="trailing", **config),
            n=n,
            begin_index=n - 3,
        )
steps("n-over-train", dict(num_train_timesteps=20, use_karras_sigmas=True), n=40, begin_index=0, count=4)
