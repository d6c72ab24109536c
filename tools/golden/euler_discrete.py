"""Golden cases of EulerDiscreteScheduler: spacings, re-spaced sigmas, custom schedules, churn, and each way to fail."""

from diffusers import EulerDiscreteScheduler

from common import Recipe


def level(scheduler, t):
    """(alpha, sigma) at the index that step will use."""
    index = scheduler.step_index
    if index is None:
        index = scheduler.index_for_timestep(t) if scheduler.begin_index is None else scheduler.begin_index
    sigma = scheduler.sigmas[index]
    alpha = 1 / (sigma**2 + 1) ** 0.5
    return alpha, sigma * alpha


recipe = Recipe(EulerDiscreteScheduler, level, space="ve")
steps, error = recipe.steps, recipe.error
SD = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
SHORT = [0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4]
SPACINGS = ("linspace", "leading", "trailing")
RESPACINGS = ("karras", "exponential", "beta")


def respaced(name):
    return {f"use_{name}_sigmas": True}


# ---- each config key alone ----
steps("default", n=10)
steps("num-train-timesteps-100", dict(num_train_timesteps=100), n=10)
steps("beta-start", dict(beta_start=0.001), n=5)
steps("beta-end", dict(beta_end=0.03), n=5)
steps("beta-scaled-linear", dict(beta_schedule="scaled_linear"), n=5)
steps("beta-squaredcos", dict(beta_schedule="squaredcos_cap_v2"), n=10)
steps("trained-betas", dict(num_train_timesteps=8, trained_betas=SHORT), n=4)
steps("trained-betas-fewer-than-n", dict(num_train_timesteps=12, trained_betas=SHORT), n=6)
for prediction in ("sample", "original_sample", "v_prediction"):
    steps(f"prediction-{prediction}".replace("_", "-"), dict(prediction_type=prediction), n=5)
steps("interpolation-log-linear", dict(interpolation_type="log_linear"), n=5)
for name in RESPACINGS:
    steps(name, respaced(name), n=5)
steps("sigma-range-without-respacing", dict(sigma_min=0.1, sigma_max=10.0), n=5)
steps("spacing-leading", dict(timestep_spacing="leading"), n=5)
steps("spacing-trailing", dict(timestep_spacing="trailing"), n=5)
steps("timestep-type-continuous", dict(timestep_type="continuous"), n=5)
steps("steps-offset-1", dict(steps_offset=1), n=5)
steps("zero-snr", dict(rescale_betas_zero_snr=True), n=5)
steps("final-sigma-min", dict(final_sigmas_type="sigma_min"), n=5)

# ---- pairs that interact ----
for spacing in SPACINGS:
    for prediction in ("epsilon", "sample", "v_prediction"):
        config = dict(SD, timestep_spacing=spacing, prediction_type=prediction)
        steps(f"sd-{spacing}-{prediction.replace('_prediction', '')}", config, n=7, count=4)
    for name in RESPACINGS:
        steps(f"{spacing}-{name}", {**SD, **respaced(name), "timestep_spacing": spacing}, n=8, count=4)
    steps(f"{spacing}-sigma-min", dict(SD, timestep_spacing=spacing, final_sigmas_type="sigma_min"), n=6, begin_index=3)
    steps(f"{spacing}-offset-1", dict(SD, timestep_spacing=spacing, steps_offset=1), n=5, count=3)
    steps(f"{spacing}-last-steps", dict(SD, timestep_spacing=spacing), n=20, begin_index=16)
for name in RESPACINGS:
    steps(f"{name}-sigma-range", {**SD, **respaced(name), "sigma_min": 0.1, "sigma_max": 10.0}, n=6)
    steps(f"{name}-sigma-min-only", {**SD, **respaced(name), "sigma_min": 0.05}, n=4)
    steps(f"{name}-sigma-max-only", {**SD, **respaced(name), "sigma_max": 20.0}, n=4)
    steps(f"{name}-final-sigma-min", {**SD, **respaced(name), "final_sigmas_type": "sigma_min"}, n=5)
    steps(
        f"{name}-squaredcos-v",
        {**respaced(name), "beta_schedule": "squaredcos_cap_v2", "prediction_type": "v_prediction"},
        n=5,
    )
    steps(f"{name}-log-linear", {**SD, **respaced(name), "interpolation_type": "log_linear"}, n=5)
    steps(
        f"{name}-zero-snr-v-trailing",
        {
            **SD,
            **respaced(name),
            "rescale_betas_zero_snr": True,
            "prediction_type": "v_prediction",
            "timestep_spacing": "trailing",
        },
        n=5,
    )
    for n in (1, 2, 20):
        steps(f"{name}-n-{n}", {**SD, **respaced(name)}, n=n, count=min(n, 4))
    for n in (100, 500):
        steps(f"{name}-n-{n}", {**SD, **respaced(name)}, n=n, count=3)
        steps(f"{name}-n-{n}-tail", {**SD, **respaced(name)}, n=n, begin_index=n - 3)
