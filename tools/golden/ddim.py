"""Golden cases of DDIMScheduler: every option, the spacings, the previous timestep t - N//n, and each way to fail."""

from diffusers import DDIMScheduler

from common import Recipe, dashed
from tape import normal


def level(scheduler, t):
    alpha2 = scheduler.alphas_cumprod[int(t)]
    return alpha2**0.5, (1 - alpha2) ** 0.5


def variance_noise(case, i):
    return normal(case, f"variance_noise.{i}")


recipe = Recipe(DDIMScheduler, level)
steps, error = recipe.steps, recipe.error
SD = dict(
    beta_start=0.00085,
    beta_end=0.012,
    beta_schedule="scaled_linear",
    clip_sample=False,
    set_alpha_to_one=False,
    steps_offset=1,
)

# ---- each config key alone ----
steps("default", n=10)
steps("num-train-timesteps-100", dict(num_train_timesteps=100), n=10)
steps("num-train-timesteps-37", dict(num_train_timesteps=37), n=5)
steps("beta-start", dict(beta_start=0.001), n=5)
steps("beta-end", dict(beta_end=0.03), n=5)
steps("beta-scaled-linear", dict(beta_schedule="scaled_linear"), n=5)
steps("beta-squaredcos", dict(beta_schedule="squaredcos_cap_v2"), n=10)
steps("trained-betas", dict(num_train_timesteps=8, trained_betas=[0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4]), n=4)
steps(
    "trained-betas-longer-than-n",
    dict(num_train_timesteps=6, trained_betas=[0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4]),
    n=6,
)
steps("clip-sample-off", dict(clip_sample=False), n=5)
steps("clip-range-2", dict(clip_sample_range=2.0), n=5)
steps("clip-range-half", dict(clip_sample_range=0.5), n=5)
steps("set-alpha-to-one-off", dict(set_alpha_to_one=False), n=5)
steps("steps-offset-1", dict(steps_offset=1), n=5)
steps("prediction-sample", dict(prediction_type="sample"), n=5)
steps("prediction-v", dict(prediction_type="v_prediction"), n=5)
steps("thresholding", dict(thresholding=True), n=5)
for ratio in (0.5, 0.9, 1.0):
    steps(
        dashed("thresholding-ratio", ratio),
        dict(thresholding=True, dynamic_thresholding_ratio=ratio, sample_max_value=10.0),
        n=5,
    )
for top in (1.5, 100.0, 0.8):
    steps(dashed("thresholding-max", top), dict(thresholding=True, sample_max_value=top), n=5)
steps(
    "thresholding-wins-over-clip",
    dict(thresholding=True, clip_sample=True, clip_sample_range=0.3, sample_max_value=3.0),
    n=3,
)
steps("thresholding-3d", dict(thresholding=True, sample_max_value=2.0), n=3, shape=[3, 5, 2])
steps("spacing-linspace", dict(timestep_spacing="linspace"), n=5)
steps("spacing-trailing", dict(timestep_spacing="trailing"), n=5)
steps("zero-snr-v", dict(rescale_betas_zero_snr=True, prediction_type="v_prediction"), n=5)
steps("zero-snr-sample", dict(rescale_betas_zero_snr=True, prediction_type="sample", timestep_spacing="trailing"), n=5)

# ---- pairs that interact ----
for spacing in ("leading", "linspace", "trailing"):
    for prediction in ("epsilon", "sample", "v_prediction"):
        for eta in (0.0, 1.0):
            config = dict(timestep_spacing=spacing, prediction_type=prediction, clip_sample=False)
            steps(dashed(spacing, prediction, "eta", eta), config, n=7, count=4, options=dict(eta=eta))
    steps(f"sd-{spacing}", dict(SD, timestep_spacing=spacing), n=20, count=6)
    steps(f"last-step-{spacing}", dict(SD, timestep_spacing=spacing), n=12, first=9, count=3)
    for offset in (1, 3):
        steps(f"{spacing}-offset-{offset}", dict(timestep_spacing=spacing, steps_offset=offset), n=6, count=3)
