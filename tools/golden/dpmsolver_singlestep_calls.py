"""Golden cases of how DPMSolverSinglestepScheduler is called: where a run starts, shapes and dtypes, noising, and each way
to fail."""

from common import dashed
from dpmsolver_singlestep import FLOW, RESPACINGS, SD, SDE, SHORT, SIGMA_MIN, recipe

steps, add_noise, error = recipe.steps, recipe.add_noise, recipe.error

# ---- where a run starts, and what is called twice: inside a cycle the orders climb from 1 ----
for begin in (1, 2, 3, 4, 5):
    for order in (2, 3):
        steps(f"begin-index-{begin}-order-{order}", dict(SD, solver_order=order), n=10, begin_index=begin)
steps("begin-index-2-sde", dict(SD, **SDE, solver_order=3), n=10, begin_index=2)
steps("img2img-by-timestep", SD, n=10, first=6)
steps("img2img-by-timestep-inside-a-cycle", SD, n=10, first=5)
steps("begin-index-overrides-timestep", SD, n=10, begin_index=2, times=[999, 999])
steps("timestep-only-matters-once", SD, n=5, times=[999, 0, 0])
steps("timestep-foreign-means-the-last", SD, n=5, times=[123])
steps("timestep-from-the-full-table", SD, n=5, times=[998])
steps("set-timesteps-twice", SD, n=5, earlier=[dict(request=dict(num_inference_steps=9), stepped=3)])
steps(
    "set-timesteps-clears-begin-index",
    SD,
    n=5,
    count=3,
    earlier=[dict(request=dict(num_inference_steps=9), begin_index=4)],
)

# ---- shapes and dtypes ----
for name, shape in (
    ("1x4x8x8", [1, 4, 8, 8]),
    ("2d", [3, 5]),
    ("3d", [1, 16, 7]),
    ("5d", [2, 4, 3, 5, 5]),
    ("1d", [7]),
):
    steps(f"shape-{name}", dict(SD, **SDE), n=3, shape=shape)
for name, config in (
    ("epsilon", SD),
    ("v-karras", dict(SD, prediction_type="v_prediction", use_karras_sigmas=True)),
    ("sde", dict(SD, **SDE)),
    ("order-3", dict(SD, solver_order=3)),
    ("flow", dict(FLOW, flow_shift=3.0)),
    ("dpmsolver", dict(SD, **SIGMA_MIN, algorithm_type="dpmsolver")),
    ("thresholding", dict(thresholding=True, sample_max_value=2.0)),
):
    steps(f"float16-{name}", config, n=5, dtype="float16")

# ---- add_noise in every index state ----
add_noise(
    "add-noise-before-set-timesteps", SD, rows=[0, 500, 999]
)  # sigmas still ascend there: row 0 gets the smallest
add_noise("add-noise-fresh", SD, n=10, rows=[0, 3, 9])
add_noise("add-noise-karras", dict(SD, use_karras_sigmas=True), n=10, rows=[2, 7])
add_noise("add-noise-flow", dict(FLOW, flow_shift=3.0), n=10, rows=[0, 7])
add_noise("add-noise-begin-index", SD, n=10, begin_index=4, rows=[0, 9])
add_noise("add-noise-begin-index-after-steps", SD, n=10, begin_index=4, stepped=3, rows=[0, 9])
add_noise("add-noise-after-steps", SD, n=10, stepped=3, rows=[0, 9])
add_noise("add-noise-foreign-means-the-last", SD, n=10, timesteps=[123, 5])
add_noise("add-noise-float16", SD, n=10, rows=[0, 9], dtype="float16")
add_noise("add-noise-float16-flow", FLOW, n=10, rows=[0, 9], dtype="float16")
add_noise("add-noise-5d", SD, n=10, rows=[1, 8], shape=[2, 4, 3, 5, 5])

# ---- failures ----
error("beta-schedule-unknown", "constructor", "CONFIG_INVALID", dict(beta_schedule="cosine"))
for first, second in (("karras", "exponential"), ("karras", "beta"), ("exponential", "beta")):
    error(
        f"{first}-and-{second}", "constructor", "CONFIG_CONFLICT", {RESPACINGS[first]: True, RESPACINGS[second]: True}
    )
for algorithm in ("dpmsolver", "deis"):
    error(dashed(algorithm, "final-zero"), "constructor", "CONFIG_CONFLICT", dict(algorithm_type=algorithm))
for algorithm in ("sde-dpmsolver", "data_prediction"):
    config = dict(SIGMA_MIN, algorithm_type=algorithm)
    error(dashed("algorithm", algorithm), "constructor", "CONFIG_INVALID", config)
error("solver-type-unknown", "constructor", "CONFIG_INVALID", dict(solver_type="rk4"))
for order in (0, 4):
    error(f"solver-order-{order}", "constructor", "CONFIG_INVALID", dict(solver_order=order))
error("request-empty", "set_timesteps", "REQUEST_INVALID", request={})
error("request-n-and-timesteps", "set_timesteps", "REQUEST_INVALID", n=2, request=dict(timesteps=[999, 1]))
for name in ("karras", "exponential", "beta"):
    config = {RESPACINGS[name]: True}
    error(f"timesteps-with-{name}", "set_timesteps", "CONFIG_CONFLICT", config, request=dict(timesteps=[999, 1]))
error("mu-without-dynamic-shifting", "set_timesteps", "CONFIG_CONFLICT", FLOW, n=5, request=dict(mu=1.0))
error(
    "mu-with-linear-shift",
    "set_timesteps",
    "CONFIG_CONFLICT",
    dict(FLOW, use_dynamic_shifting=True, time_shift_type="linear"),
    n=5,
    request=dict(mu=1.0),
)
error("final-sigmas-type-unknown", "set_timesteps", "CONFIG_INVALID", dict(final_sigmas_type="one"), n=5)
error("n-zero", "set_timesteps", "REQUEST_INVALID", n=0)
error("step-without-set-timesteps", "step", "TIMESTEPS_NOT_SET", request=None)
error("prediction-type-unknown", "step", "CONFIG_INVALID", dict(prediction_type="noise"), n=5)
NOISE = dict(SIGMA_MIN, algorithm_type="dpmsolver")
error("dpmsolver-prediction-type-unknown", "step", "CONFIG_INVALID", dict(NOISE, prediction_type="noise"), n=5)
error("dpmsolver-flow-prediction", "step", "CONFIG_CONFLICT", dict(NOISE, prediction_type="flow_prediction"), n=5)
error("dpmsolver-thresholding", "step", "CONFIG_CONFLICT", dict(NOISE, thresholding=True), n=5)
error("past-the-end", "step", "RUN_EXHAUSTED", SD, n=3, times=[999, 666, 333, 333])
error("begin-index-past-the-end", "step", "RUN_EXHAUSTED", SD, n=3, begin_index=4, times=[999])
error("timestep-foreign-then-exhausted", "step", "RUN_EXHAUSTED", SD, n=5, times=[123, 123])
error("learned-four-channels", "step", "SHAPE_MISMATCH", dict(SD, variance_type="learned"), n=3, shape=[2, 4, 3, 3])
error("thresholding-1d", "step", "SHAPE_MISMATCH", dict(thresholding=True), n=3, shape=[5])
error("thresholding-2d", "step", "SHAPE_MISMATCH", dict(thresholding=True), n=3, shape=[3, 5])
# Two equal sigmas inside a cycle: a difference that it divides by is 0.
error("trained-betas-too-few", "step", "NUMERIC", dict(num_train_timesteps=12, trained_betas=SHORT), n=5)
