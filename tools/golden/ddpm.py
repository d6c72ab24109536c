"""Golden cases of DDPMScheduler: the variance types, custom timesteps, and each way to fail."""

import torch
from diffusers import DDPMScheduler

from common import Recipe, dashed
from tape import model_output, source


def level(scheduler, t):
    alpha2 = scheduler.alphas_cumprod[int(t)]
    return alpha2**0.5, (1 - alpha2) ** 0.5


def outputs(recipe, case, i, sample, alpha, sigma):
    """A model with learned variances has twice the channels: variances in [0, 0.1), or a mix in [-1, 1) for the
    range."""
    mean = model_output(recipe, case, i, sample, alpha, sigma)
    kind, variant = case["config"].get("variance_type", ""), case.get("variant")
    if variant != "doubled" and (variant == "single" or not kind.startswith("learned")):
        return mean
    uniform = torch.rand(sample.shape, generator=source(case, f"variance.{i}"))
    learned = uniform * 2 - 1 if kind == "learned_range" else -uniform if variant == "negative" else uniform * 0.1
    return torch.cat([mean, learned], dim=1)


recipe = Recipe(DDPMScheduler, level, outputs=outputs)
steps, error = recipe.steps, recipe.error
SD = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False)
SHORT = [0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4]
SPACINGS = ("linspace", "leading", "trailing")
PREDICTIONS = ("epsilon", "sample", "v_prediction")
VARIANCES = ("fixed_small", "fixed_small_log", "fixed_large", "learned", "learned_range")


# ---- each config key alone ----
steps("default", n=10)
steps("num-train-timesteps-100", dict(num_train_timesteps=100), n=10)
steps("num-train-timesteps-37", dict(num_train_timesteps=37), n=5)
steps("beta-start", dict(beta_start=0.001), n=5)
steps("beta-end", dict(beta_end=0.03), n=5)
for schedule in ("scaled_linear", "squaredcos_cap_v2", "sigmoid", "laplace"):
    steps(dashed("beta", schedule), dict(beta_schedule=schedule), n=7)
    steps(
        dashed("beta", schedule, "trailing-v"),
        dict(beta_schedule=schedule, timestep_spacing="trailing", prediction_type="v_prediction"),
        n=5,
    )
steps("trained-betas", dict(num_train_timesteps=8, trained_betas=SHORT), n=4)
steps("trained-betas-longer-than-n", dict(num_train_timesteps=6, trained_betas=SHORT), n=6)
for variance in VARIANCES:
    steps(dashed("variance", variance), dict(variance_type=variance), n=5)
steps("clip-sample-off", dict(clip_sample=False), n=5)
for top in (2.0, 0.5):
    steps(dashed("clip-range", top), dict(clip_sample_range=top), n=5)
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
steps("thresholding-wins-over-clip", dict(thresholding=True, clip_sample_range=0.3, sample_max_value=3.0), n=3)
steps("spacing-linspace", dict(timestep_spacing="linspace"), n=5)
steps("spacing-trailing", dict(timestep_spacing="trailing"), n=5)
steps("steps-offset-1", dict(steps_offset=1), n=5)
steps("zero-snr-v", dict(rescale_betas_zero_snr=True, prediction_type="v_prediction"), n=5)

# ---- pairs that interact ----
for spacing in SPACINGS:
    for prediction in PREDICTIONS:
        steps(
            dashed(spacing, prediction),
            dict(timestep_spacing=spacing, prediction_type=prediction, clip_sample=False),
            n=7,
            count=4,
        )
    for variance in VARIANCES:
        steps(dashed(spacing, variance), dict(SD, timestep_spacing=spacing, variance_type=variance), n=6, first=3)
    steps(dashed(spacing, "offset-3"), dict(timestep_spacing=spacing, steps_offset=3), n=6, count=3)