steps(
    "zero-snr-v-trailing",
    dict(rescale_betas_zero_snr=True, prediction_type="v_prediction", timestep_spacing="trailing", clip_sample=False),
    n=10,
)
steps(
    "zero-snr-v-trailing-eta-1",
    dict(rescale_betas_zero_snr=True, prediction_type="v_prediction", timestep_spacing="trailing"),
    n=5,
    options=dict(eta=1.0),
)
steps("zero-snr-epsilon-leading", dict(rescale_betas_zero_snr=True), n=5)  # leading starts at 800: no division by zero
steps(
    "squaredcos-v-trailing",
    dict(beta_schedule="squaredcos_cap_v2", prediction_type="v_prediction", timestep_spacing="trailing"),
    n=5,
)
steps(
    "squaredcos-alpha-not-one", dict(beta_schedule="squaredcos_cap_v2", set_alpha_to_one=False, clip_sample=False), n=5
)

# ---- arguments of step ----
for eta in (0.3, 0.5, 1.0):
    steps(dashed("eta", eta), n=5, options=dict(eta=eta))
    steps(dashed("eta", eta, "sd"), SD, n=10, count=5, options=dict(eta=eta))
for prediction in ("epsilon", "sample", "v_prediction"):
    steps(
        f"use-clipped-{prediction.replace('_prediction', '')}",
        dict(prediction_type=prediction),
        n=5,
        options=dict(use_clipped_model_output=True),
    )
steps("use-clipped-eta-half", n=5, options=dict(use_clipped_model_output=True, eta=0.5))
steps(
    "use-clipped-thresholding",
    dict(thresholding=True, sample_max_value=1.5),
    n=5,
    options=dict(use_clipped_model_output=True),
)
steps("use-clipped-without-clip", dict(clip_sample=False), n=5, options=dict(use_clipped_model_output=True))
steps("variance-noise", n=4, options=dict(eta=1.0, variance_noise="variance_noise"), tape=variance_noise)
steps("variance-noise-ignored-at-eta-0", n=3, options=dict(variance_noise="variance_noise"), tape=variance_noise)

# ---- step counts ----
for n in (1, 2, 3):
    steps(f"n-{n}", SD, n=n)
    steps(f"n-{n}-trailing", dict(SD, timestep_spacing="trailing"), n=n)
    steps(f"n-{n}-linspace", dict(SD, timestep_spacing="linspace"), n=n)
steps("n-13", SD, n=13, count=4)
steps("n-20-all", SD, n=20, count=20)
steps("n-50", SD, n=50, count=4)
steps("n-50-tail", SD, n=50, first=46, count=4)
for n in (999, 1000):
    for spacing in ("leading", "linspace", "trailing"):
        steps(f"n-{n}-{spacing}-head", dict(timestep_spacing=spacing, clip_sample=False), n=n, count=4)
        steps(f"n-{n}-{spacing}-tail", dict(timestep_spacing=spacing, clip_sample=False), n=n, first=n - 4, count=4)
for n in (61, 103):  # numpy's arange overshoots: a further timestep, -1, which reads the noisiest entry
    steps(f"trailing-overshoot-{n}", dict(timestep_spacing="trailing"), n=n, first=n - 3, count=4)

# ---- where a run starts, and what is called twice ----
steps("img2img-strength-half", SD, n=10, first=5, count=5)
steps("timestep-between", SD, n=10, times=[750, 333, 10])
steps("set-timesteps-twice", SD, n=5, earlier=[dict(request=dict(num_inference_steps=9), stepped=3)])