CONTINUOUS = dict(timestep_type="continuous", prediction_type="v_prediction")
steps("continuous-v", dict(SD, **CONTINUOUS), n=5)
steps(
    "svd",
    dict(
        SD,
        **CONTINUOUS,
        use_karras_sigmas=True,
        sigma_min=0.002,
        sigma_max=700.0,
        timestep_spacing="leading",
        steps_offset=1,
    ),
    n=10,
)
steps("continuous-v-leading", dict(SD, **CONTINUOUS, timestep_spacing="leading"), n=5)
steps("continuous-v-exponential", dict(SD, **CONTINUOUS, use_exponential_sigmas=True), n=5)
steps("log-linear-leading", dict(SD, interpolation_type="log_linear", timestep_spacing="leading"), n=4)
steps("log-linear-sigma-min", dict(SD, interpolation_type="log_linear", final_sigmas_type="sigma_min"), n=4)
steps("log-linear-n-1", dict(SD, interpolation_type="log_linear"), n=1)
steps(
    "zero-snr-v-trailing",
    dict(SD, rescale_betas_zero_snr=True, prediction_type="v_prediction", timestep_spacing="trailing"),
    n=10,
)
steps("zero-snr-leading", dict(SD, rescale_betas_zero_snr=True, timestep_spacing="leading"), n=5)
steps("zero-snr-sigma-min", dict(SD, rescale_betas_zero_snr=True, final_sigmas_type="sigma_min"), n=3)
steps(
    "squaredcos-trailing-v",
    dict(beta_schedule="squaredcos_cap_v2", prediction_type="v_prediction", timestep_spacing="trailing"),
    n=5,
)

# ---- custom schedules ----
AYS_TIMESTEPS = [999, 850, 736, 645, 545, 455, 343, 233, 124, 24]
AYS_SIGMAS = [14.615, 6.475, 3.861, 2.697, 1.886, 1.396, 0.963, 0.652, 0.399, 0.152, 0.0]
steps("timesteps-ays", SD, request=dict(timesteps=AYS_TIMESTEPS))
steps("timesteps-fractional", SD, request=dict(timesteps=[950.5, 400.25, 10.125]))
steps("timesteps-ascending", SD, request=dict(timesteps=[100, 400, 800]))
steps("timesteps-final-sigma-min", dict(SD, final_sigmas_type="sigma_min"), request=dict(timesteps=[999, 500, 1]))
steps("timesteps-log-linear", dict(SD, interpolation_type="log_linear"), request=dict(timesteps=[999, 500, 1]))
steps("timesteps-twice-the-same", SD, request=dict(timesteps=[900, 500, 500, 100]))
steps("timesteps-twice-the-same-first", SD, request=dict(timesteps=[900, 900, 500, 100]), count=2)
steps("timesteps-leading-init-noise", dict(SD, timestep_spacing="leading"), request=dict(timesteps=[999, 500]))
steps("sigmas-ays", SD, request=dict(sigmas=AYS_SIGMAS))
steps("sigmas-not-ending-in-zero", SD, request=dict(sigmas=[10.0, 3.0, 1.0, 0.3]))
steps("sigmas-beyond-the-table", SD, request=dict(sigmas=[80.0, 2.0, 0.001, 0.0]), count=2)
steps("sigmas-with-karras", dict(SD, use_karras_sigmas=True), request=dict(sigmas=[10.0, 1.0, 0.0]))
steps(
    "sigmas-continuous-v",
    dict(SD, **CONTINUOUS),
    request=dict(sigmas=[700.0, 54.5, 15.886, 7.977, 4.248, 1.789, 0.981, 0.403, 0.173, 0.034, 0.0]),
)

