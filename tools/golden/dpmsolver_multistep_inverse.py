"""Golden cases of DPMSolverMultistepInverseScheduler: algorithm x order x solver x prediction, every sigma option with every
spacing, the order rules, noising, and each way to fail. It has no begin index."""

import torch
from diffusers import DPMSolverMultistepInverseScheduler

from common import Recipe, dashed
from tape import model_output, normal


def level(scheduler, t):
    """(alpha, sigma) at the index that step will use."""
    index = scheduler.step_index
    if index is None:
        found = (scheduler.timesteps == t).nonzero().flatten().tolist()
        index = found[min(1, len(found) - 1)] if found else len(scheduler.timesteps) - 1
    return scheduler._sigma_to_alpha_sigma_t(scheduler.sigmas[index])


def outputs(recipe, case, i, sample, alpha, sigma):
    """A model with learned variances has twice the channels; the scheduler keeps the first three."""
    mean = model_output(recipe, case, i, sample, alpha, sigma)
    return torch.cat([mean, normal(case, f"variance.{i}")], dim=1) if "variance_type" in case["config"] else mean


def variance_noise(case, i):
    return normal(case, f"variance_noise.{i}")


recipe = Recipe(DPMSolverMultistepInverseScheduler, level, outputs=outputs)
steps, add_noise, error = recipe.steps, recipe.add_noise, recipe.error
SD = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
SHORT = [0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4]
COSINE = dict(beta_schedule="squaredcos_cap_v2")
SDE = dict(algorithm_type="sde-dpmsolver++")
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
for order in (1, 3, 4):  # an order above 3 runs the third-order formulas
    steps(f"solver-order-{order}", dict(solver_order=order), n=7)
for prediction in ("sample", "v_prediction"):
    steps(dashed("prediction", prediction), dict(prediction_type=prediction), n=5)
steps("prediction-flow-without-flow-sigmas", dict(SD, prediction_type="flow_prediction"), n=5)
steps("thresholding", dict(thresholding=True), n=5)
steps("thresholding-ratio", dict(thresholding=True, dynamic_thresholding_ratio=0.5, sample_max_value=10.0), n=4)
for top in (1.5, 100.0, 0.8):
    steps(dashed("thresholding-max", top), dict(thresholding=True, sample_max_value=top), n=4)
for algorithm in ("dpmsolver", "deis"):
    steps(dashed("algorithm", algorithm), dict(algorithm_type=algorithm), n=5)
for solver in ("heun", "logrho", "bh1", "bh2"):
    steps(dashed("solver-type", solver), dict(solver_type=solver), n=5)
steps("lower-order-final-off", dict(lower_order_final=False), n=6)
steps("euler-at-final", dict(euler_at_final=True, lower_order_final=False), n=6)
for name, key in RESPACINGS.items():
    steps(name, {key: True}, n=5)
steps("flow-shift-without-flow", dict(flow_shift=3.0), n=3)
for bound in (-5.1, -1.0):
    steps(dashed("lambda-min-clipped", -bound), dict(lambda_min_clipped=bound), n=5)
for variance in ("learned", "learned_range"):
    steps(dashed("variance", variance), dict(SD, variance_type=variance), n=4)
steps("spacing-leading", dict(timestep_spacing="leading"), n=5)
steps("spacing-trailing", dict(timestep_spacing="trailing"), n=5)
steps("steps-offset-1", dict(steps_offset=1), n=4)

# ---- algorithm x order x solver x prediction; the sde types need falling sigmas, which only flow has ----
for algorithm in ("dpmsolver++", "dpmsolver"):
    for order in (1, 2, 3):
        for solver in ("midpoint", "heun"):
            if order != 2 and solver == "heun":
                continue
            config = dict(SD, algorithm_type=algorithm, solver_order=order, solver_type=solver)
            for prediction in PREDICTIONS:
                steps(dashed(algorithm, order, solver, prediction), dict(config, prediction_type=prediction), n=6)
            steps(dashed(algorithm, order, solver, "n-16"), config, n=16)
            steps(dashed(algorithm, order, solver, "thresholding"), dict(config, thresholding=True), n=4)
        steps(dashed(algorithm, order, "karras"), dict(config, use_karras_sigmas=True), n=8)
