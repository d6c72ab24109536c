"""Golden cases of DPMSolverSinglestepScheduler: algorithm x order x solver x prediction, every sigma option with every final
sigma, and the lists of orders for every rest of a division into cycles. How it is called and how it fails is in
dpmsolver_singlestep_calls.py."""

import torch
from diffusers import DPMSolverSinglestepScheduler

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


recipe = Recipe(DPMSolverSinglestepScheduler, level, outputs=outputs)
steps = recipe.steps
SD = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
SHORT = [0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4]
COSINE = dict(beta_schedule="squaredcos_cap_v2")
SIGMA_MIN = dict(final_sigmas_type="sigma_min")
SDE = dict(algorithm_type="sde-dpmsolver++")
FLOW = dict(use_flow_sigmas=True, prediction_type="flow_prediction")
RESPACINGS = {
    "karras": "use_karras_sigmas",
    "exponential": "use_exponential_sigmas",
    "beta": "use_beta_sigmas",
    "flow": "use_flow_sigmas",
}
ALGORITHMS = ("dpmsolver++", "sde-dpmsolver++", "dpmsolver")
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
for order in (1, 3):
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
steps("algorithm-dpmsolver", dict(SIGMA_MIN, algorithm_type="dpmsolver"), n=5)
steps("algorithm-deis", dict(SIGMA_MIN, algorithm_type="deis"), n=5)
for solver in ("heun", "logrho", "bh1", "bh2"):
    steps(dashed("solver-type", solver), dict(solver_type=solver), n=6)
steps("lower-order-final", dict(lower_order_final=True), n=6)
for name, key in RESPACINGS.items():
    steps(name, {key: True}, n=5)
steps("flow-shift-without-flow", dict(flow_shift=3.0), n=3)
steps("final-sigma-min", SIGMA_MIN, n=6)
steps("lambda-min-clipped", dict(lambda_min_clipped=-5.1), n=5)
steps("lambda-min-clipped-strongly", dict(lambda_min_clipped=-1.0), n=5)
for variance in ("learned", "learned_range"):
    steps(dashed("variance", variance), dict(SD, variance_type=variance), n=4)
steps("dynamic-shifting-without-mu", dict(use_dynamic_shifting=True), n=4)
steps("time-shift-type-linear-without-mu", dict(time_shift_type="linear"), n=3)

# ---- algorithm x order x solver x prediction ----
for algorithm in ALGORITHMS:
    final = SIGMA_MIN if algorithm == "dpmsolver" else {}
    for order in (1, 2, 3):
        for solver in ("midpoint", "heun"):
            if order == 1 and solver == "heun":
                continue
            config = dict(SD, **final, algorithm_type=algorithm, solver_order=order, solver_type=solver)
            for prediction in PREDICTIONS:
                steps(dashed(algorithm, order, solver, prediction), dict(config, prediction_type=prediction), n=7)
            if not final:
                steps(dashed(algorithm, order, solver, "whole-cycles"), dict(config, **SIGMA_MIN), n=6)
                steps(dashed(algorithm, order, solver, "flow"), dict(config, **FLOW), n=6)
            steps(dashed(algorithm, order, solver, "karras"), dict(config, use_karras_sigmas=True), n=8)
            steps(dashed(algorithm, order, solver, "n-50-tail"), config, n=50, begin_index=43)
        if algorithm != "dpmsolver":
            threshold = dict(solver_type="midpoint", thresholding=True, sample_max_value=1.5)
            steps(dashed(algorithm, order, "thresholding"), dict(config, **threshold), n=5)

# ---- the lists of orders: every rest, both ends, lowered or not ----
for order in (1, 2, 3):
    for n in (1, 2, 3, 4, 5, 6, 7, 8):
        for final in ("zero", "sigma_min"):
            for lower in (False, True):
                steps(
                    dashed("orders", order, "n", n, final, "lower" if lower else "auto"),
                    dict(SD, solver_order=order, final_sigmas_type=final, lower_order_final=lower),
                    n=n,
                )
# Upstream switches lower_order_final on in the config, where it stays.
steps("lowered-stays", SIGMA_MIN, n=6, earlier=[dict(request=dict(num_inference_steps=5))])
steps("lowered-not", SIGMA_MIN, n=6, earlier=[dict(request=dict(num_inference_steps=4), stepped=2)])

# ---- sigma option x final sigma ----
for name, key in {"plain": None, **RESPACINGS}.items():
    for final in ("zero", "sigma_min"):
        config = {**SD, "final_sigmas_type": final, **({key: True} if key else {})}
        steps(dashed(name, final), config, n=7)
    if key:
        for n in (1, 2, 3):
            steps(f"{name}-n-{n}", {**SD, key: True}, n=n)
        steps(f"{name}-cosine", {**COSINE, key: True}, n=5, begin_index=0)
        steps(f"{name}-default-betas-20", {key: True}, n=20, count=4)
        steps(f"{name}-sde", {**SD, **SDE, key: True}, n=6)
        steps(f"{name}-order-3", {**SD, key: True, "solver_order": 3}, n=8)