# ---- arguments of step ----
steps("churn", SD, n=6, options=dict(s_churn=3.0))
steps("churn-capped", SD, n=4, options=dict(s_churn=40.0))
steps("churn-within", SD, n=8, options=dict(s_churn=3.0, s_tmin=0.5, s_tmax=5.0))
steps("churn-s-noise", SD, n=5, options=dict(s_churn=2.0, s_noise=1.007))
steps("churn-v", dict(SD, prediction_type="v_prediction"), n=5, options=dict(s_churn=2.0))
steps("churn-sample", dict(SD, prediction_type="sample"), n=5, options=dict(s_churn=2.0))
steps(
    "churn-karras-sigma-min",
    dict(SD, use_karras_sigmas=True, final_sigmas_type="sigma_min"),
    n=5,
    options=dict(s_churn=2.0),
)
steps("churn-log-linear", dict(SD, interpolation_type="log_linear"), n=5, options=dict(s_churn=2.0))
steps("s-noise-without-churn", SD, n=3, options=dict(s_noise=1.5, s_tmin=0.1))

# ---- step counts ----
for n in (1, 2, 3):
    for spacing in SPACINGS:
        steps(f"n-{n}-{spacing}", dict(SD, timestep_spacing=spacing), n=n)
steps("n-13", SD, n=13, count=4)
steps("n-20-all", SD, n=20, count=20)
steps("n-50", SD, n=50, count=4)
steps("n-50-tail", SD, n=50, begin_index=46)
for n in (999, 1000):
    for spacing in SPACINGS:
        steps(f"n-{n}-{spacing}-head", dict(SD, timestep_spacing=spacing), n=n, count=4)
        steps(f"n-{n}-{spacing}-tail", dict(SD, timestep_spacing=spacing), n=n, begin_index=n - 4)
for n in (61, 103):  # numpy's arange overshoots: a further timestep, -1, whose sigma is interpolated as at 0
    steps(f"trailing-overshoot-{n}", dict(SD, timestep_spacing="trailing"), n=n, begin_index=n - 3)
    steps(
        f"trailing-overshoot-{n}-karras",
        dict(SD, timestep_spacing="trailing", use_karras_sigmas=True),
        n=n,
        begin_index=n - 3,
    )
steps("n-over-train", dict(num_train_timesteps=20), n=40, count=4)

# ---- where a run starts, and what is called twice ----
steps("begin-index-3", SD, n=10, begin_index=3, count=4)
steps("img2img-by-timestep", SD, n=10, first=6)
steps("begin-index-overrides-timestep", SD, n=10, begin_index=2, times=[999.0, 999.0])
steps("timestep-only-matters-once", SD, n=5, times=[999.0, 0.0, 0.0])
steps("without-set-timesteps", SD, request=None, count=3)
steps("without-set-timesteps-tail", SD, request=None, begin_index=997)
steps("without-set-timesteps-continuous", dict(SD, **CONTINUOUS), request=None, count=2)
steps("set-timesteps-twice", SD, n=5, earlier=[dict(request=dict(num_inference_steps=9), stepped=3)])
steps(
    "set-timesteps-clears-begin-index",
    SD,
    n=5,
    count=3,
    earlier=[dict(request=dict(num_inference_steps=9), begin_index=4)],
)
steps("set-timesteps-after-sigmas", SD, n=3, earlier=[dict(request=dict(sigmas=[10.0, 1.0, 0.0]), stepped=1)])

# ---- shapes and dtypes ----
for name, shape in (
    ("1x4x8x8", [1, 4, 8, 8]),
    ("2d", [3, 5]),
    ("3d", [1, 16, 7]),
    ("5d", [2, 4, 3, 5, 5]),
    ("1d", [7]),
):
    steps(f"shape-{name}", SD, n=3, shape=shape, options=dict(s_churn=1.0))
for name, config, options in (
    ("epsilon", SD, {}),
    ("v", dict(SD, prediction_type="v_prediction"), {}),
    ("sample", dict(SD, prediction_type="sample"), {}),
    ("churn", SD, dict(s_churn=2.0)),
    ("karras", dict(SD, use_karras_sigmas=True), {}),
):
    steps(f"float16-{name}", config, n=5, dtype="float16", options=options)