for variance in VARIANCES:
    steps(dashed(variance, "squaredcos"), dict(variance_type=variance, beta_schedule="squaredcos_cap_v2"), n=5)
    steps(dashed(variance, "v"), dict(SD, variance_type=variance, prediction_type="v_prediction"), n=4)
    steps(dashed(variance, "adjacent-steps"), dict(SD, variance_type=variance), n=1000, first=500, count=3)
    steps(dashed(variance, "last-steps"), dict(SD, variance_type=variance), n=1000, first=997)
    steps(dashed(variance, "thresholding"), dict(variance_type=variance, thresholding=True, sample_max_value=2.0), n=3)
    # A last timestep above 0 still draws; its variance, which is 0, is clamped to 1e-20.
    steps(dashed(variance, "ends-above-zero"), dict(SD, variance_type=variance, steps_offset=1), n=5, first=3)
    steps(dashed(variance, "timesteps-one"), dict(SD, variance_type=variance), request=dict(timesteps=[700]))
for variance in ("fixed_small", "fixed_large", "learned_range"):
    config = dict(
        rescale_betas_zero_snr=True, prediction_type="v_prediction", timestep_spacing="trailing", variance_type=variance
    )
    steps(dashed("zero-snr-v-trailing", variance), config, n=5)
steps("zero-snr-epsilon-leading", dict(rescale_betas_zero_snr=True), n=5)  # leading starts at 800: no division by zero
steps(
    "zero-snr-sample-trailing",
    dict(rescale_betas_zero_snr=True, prediction_type="sample", timestep_spacing="trailing"),
    n=5,
)
steps("learned-single-channel", dict(variance_type="learned"), n=3, shape=[2, 1, 3, 3])
steps("learned-range-3d", dict(variance_type="learned_range"), n=3, shape=[2, 4, 6])

# ---- custom timesteps, and none at all ----
steps("timesteps", SD, request=dict(timesteps=[999, 850, 736, 645, 545, 455, 343, 233, 124, 24]))
steps("timesteps-ending-in-zero", SD, request=dict(timesteps=[999, 1, 0]))
steps("timesteps-one", SD, request=dict(timesteps=[500]))
steps("timesteps-fixed-large", dict(SD, variance_type="fixed_large"), request=dict(timesteps=[900, 899, 3]))
steps("timesteps-learned-range", dict(SD, variance_type="learned_range"), request=dict(timesteps=[900, 899, 3]))
steps("without-set-timesteps", SD, request=None, count=3)
steps("without-set-timesteps-tail", SD, request=None, first=997)
steps("without-set-timesteps-any", SD, request=None, times=[500, 20, 1, 0])

# ---- step counts ----
for n in (1, 2, 3):
    for spacing in SPACINGS:
        steps(f"n-{n}-{spacing}", dict(SD, timestep_spacing=spacing), n=n)
steps("n-13", SD, n=13, count=4)
steps("n-20-all", SD, n=20, count=20)
steps("n-50", SD, n=50, count=4)
steps("n-50-tail", SD, n=50, first=46)
for n in (999, 1000):
    for spacing in SPACINGS:
        steps(f"n-{n}-{spacing}-head", dict(timestep_spacing=spacing, clip_sample=False), n=n, count=4)
        steps(f"n-{n}-{spacing}-tail", dict(timestep_spacing=spacing, clip_sample=False), n=n, first=n - 4)
for n in (61, 103):  # numpy's arange overshoots: a further timestep, -1, which reads the noisiest entry
    steps(f"trailing-overshoot-{n}", dict(timestep_spacing="trailing"), n=n, first=n - 3)

# ---- where a run starts, and what is called twice ----
steps("img2img-strength-half", SD, n=10, first=5)
steps("set-timesteps-twice", SD, n=5, earlier=[dict(request=dict(num_inference_steps=9), stepped=3)])
steps("set-timesteps-after-custom", SD, n=3, earlier=[dict(request=dict(timesteps=[900, 20]), stepped=1)])
steps(
    "custom-after-set-timesteps",
    SD,
    request=dict(timesteps=[900, 20]),
    earlier=[dict(request=dict(num_inference_steps=7), stepped=1)],
)

# ---- shapes and dtypes ----
for name, shape in (("1x4x8x8", [1, 4, 8, 8]), ("2d", [3, 5]), ("3d", [1, 16, 7]), ("5d", [2, 4, 3, 5, 5])):
    steps(f"shape-{name}", SD, n=3, shape=shape)
for name, config in (
    ("epsilon", SD),
    ("v-trailing", dict(prediction_type="v_prediction", timestep_spacing="trailing")),
    ("thresholding", dict(thresholding=True, sample_max_value=2.0)),
    ("fixed-small-log", dict(SD, variance_type="fixed_small_log")),
    ("learned-range", dict(SD, variance_type="learned_range")),
):
    steps(f"float16-{name}", config, n=5, dtype="float16")

