"""Golden cases of how UniPCMultistepScheduler is called: where a run starts, shapes and dtypes, noising, and each way to
fail."""

from unipc_multistep import FLOW, NOISE, RESPACINGS, SD, SHORT, SIGMA_MIN, recipe

steps, add_noise, error = recipe.steps, recipe.add_noise, recipe.error

# ---- where a run starts, and what is called twice ----
steps("begin-index-3", SD, n=10, begin_index=3, count=4)
steps("begin-index-3-order-3", dict(SD, solver_order=3), n=10, begin_index=3)
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
steps("disable-corrector-counts-the-schedule", dict(SD, disable_corrector=[0, 4]), n=10, begin_index=3, count=4)
steps(
    "mu-not-remembered",
    dict(FLOW, use_dynamic_shifting=True),
    n=4,
    request=dict(mu=0.2),
    earlier=[dict(request=dict(num_inference_steps=6, mu=1.0), stepped=1)],
)

# ---- shapes and dtypes ----
for name, shape in (("1x4x8x8", [1, 4, 8, 8]), ("2d", [3, 5]), ("3d", [1, 16, 7]), ("5d", [2, 4, 3, 5, 5])):
    steps(f"shape-{name}", SD, n=3, shape=shape)
for name, config in (
    ("epsilon", SD),
    ("v-karras", dict(SD, prediction_type="v_prediction", use_karras_sigmas=True)),
    ("order-3", dict(SD, solver_order=3)),
    ("bh1", dict(SD, **SIGMA_MIN, solver_type="bh1")),
    ("flow", dict(FLOW, flow_shift=3.0)),
    ("eps", dict(SD, **NOISE)),
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
error("solver-type-unknown", "constructor", "CONFIG_INVALID", dict(solver_type="rk4"))
error("shift-terminal-without-flow", "constructor", "CONFIG_CONFLICT", dict(shift_terminal=0.1))
error("request-empty", "set_timesteps", "REQUEST_INVALID", request={})
error("mu-missing", "set_timesteps", "REQUEST_INVALID", dict(FLOW, use_dynamic_shifting=True), n=5)
error("timesteps-not-accepted", "set_timesteps", "REQUEST_INVALID", SD, request=dict(timesteps=[999, 500]))
error("spacing-unknown", "set_timesteps", "CONFIG_INVALID", dict(timestep_spacing="karras"), n=5)
error(
    "spacing-unknown-with-karras",
    "set_timesteps",
    "CONFIG_INVALID",
    dict(timestep_spacing="karras", use_karras_sigmas=True),
    n=5,
)
error("final-sigmas-type-unknown", "set_timesteps", "CONFIG_INVALID", dict(final_sigmas_type="one"), n=5)
error("n-zero-trailing", "set_timesteps", "REQUEST_INVALID", dict(timestep_spacing="trailing"), n=0)
error("n-zero-flow", "set_timesteps", "REQUEST_INVALID", FLOW, n=0)
error("n-zero", "step", "REQUEST_INVALID", n=0, times=[999])
error("step-without-set-timesteps", "step", "TIMESTEPS_NOT_SET", request=None)
error("solver-order-zero", "step", "CONFIG_INVALID", dict(solver_order=0), n=5)
error("prediction-type-unknown", "step", "CONFIG_INVALID", dict(prediction_type="noise"), n=5)
error("prediction-type-unknown-eps", "step", "CONFIG_INVALID", dict(NOISE, prediction_type="noise"), n=5)
error("eps-flow-prediction", "step", "CONFIG_CONFLICT", dict(NOISE, prediction_type="flow_prediction"), n=5)
error("past-the-end", "step", "RUN_EXHAUSTED", SD, n=3, times=[999, 666, 333, 333])
error("begin-index-past-the-end", "step", "RUN_EXHAUSTED", SD, n=3, begin_index=4, times=[999])
error("timestep-foreign-then-exhausted", "step", "RUN_EXHAUSTED", SD, n=5, times=[123, 123])
for name in ("karras", "beta"):  # sigmas above the trained ones: the first two timesteps are the same
    config = {**SD, RESPACINGS[name]: True, "sigma_min": 0.02, "sigma_max": 80.0}
    error(f"{name}-above-the-trained-exhausted", "step", "RUN_EXHAUSTED", config, n=5)
error("thresholding-1d", "step", "SHAPE_MISMATCH", dict(thresholding=True), n=3, shape=[5])
error("thresholding-2d", "step", "SHAPE_MISMATCH", dict(thresholding=True), n=3, shape=[3, 5])
# The step to sigma 0 is infinitely long: only order 1 on x0 can take it.
for order in (2, 3):
    for solver in ("bh1", "bh2"):
        error(
            f"to-zero-not-lowered-order-{order}-{solver}",
            "step",
            "NUMERIC",
            dict(SD, solver_order=order, solver_type=solver, lower_order_final=False),
            n=5,
        )
for order in (1, 2, 3):
    error(f"bh1-to-zero-order-{order}", "step", "NUMERIC", dict(SD, solver_order=order, solver_type="bh1"), n=5)
for order in (1, 2):
    error(f"eps-to-zero-order-{order}", "step", "NUMERIC", dict(SD, solver_order=order, predict_x0=False), n=5)
# Two equal neighbouring sigmas: h is 0, and so are the differences that order 3 divides by.
for name in ("karras", "exponential", "beta", "flow"):
    config = {**SD, **SIGMA_MIN, RESPACINGS[name]: True, "solver_order": 3, "lower_order_final": False}
    error(f"{name}-sigma-min-order-3-not-lowered", "step", "NUMERIC", config, n=5)
for order in (2, 3):
    config = dict(SD, solver_order=order)
    error(f"n-1000-linspace-duplicate-order-{order}", "step", "NUMERIC", config, n=1000, begin_index=498)
    config = dict(SD, solver_order=order, timestep_spacing="leading")
    error(f"n-1000-leading-order-{order}", "step", "NUMERIC", config, n=1000, begin_index=0)
# Only karras sigmas are made flow sigmas: the others are larger than 1, so that alpha is negative.
for name in ("exponential", "beta"):
    error(f"{name}-and-flow", "step", "NUMERIC", {**FLOW, RESPACINGS[name]: True}, n=5)
error("flow-terminal-n-1", "step", "NUMERIC", dict(FLOW, shift_terminal=0.1), n=1)
error("trained-betas-too-few", "step", "NUMERIC", dict(num_train_timesteps=12, trained_betas=SHORT), n=5)