# ---- add_noise and get_velocity, in every index state ----
add_noise, velocity = recipe.add_noise, recipe.velocity
add_noise("add-noise-before-set-timesteps", SD, rows=[0, 500, 999])
add_noise("add-noise-fresh", SD, n=10, rows=[0, 3, 9])
add_noise("add-noise-karras", dict(SD, use_karras_sigmas=True), n=10, rows=[2, 7])
add_noise("add-noise-begin-index", SD, n=10, begin_index=4, rows=[0, 9])
add_noise("add-noise-begin-index-foreign-timestep", SD, n=10, begin_index=4, timesteps=[123.0, 5.0])
add_noise("add-noise-begin-index-after-steps", SD, n=10, begin_index=4, stepped=3, rows=[0, 9])
add_noise("add-noise-after-steps", SD, n=10, stepped=3, rows=[0, 9])
add_noise("add-noise-duplicates", SD, request=dict(timesteps=[900, 500, 500, 100]), rows=[1, 3])
add_noise("add-noise-integer-timesteps", SD, request=dict(timesteps=[900, 500, 100]), timesteps=[900, 100])
add_noise("add-noise-float16", SD, n=10, rows=[0, 9], dtype="float16")
add_noise("add-noise-5d", SD, n=10, rows=[1, 8], shape=[2, 4, 3, 5, 5])
velocity("velocity-fresh", SD, n=10, rows=[0, 3, 9])
velocity("velocity-before-set-timesteps", SD, rows=[0, 500, 999])
velocity("velocity-begin-index", SD, n=10, begin_index=4, rows=[0, 9])
velocity("velocity-after-steps", SD, n=10, stepped=3, rows=[2, 9])
velocity("velocity-zero-snr", dict(SD, rescale_betas_zero_snr=True), n=10, rows=[0, 9])
velocity("velocity-float16", SD, n=10, rows=[0, 9], dtype="float16")

# ---- failures (integer timesteps, which upstream refuses, cannot be told from others in JavaScript) ----
error("beta-schedule-unknown", "constructor", "CONFIG_INVALID", dict(beta_schedule="cosine"))
for first, second in (("karras", "exponential"), ("karras", "beta"), ("exponential", "beta")):
    error(f"{first}-and-{second}", "constructor", "CONFIG_CONFLICT", {**respaced(first), **respaced(second)})
error(
    "request-timesteps-and-sigmas",
    "set_timesteps",
    "REQUEST_INVALID",
    request=dict(timesteps=[999, 1], sigmas=[1.0, 0.0]),
)
error("request-empty", "set_timesteps", "REQUEST_INVALID", request={})
error("request-n-and-timesteps", "set_timesteps", "REQUEST_INVALID", n=2, request=dict(timesteps=[999, 1]))
error("request-n-and-sigmas", "set_timesteps", "REQUEST_INVALID", n=2, request=dict(sigmas=[1.0, 0.0]))
for name in RESPACINGS:
    error(
        f"timesteps-with-{name}", "set_timesteps", "CONFIG_CONFLICT", respaced(name), request=dict(timesteps=[999, 1])
    )
    error(f"n-zero-{name}", "set_timesteps", "REQUEST_INVALID", respaced(name), n=0)
error("timesteps-with-continuous-v", "set_timesteps", "CONFIG_CONFLICT", CONTINUOUS, request=dict(timesteps=[999, 1]))
error("spacing-unknown", "set_timesteps", "CONFIG_INVALID", dict(timestep_spacing="karras"), n=5)
error("interpolation-unknown", "set_timesteps", "CONFIG_INVALID", dict(interpolation_type="cubic"), n=5)
error("final-sigmas-type-unknown", "set_timesteps", "CONFIG_INVALID", dict(final_sigmas_type="one"), n=5)
for spacing in ("leading", "trailing"):
    error(f"n-zero-{spacing}", "set_timesteps", "REQUEST_INVALID", dict(timestep_spacing=spacing), n=0)
error("n-zero-linspace", "step", "REQUEST_INVALID", n=0, times=[999.0])
error("mu-not-accepted", "set_timesteps", "REQUEST_INVALID", n=5, request=dict(mu=1.0))
error("prediction-type-unknown", "step", "CONFIG_INVALID", dict(prediction_type="flow_prediction"), n=5)
error("timestep-foreign", "step", "TIMESTEP_NOT_IN_PLAN", SD, n=5, times=[123.0])
error("past-the-end", "step", "RUN_EXHAUSTED", SD, n=3, times=[999.0, 499.5, 0.0, 0.0])
error("begin-index-past-the-end", "step", "RUN_EXHAUSTED", SD, n=3, begin_index=4, times=[999.0])
error("timesteps-twice-the-same-first-exhausted", "step", "RUN_EXHAUSTED", SD, request=dict(timesteps=[900, 900, 500]))
error("sigma-zero-inside", "step", "NUMERIC", SD, request=dict(sigmas=[5.0, 0.0, 0.0]))
error("add-noise-foreign-timestep", "add_noise", "TIMESTEP_NOT_IN_PLAN", SD, n=5, call="add_noise", timesteps=[123.0])
error(
    "velocity-foreign-timestep", "get_velocity", "TIMESTEP_NOT_IN_PLAN", SD, n=5, call="get_velocity", timesteps=[123.0]
)