for algorithm in ("sde-dpmsolver++", "sde-dpmsolver"):
    for order in (1, 2):
        for solver in ("midpoint", "heun"):
            config = dict(use_flow_sigmas=True, algorithm_type=algorithm, solver_order=order, solver_type=solver)
            steps(dashed(algorithm, order, solver, "flow"), config, n=6)
    noise = dict(options=dict(variance_noise="variance_noise"), tape=variance_noise)
    steps(dashed(algorithm, "variance-noise"), dict(use_flow_sigmas=True, algorithm_type=algorithm), n=4, **noise)
for order in (1, 2, 3):
    steps(f"order-{order}-flow", dict(FLOW, solver_order=order), n=6)

# ---- spacing x sigma option ----
for spacing in SPACINGS:
    for name, key in {"plain": None, **RESPACINGS}.items():
        config = {**SD, "timestep_spacing": spacing, **({key: True} if key else {})}
        steps(dashed(spacing, name), config, n=7, count=7 if spacing == "linspace" else 3)
    steps(f"{spacing}-offset-1", dict(SD, timestep_spacing=spacing, steps_offset=1), n=5, count=3)
    steps(f"{spacing}-last-steps", dict(SD, timestep_spacing=spacing), n=20, first=16)
    config = dict(COSINE, timestep_spacing=spacing, lambda_min_clipped=-5.1)
    steps(f"{spacing}-cosine-lambda", config, n=5)
for name, key in RESPACINGS.items():
    for n in (1, 2, 3, 10):
        steps(f"{name}-n-{n}", {**SD, key: True}, n=n)
    steps(f"{name}-cosine", {**COSINE, key: True}, n=5, count=3)
    steps(f"{name}-default-betas-20", {key: True}, n=20, count=4)
    steps(f"{name}-order-3", {**SD, key: True, "solver_order": 3}, n=8)
for shift in (0.5, 3.0):
    steps(dashed("flow-shift", shift), dict(FLOW, flow_shift=shift), n=6)
for prediction in PREDICTIONS:
    steps(dashed("flow", prediction), dict(use_flow_sigmas=True, prediction_type=prediction), n=5)

# ---- step counts; repeated timesteps are left out, but not their sigmas ----
for n in (14, 15):
    for order in (2, 3):
        steps(f"n-{n}-order-{order}-end", dict(SD, solver_order=order), n=n, first=n - 6)
for n in (1, 2, 3):
    for spacing in SPACINGS:
        steps(f"n-{n}-{spacing}", dict(SD, timestep_spacing=spacing), n=n)
steps("n-20-all", SD, n=20, count=20)
for order in (2, 3):
    steps(f"n-50-order-{order}", dict(SD, solver_order=order), n=50, count=5)
    steps(f"n-50-order-{order}-tail", dict(SD, solver_order=order), n=50, first=45)
for spacing in SPACINGS:
    steps(f"n-999-{spacing}-head", dict(SD, timestep_spacing=spacing), n=999, count=4)
    steps(f"n-999-{spacing}-tail", dict(SD, timestep_spacing=spacing), n=999, first=995)