for bound in (-5.1, -2.0):
    steps(dashed("cosine-lambda", -bound), dict(COSINE, lambda_min_clipped=bound), n=5)
for n, twice in ((100, 97), (500, 437)):  # integer timesteps of which some occur twice; the lookup takes the second
    steps(f"karras-n-{n}", dict(use_karras_sigmas=True), n=n, count=3)
    steps(f"karras-n-{n}-duplicate-by-timestep", dict(use_karras_sigmas=True), n=n, first=twice, count=2)
    steps(f"karras-n-{n}-duplicate-by-index", dict(use_karras_sigmas=True), n=n, begin_index=twice, count=3)
    steps(f"karras-n-{n}-tail", dict(use_karras_sigmas=True), n=n, begin_index=n - 4)

# ---- flow sigmas and shifts ----
for shift in (0.5, 3.0, 7.0):
    steps(dashed("flow-shift", shift), dict(FLOW, flow_shift=shift), n=6)
for prediction in PREDICTIONS:
    steps(dashed("flow", prediction), dict(use_flow_sigmas=True, prediction_type=prediction), n=5)
steps("flow-n-20", dict(FLOW, flow_shift=3.0, solver_order=3), n=20, count=5)
steps("flow-num-train-timesteps-500", dict(FLOW, num_train_timesteps=500), n=5)
for mu in (0.5, 1.15):
    steps(dashed("flow-mu", mu), dict(FLOW, use_dynamic_shifting=True), n=6, request=dict(mu=mu))
steps("mu-without-flow", dict(SD, use_dynamic_shifting=True), n=4, request=dict(mu=0.7))
# Upstream writes exp(mu) into the config object, so that a later call without mu uses it again. Switching
# lower_order_final on makes that object anew, and mu is lost.
EARLIER = dict(request=dict(num_inference_steps=6, mu=1.0), stepped=1)
for lower in (False, True):
    config = dict(FLOW, use_dynamic_shifting=True, lower_order_final=lower)
    steps(f"flow-mu-{'remembered' if lower else 'lost'}", config, n=4, earlier=[EARLIER])
steps("flow-mu-remembered-the-second", dict(FLOW, use_dynamic_shifting=True), n=4, earlier=[EARLIER, EARLIER])
steps("flow-mu-remembered-whole", dict(FLOW, **SIGMA_MIN, use_dynamic_shifting=True), n=4, earlier=[EARLIER])
steps(
    "flow-mu-replaced",
    dict(FLOW, use_dynamic_shifting=True),
    n=4,
    request=dict(mu=0.2),
    earlier=[dict(request=dict(num_inference_steps=6, mu=1.0))],
)

# ---- custom timesteps ----
AYS = [999, 850, 736, 645, 545, 455, 343, 233, 124, 24]
for order in (1, 2, 3):
    steps(f"timesteps-order-{order}", dict(SD, solver_order=order), request=dict(timesteps=AYS))
steps("timesteps-fractions-are-cut", SD, request=dict(timesteps=[950.9, 400.5, 10.1]))
steps("timesteps-to-zero-sigma-min", dict(SD, **SIGMA_MIN), request=dict(timesteps=[999, 500, 1]))
steps("timesteps-whole-cycles", dict(SD, **SIGMA_MIN), request=dict(timesteps=[999, 500, 200, 30]))
steps("timesteps-one", SD, request=dict(timesteps=[700]))
steps("timesteps-with-flow-only-count", FLOW, request=dict(timesteps=[999, 500, 100]))

# ---- step counts ----
steps("n-13", SD, n=13, count=5)
for order in (2, 3):
    steps(f"n-20-order-{order}-all", dict(SD, solver_order=order), n=20, count=20)
steps("n-20-sde-all", dict(SD, **SDE), n=20, count=20)
for order in (1, 2, 3):
    steps(f"n-50-order-{order}", dict(SD, solver_order=order), n=50, count=6)
    for n in (999, 1000):
        steps(f"n-{n}-order-{order}-head", dict(SD, solver_order=order), n=n, count=5)
        steps(f"n-{n}-order-{order}-tail", dict(SD, solver_order=order), n=n, begin_index=n - 5)
for algorithm in ALGORITHMS:  # h is small: the third-order coefficients cancel in float32
    final = SIGMA_MIN if algorithm == "dpmsolver" else {}
    for n in (200, 999):
        config = dict(SD, **final, algorithm_type=algorithm, solver_order=3, solver_type="heun")
        steps(dashed("n", n, algorithm, "order-3-middle"), config, n=n, begin_index=n // 2, count=6)
steps("n-over-train", dict(num_train_timesteps=20, use_karras_sigmas=True), n=40, begin_index=0, count=4)