# ---- add_noise and get_velocity: stateless, indexed by the timestep itself ----
for call in (recipe.add_noise, recipe.velocity):
    kind = call.__name__.replace("_", "-")
    call(f"{kind}-batch", SD, timesteps=[0, 10, 500, 999])
    call(f"{kind}-sigmoid", dict(beta_schedule="sigmoid"), timesteps=[999, 1])
    call(f"{kind}-laplace", dict(beta_schedule="laplace"), timesteps=[999, 400])
    call(f"{kind}-zero-snr", dict(rescale_betas_zero_snr=True), timesteps=[999, 0])
    call(f"{kind}-after-steps", SD, n=5, stepped=2, timesteps=[801, 3])
    call(f"{kind}-float16", SD, timesteps=[20, 700], dtype="float16")
    call(f"{kind}-5d", SD, timesteps=[20, 700], shape=[2, 4, 3, 5, 5])

# ---- failures ----
error("beta-schedule-unknown", "constructor", "CONFIG_INVALID", dict(beta_schedule="exp"))
error("n-over-train", "set_timesteps", "REQUEST_INVALID", n=1001)
error("n-and-timesteps", "set_timesteps", "REQUEST_INVALID", n=2, request=dict(timesteps=[9, 1]))
error("request-empty", "set_timesteps", "REQUEST_INVALID", request={})
for spacing in ("leading", "trailing"):
    error(f"n-zero-{spacing}", "set_timesteps", "REQUEST_INVALID", dict(timestep_spacing=spacing), n=0)
error("timesteps-ascending", "set_timesteps", "REQUEST_INVALID", request=dict(timesteps=[10, 20]))
error("timesteps-equal", "set_timesteps", "REQUEST_INVALID", request=dict(timesteps=[20, 20]))
error("timesteps-past-table", "set_timesteps", "REQUEST_INVALID", request=dict(timesteps=[1000, 20]))
error("timesteps-none-in-list", "set_timesteps", "REQUEST_INVALID", request=dict(timesteps=[]))
error("sigmas-not-accepted", "set_timesteps", "REQUEST_INVALID", request=dict(sigmas=[10.0, 1.0, 0.0]))
error("spacing-unknown", "set_timesteps", "CONFIG_INVALID", dict(timestep_spacing="karras"), n=5)
error("prediction-type-unknown", "step", "CONFIG_INVALID", dict(prediction_type="flow_prediction"), n=5)
error("timestep-foreign", "step", "TIMESTEP_NOT_IN_PLAN", n=5, times=[123])
error("timestep-past-table", "step", "TIMESTEP_NOT_IN_PLAN", request=None, times=[1000])
error("offset-past-table", "step", "TIMESTEP_NOT_IN_PLAN", dict(num_train_timesteps=100, steps_offset=10), n=10)
error(
    "zero-snr-epsilon",
    "step",
    "NUMERIC",
    dict(rescale_betas_zero_snr=True, timestep_spacing="trailing", clip_sample=False),
    n=5,
)
error("fixed-large-log", "step", "NUMERIC", dict(variance_type="fixed_large_log"), n=5)
error("fixed-large-log-clip-off", "step", "NUMERIC", dict(SD, variance_type="fixed_large_log"), n=5, first=2)
error("learned-negative", "step", "NUMERIC", dict(variance_type="learned"), n=5, variant="negative")
for variance in ("learned", "learned_range"):
    error(
        dashed(variance, "without-variance"),
        "step",
        "SHAPE_MISMATCH",
        dict(variance_type=variance),
        n=5,
        variant="single",
    )
error("fixed-small-with-variance", "step", "SHAPE_MISMATCH", n=5, variant="doubled")
error("thresholding-1d", "step", "SHAPE_MISMATCH", dict(thresholding=True), n=3, shape=[5])
error("thresholding-2d", "step", "SHAPE_MISMATCH", dict(thresholding=True), n=3, shape=[3, 5])
for call in ("add_noise", "get_velocity"):
    error(dashed(call, "past-table"), call, "TIMESTEP_NOT_IN_PLAN", call=call, timesteps=[1000, 3])
