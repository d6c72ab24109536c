"""Golden cases of EDMDPMSolverMultistepScheduler: those of both EDM schedulers, algorithms, orders and solver types, the rules at the
end of a run, thresholding, and each way to fail."""

from diffusers import EDMDPMSolverMultistepScheduler

from common import dashed
from edm import COSXL, SIGMA_MIN, V, EDMRecipe, common, round_powers

round_powers(EDMDPMSolverMultistepScheduler)
recipe = EDMRecipe(EDMDPMSolverMultistepScheduler)
steps, error = recipe.steps, recipe.error
common(recipe)
SDE = dict(algorithm_type="sde-dpmsolver++")
THRESHOLDING = dict(thresholding=True)

# ---- keys of its own, alone ----
for order in (1, 3):
    steps(dashed("order", order), dict(solver_order=order), n=6)
steps("sde", SDE, n=5)
for solver in ("heun", "logrho", "bh1", "bh2"):
    steps(dashed("solver-type", solver), dict(solver_type=solver), n=5)
steps("deis-final-sigma-min", dict(algorithm_type="deis", **SIGMA_MIN), n=4)
steps("lower-order-final-off", dict(lower_order_final=False), n=5)
steps("euler-at-final", dict(euler_at_final=True), n=5)
steps("thresholding", THRESHOLDING, n=4)
for ratio in (0.5, 1.0):
    steps(dashed("thresholding-ratio", ratio), dict(THRESHOLDING, dynamic_thresholding_ratio=ratio, sample_max_value=10.0), n=3)
for top in (1.5, 0.8):
    steps(dashed("thresholding-max", top), dict(THRESHOLDING, sample_max_value=top), n=3)

# ---- algorithm x order x solver x schedule x prediction ----
for algorithm in ("dpmsolver++", "sde-dpmsolver++"):
    for order in (1, 2, 3):
        for solver in ("midpoint", "heun") if order == 2 else ("midpoint",):
            if (algorithm, order) == ("sde-dpmsolver++", 3):
                continue  # an error below
            config = dict(algorithm_type=algorithm, solver_order=order, solver_type=solver)
            steps(dashed(algorithm, order, solver, "cosxl"), dict(COSXL, **config), n=6)
            steps(dashed(algorithm, order, solver, "sigma-min"), dict(SIGMA_MIN, **config), n=6)
            steps(dashed(algorithm, order, solver, "n-16-tail"), config, n=16, begin_index=11)
            steps(dashed(algorithm, order, solver, "thresholding"), dict(THRESHOLDING, sample_max_value=1.5, **config), n=4)
steps("order-3-heun", dict(solver_order=3, solver_type="heun"), n=6)
steps("order-4", dict(solver_order=4), n=7)
steps("sde-order-3-few-steps", dict(SDE, solver_order=3), n=4)
steps("thresholding-v", dict(THRESHOLDING, **V), n=3)

# ---- the order rules at the end: 15 steps is the border ----
for n in (14, 15):
    for order in (2, 3):
        for final in ("zero", "sigma_min") if (n, order) != (15, 3) else ("zero",):
            steps(dashed("n", n, "order", order, final, "end"), dict(solver_order=order, final_sigmas_type=final), n=n, begin_index=n - 5)
for order in (2, 3):
    steps(dashed("order", order, "sigma-min-off"), dict(SIGMA_MIN, solver_order=order, lower_order_final=False), n=6, count=5)
    steps(dashed("order", order, "euler-n-16"), dict(SIGMA_MIN, solver_order=order, euler_at_final=True), n=16, begin_index=11)
    steps(dashed("order", order, "zero-off"), dict(solver_order=order, lower_order_final=False), n=6)

# ---- where a run starts: a foreign timestep is the last one ----
steps("timestep-foreign-is-the-last", n=5, times=[0.123])
steps("begin-index-overrides-timestep", n=5, begin_index=2, times=[1.0, 1.0])
steps("sde-begin-index", SDE, n=6, begin_index=3)
steps("sde-generator", SDE, n=3, options=dict(generator=True))
steps("sde-float16", SDE, n=4, dtype="float16")
steps("order-3-n-50", dict(solver_order=3), n=50, begin_index=20, count=5)
steps("order-3-n-999", dict(solver_order=3), n=999, begin_index=500, count=4)
steps("set-timesteps-forgets-history", n=5, earlier=[dict(request=dict(num_inference_steps=5), stepped=3)])
recipe.add_noise("add-noise-foreign-timestep-is-the-last", n=5, timesteps=[0.123])

# ---- failures ----
error("without-set-timesteps", "step", "TIMESTEPS_NOT_SET", request=None, count=1)
error("final-sigmas-type-unknown", "set_timesteps", "CONFIG_INVALID", dict(final_sigmas_type="one"), n=2)
error("algorithm-unknown", "constructor", "CONFIG_INVALID", dict(algorithm_type="dpmsolver", **SIGMA_MIN), n=2)
error("solver-type-unknown", "constructor", "CONFIG_INVALID", dict(solver_type="euler"), n=2)
error("deis-final-zero", "constructor", "CONFIG_CONFLICT", dict(algorithm_type="deis"), n=2)
error("order-zero", "step", "CONFIG_INVALID", dict(solver_order=0), n=2)
error("sde-order-3", "step", "CONFIG_CONFLICT", dict(SDE, solver_order=3), n=6)
error("sde-order-3-n-16", "step", "CONFIG_CONFLICT", dict(SDE, solver_order=3), n=16)
error("thresholding-2d", "step", "SHAPE_MISMATCH", THRESHOLDING, n=2, shape=[3, 5])
# sigma_min is repeated, so that the last step has no length: 0 / 0 but for midpoint
HEUN = dict(SIGMA_MIN, solver_type="heun", lower_order_final=False)
steps("sigma-min-midpoint-last", dict(SIGMA_MIN, lower_order_final=False), n=5, begin_index=2)
error("sigma-min-heun-last", "step", "NUMERIC", HEUN, n=5, begin_index=3)
error("sigma-min-order-3-last", "step", "NUMERIC", dict(SIGMA_MIN, solver_order=3), n=15, begin_index=10)
error("karras-to-zero", "step", "NUMERIC", dict(sigma_min=0.0), n=3, begin_index=2)