steps("n-1000-linspace", SD, n=1000, count=4)
for name in ("karras", "exponential", "beta"):
    for n in (100, 500, 999):
        steps(f"{name}-n-{n}", {RESPACINGS[name]: True}, n=n, first=n // 4, count=4)
steps("n-999-order-3-middle", dict(SD, solver_order=3), n=999, first=500, count=5)  # h is small
steps("trailing-overshoot-61", dict(SD, timestep_spacing="trailing"), n=61, first=2, count=3)

# ---- where a run starts, shapes and dtypes, noising ----
steps("img2img-by-timestep", SD, n=10, first=6)
steps("timestep-only-matters-once", SD, n=5, times=[0, 999, 999])
steps("timestep-foreign-means-the-last", SD, n=5, times=[123])
steps("set-timesteps-twice", SD, n=5, earlier=[dict(request=dict(num_inference_steps=9), stepped=3)])
for name, shape in (("1x4x8x8", [1, 4, 8, 8]), ("2d", [3, 5]), ("5d", [2, 4, 3, 5, 5]), ("1d", [7])):
    steps(f"shape-{name}", SD, n=3, shape=shape)
for name, config in (
    ("epsilon", SD),
    ("v-karras", dict(SD, prediction_type="v_prediction", use_karras_sigmas=True)),
    ("order-3", dict(SD, solver_order=3)),
    ("flow", FLOW),
    ("dpmsolver", dict(SD, algorithm_type="dpmsolver")),
):
    steps(f"float16-{name}", config, n=5, dtype="float16")
add_noise("add-noise-before-set-timesteps", SD, rows=[0, 500, 999])
add_noise("add-noise-fresh", SD, n=10, rows=[0, 3, 9])
add_noise("add-noise-karras", dict(SD, use_karras_sigmas=True), n=10, rows=[2, 7])
add_noise("add-noise-flow", FLOW, n=10, rows=[0, 7])
add_noise("add-noise-after-steps", SD, n=10, stepped=3, rows=[0, 9])
add_noise("add-noise-foreign-means-the-last", SD, n=10, timesteps=[123, 5])
add_noise("add-noise-float16", SD, n=10, rows=[0, 9], dtype="float16")

# ---- failures ----
error("beta-schedule-unknown", "constructor", "CONFIG_INVALID", dict(beta_schedule="cosine"))
for first, second in (("karras", "exponential"), ("karras", "beta"), ("exponential", "beta")):
    error(
        f"{first}-and-{second}", "constructor", "CONFIG_CONFLICT", {RESPACINGS[first]: True, RESPACINGS[second]: True}
    )
error("algorithm-unknown", "constructor", "CONFIG_INVALID", dict(algorithm_type="data_prediction"))
error("solver-type-unknown", "constructor", "CONFIG_INVALID", dict(solver_type="rk4"))
error("request-empty", "set_timesteps", "REQUEST_INVALID", request={})
error("timesteps-not-accepted", "set_timesteps", "REQUEST_INVALID", request=dict(timesteps=[0, 500]))
error("spacing-unknown", "set_timesteps", "CONFIG_INVALID", dict(timestep_spacing="karras"), n=5)
error("n-zero-trailing", "set_timesteps", "REQUEST_INVALID", dict(timestep_spacing="trailing"), n=0)
error("step-without-set-timesteps", "step", "TIMESTEPS_NOT_SET", request=None)
error("solver-order-zero", "step", "CONFIG_INVALID", dict(solver_order=0), n=5)
error("prediction-type-unknown", "step", "CONFIG_INVALID", dict(prediction_type="noise"), n=5)
NOISE = dict(algorithm_type="dpmsolver")
error("dpmsolver-flow-prediction", "step", "CONFIG_CONFLICT", dict(NOISE, prediction_type="flow_prediction"), n=5)
for algorithm in ("sde-dpmsolver++", "sde-dpmsolver"):
    config = dict(SD, algorithm_type=algorithm)
    error(dashed(algorithm, "rising"), "step", "NUMERIC", config, n=5)  # the root of a negative variance
    config = dict(use_flow_sigmas=True, algorithm_type=algorithm, solver_order=3)
    error(dashed(algorithm, "order-3"), "step", "CONFIG_CONFLICT", config, n=6)
error("past-the-end", "step", "RUN_EXHAUSTED", SD, n=3, times=[0, 333, 666, 666])
error("timestep-foreign-then-exhausted", "step", "RUN_EXHAUSTED", SD, n=5, times=[123, 123])
error("learned-four-channels", "step", "SHAPE_MISMATCH", dict(SD, variance_type="learned"), n=3, shape=[2, 4, 3, 3])
error("thresholding-2d", "step", "SHAPE_MISMATCH", dict(thresholding=True), n=3, shape=[3, 5])
for name in ("karras", "flow"):  # the last sigma repeats: h is 0
    config = {**SD, RESPACINGS[name]: True, "lower_order_final": False, "solver_type": "heun"}
    error(f"{name}-heun-not-lowered", "step", "NUMERIC", config, n=4)
