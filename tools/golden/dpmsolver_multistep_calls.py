"""Golden cases of how DPMSolverMultistepScheduler is called: where a run starts, shapes and dtypes, noising, and each
way to fail."""

from common import dashed
from dpmsolver_multistep import COSINE, FLOW, RESPACINGS, SD, SDE, SHORT, SIGMA_MIN, recipe

steps, add_noise, error = recipe.steps, recipe.add_noise, recipe.error

# ---- where a run starts, and what is called twice ----
steps("begin-index-3", SD, n=10, begin_index=3, count=4)
steps("img2img-by-timestep", SD, n=10, first=6)
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
add_noise("add-noise-duplicates", dict(use_karras_sigmas=True), n=100, rows=[97, 98])
add_noise("add-noise-zero-snr", dict(SD, rescale_betas_zero_snr=True), n=10, rows=[0, 9])
add_noise("add-noise-float16", SD, n=10, rows=[0, 9], dtype="float16")
add_noise("add-noise-float16-flow", FLOW, n=10, rows=[0, 9], dtype="float16")
add_noise("add-noise-5d", SD, n=10, rows=[1, 8], shape=[2, 4, 3, 5, 5])

# ---- failures ----
error("beta-schedule-unknown", "constructor", "CONFIG_INVALID", dict(beta_schedule="cosine"))
for first, second in (("karras", "exponential"), ("karras", "beta"), ("exponential", "beta")):
    error(
        f"{first}-and-{second}", "constructor", "CONFIG_CONFLICT", {RESPACINGS[first]: True, RESPACINGS[second]: True}
    )
for algorithm in ("dpmsolver", "sde-dpmsolver", "deis"):
    error(dashed(algorithm, "final-zero"), "constructor", "CONFIG_CONFLICT", dict(algorithm_type=algorithm))
error("algorithm-unknown", "constructor", "CONFIG_INVALID", dict(algorithm_type="data_prediction"))
error("solver-type-unknown", "constructor", "CONFIG_INVALID", dict(solver_type="rk4"))
error("request-empty", "set_timesteps", "REQUEST_INVALID", request={})
error("request-n-and-timesteps", "set_timesteps", "REQUEST_INVALID", n=2, request=dict(timesteps=[999, 1]))
for name in ("karras", "exponential", "beta", "lu", "flow"):
    error(
        f"timesteps-with-{name}",
        "set_timesteps",
        "CONFIG_CONFLICT",
        {RESPACINGS[name]: True},
        request=dict(timesteps=[999, 1]),
    )
error("mu-without-dynamic-shifting", "set_timesteps", "CONFIG_CONFLICT", FLOW, n=5, request=dict(mu=1.0))
error(
    "mu-with-linear-shift",
    "set_timesteps",
    "CONFIG_CONFLICT",
    dict(FLOW, use_dynamic_shifting=True, time_shift_type="linear"),
    n=5,
    request=dict(mu=1.0),
)
error("spacing-unknown", "set_timesteps", "CONFIG_INVALID", dict(timestep_spacing="karras"), n=5)
error("final-sigmas-type-unknown", "set_timesteps", "CONFIG_INVALID", dict(final_sigmas_type="one"), n=5)
error("n-zero-trailing", "set_timesteps", "REQUEST_INVALID", dict(timestep_spacing="trailing"), n=0)
error("n-zero", "step", "REQUEST_INVALID", n=0, times=[999])
error("step-without-set-timesteps", "step", "TIMESTEPS_NOT_SET", request=None)
error("solver-order-zero", "step", "CONFIG_INVALID", dict(solver_order=0), n=5)
error("prediction-type-unknown", "step", "CONFIG_INVALID", dict(prediction_type="noise"), n=5)
for algorithm in ("dpmsolver", "sde-dpmsolver"):
    config = dict(SD, **SIGMA_MIN, algorithm_type=algorithm)
    error(
        dashed(algorithm, "flow-prediction"),
        "step",
        "CONFIG_CONFLICT",
        dict(config, prediction_type="flow_prediction"),
        n=5,
    )
for solver in ("midpoint", "heun"):
    config = dict(SD, **SIGMA_MIN, algorithm_type="sde-dpmsolver", solver_order=3, solver_type=solver)
    error(dashed("sde-dpmsolver-order-3", solver), "step", "CONFIG_CONFLICT", config, n=6)
error("past-the-end", "step", "RUN_EXHAUSTED", SD, n=3, times=[999, 666, 333, 333])
error("begin-index-past-the-end", "step", "RUN_EXHAUSTED", SD, n=3, begin_index=4, times=[999])
error("timestep-foreign-then-exhausted", "step", "RUN_EXHAUSTED", SD, n=5, times=[123, 123])
error("karras-cosine-exhausted", "step", "RUN_EXHAUSTED", dict(COSINE, use_karras_sigmas=True), n=5)
error("learned-four-channels", "step", "SHAPE_MISMATCH", dict(SD, variance_type="learned"), n=3, shape=[2, 4, 3, 3])
error("thresholding-1d", "step", "SHAPE_MISMATCH", dict(thresholding=True), n=3, shape=[5])
error("thresholding-2d", "step", "SHAPE_MISMATCH", dict(thresholding=True), n=3, shape=[3, 5])
# Two equal neighbouring sigmas: h is 0 and a coefficient 0 / 0 or 1 / 0. (With lu they differ in the last bits; there
# h is 0 in float32 only, and upstream's NaN is no law.)
for name in ("karras", "exponential", "beta"):
    config = {**SD, **SIGMA_MIN, RESPACINGS[name]: True}
    error(f"{name}-sigma-min-heun", "step", "NUMERIC", dict(config, solver_type="heun"), n=16, begin_index=13)
    error(f"{name}-sigma-min-order-3", "step", "NUMERIC", dict(config, solver_order=3), n=16, begin_index=12)
    error(
        f"{name}-sigma-min-heun-short",
        "step",
        "NUMERIC",
        dict(config, solver_type="heun", lower_order_final=False),
        n=4,
    )
error("trained-betas-too-few", "step", "NUMERIC", dict(num_train_timesteps=12, trained_betas=SHORT), n=5)
error("n-1000-linspace-duplicate", "step", "NUMERIC", SD, n=1000, begin_index=498)
error("n-1000-leading", "step", "NUMERIC", dict(SD, timestep_spacing="leading"), n=1000, count=4)
error(
    "n-1000-trailing-sigma-min-heun",
    "step",
    "NUMERIC",
    dict(SD, **SIGMA_MIN, timestep_spacing="trailing", solver_type="heun"),
    n=1000,
    begin_index=997,
)