# ---- shapes and dtypes ----
steps("shape-1x4x8x8", SD, n=4, shape=[1, 4, 8, 8])
steps("shape-2d", SD, n=4, shape=[3, 5])
steps("shape-3d", SD, n=4, shape=[1, 16, 7])
steps("shape-5d", SD, n=4, shape=[2, 4, 3, 5, 5])
steps("shape-eta", SD, n=3, shape=[1, 1, 3, 3], options=dict(eta=1.0))
for name, config, options in (
    ("epsilon", SD, {}),
    ("v-trailing", dict(prediction_type="v_prediction", timestep_spacing="trailing"), {}),
    ("eta-1", SD, dict(eta=1.0)),
    ("thresholding", dict(thresholding=True, sample_max_value=2.0), {}),
    ("use-clipped", {}, dict(use_clipped_model_output=True)),
):
    steps(f"float16-{name}", config, n=5, dtype="float16", options=options)

# ---- add_noise and get_velocity: stateless, indexed by the timestep itself ----
for call in (recipe.add_noise, recipe.velocity):
    kind = call.__name__.replace("_", "-")
    call(f"{kind}-batch", SD, timesteps=[0, 10, 500, 999])
    call(f"{kind}-default-betas", timesteps=[999, 1])
    call(f"{kind}-squaredcos", dict(beta_schedule="squaredcos_cap_v2"), timesteps=[999, 400])
    call(f"{kind}-zero-snr", dict(rescale_betas_zero_snr=True), timesteps=[999, 0])
    call(f"{kind}-after-steps", SD, n=5, stepped=2, timesteps=[801, 3])
    call(f"{kind}-float16", SD, timesteps=[20, 700], dtype="float16")
    call(f"{kind}-shape-5d", SD, timesteps=[20, 700], shape=[2, 4, 3, 5, 5])
    call(f"{kind}-negative-timestep", SD, timesteps=[-1, -1000])

# ---- failures ----
error("beta-schedule-unknown", "constructor", "CONFIG_INVALID", dict(beta_schedule="sigmoid"))
error("n-over-train", "set_timesteps", "REQUEST_INVALID", n=1001)
error("n-zero", "set_timesteps", "REQUEST_INVALID", n=0)
error("n-zero-trailing", "set_timesteps", "REQUEST_INVALID", dict(timestep_spacing="trailing"), n=0)
error("spacing-unknown", "set_timesteps", "CONFIG_INVALID", dict(timestep_spacing="karras"), n=5)
error("timesteps-not-accepted", "set_timesteps", "REQUEST_INVALID", request=dict(timesteps=[999, 500]))
error("sigmas-not-accepted", "set_timesteps", "REQUEST_INVALID", request=dict(sigmas=[10.0, 1.0, 0.0]))
error("step-without-set-timesteps", "step", "TIMESTEPS_NOT_SET", request=None)
error("prediction-type-unknown", "step", "CONFIG_INVALID", dict(prediction_type="flow_prediction"), n=5)
error("timestep-past-table", "step", "TIMESTEP_NOT_IN_PLAN", n=5, times=[1000])
error("offset-past-table", "step", "TIMESTEP_NOT_IN_PLAN", dict(num_train_timesteps=100, steps_offset=10), n=10)
error(
    "zero-snr-epsilon",
    "step",
    "NUMERIC",
    dict(rescale_betas_zero_snr=True, timestep_spacing="trailing", clip_sample=False),
    n=5,
)
error("thresholding-1d", "step", "SHAPE_MISMATCH", dict(thresholding=True), n=3, shape=[5])
error("thresholding-2d", "step", "SHAPE_MISMATCH", dict(thresholding=True), n=3, shape=[3, 5])
error(
    "generator-and-variance-noise",
    "step",
    "REQUEST_INVALID",
    n=3,
    options=dict(eta=1.0, generator=True, variance_noise="variance_noise"),
    tape=variance_noise,
)
error("eta-too-large", "step", "NUMERIC", dict(clip_sample=False), n=5, options=dict(eta=3.0))
for call in ("add_noise", "get_velocity"):
    error(f"{call.replace('_', '-')}-past-table", call, "TIMESTEP_NOT_IN_PLAN", call=call, timesteps=[1000, 3])
