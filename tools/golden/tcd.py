"""Golden cases of TCDScheduler: eta, the level that a jump aims at, grids, and each way to fail."""

from diffusers import TCDScheduler

from common import Recipe, dashed
from distilled import FULL, SHORT, ZERO_SNR_V, level, schedule_cases

recipe = Recipe(TCDScheduler, level)
steps, error = recipe.steps, recipe.error
ETAS = (0.0, 0.001, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0)
PREDICTIONS = ("epsilon", "sample", "v_prediction")

# ---- each config key alone ----
steps("default", n=4)
steps("num-train-timesteps-100", dict(num_train_timesteps=100), n=4)
steps("num-train-timesteps-37", dict(num_train_timesteps=37, original_inference_steps=9), n=4)
steps("beta-start", dict(beta_start=0.001), n=4)
steps("beta-end", dict(beta_end=0.02), n=4)
steps("beta-linear", dict(beta_schedule="linear"), n=4)
steps("beta-squaredcos", dict(beta_schedule="squaredcos_cap_v2"), n=4)
steps("trained-betas", dict(num_train_timesteps=8, trained_betas=SHORT, original_inference_steps=4), n=3)
steps("trained-betas-longer", dict(num_train_timesteps=6, trained_betas=SHORT, original_inference_steps=3), n=3)
for original in (4, 8, 30, 100, 1000):
    steps(f"original-{original}", dict(original_inference_steps=original), n=4)
steps("set-alpha-to-one-off", dict(set_alpha_to_one=False), n=4)
steps("prediction-sample", dict(prediction_type="sample"), n=4)
steps("prediction-v", dict(prediction_type="v_prediction"), n=4)
steps("zero-snr-v", ZERO_SNR_V, n=4)
steps("zero-snr-sample", dict(rescale_betas_zero_snr=True, prediction_type="sample"), n=4)
for name, config in (
    ("clip-sample", dict(clip_sample=True, clip_sample_range=0.1)),
    ("thresholding", dict(thresholding=True, dynamic_thresholding_ratio=0.5, sample_max_value=1.5)),
    ("thresholding-2d", dict(thresholding=True)),
    ("steps-offset", dict(steps_offset=3)),
    ("spacing-linspace", dict(timestep_spacing="linspace")),
    ("spacing-trailing", dict(timestep_spacing="trailing")),
    ("timestep-scaling", dict(timestep_scaling=0.01)),
):
    steps(f"{name}-unused", config, n=3, **(dict(shape=[3, 5]) if name == "thresholding-2d" else {}))

# ---- eta, and what it interacts with ----
for eta in ETAS:
    options = dict(eta=eta)
    for n in (1, 2, 4):
        steps(dashed("eta", eta, "n", n), n=n, options=options)
    for prediction in PREDICTIONS:
        steps(dashed("eta", eta, prediction), dict(prediction_type=prediction), n=8, count=8, options=options)
    steps(dashed("eta", eta, "squaredcos"), dict(beta_schedule="squaredcos_cap_v2"), n=4, options=options)
    steps(dashed("eta", eta, "adjacent"), FULL, n=1000, first=600, count=3, options=options)
    steps(dashed("eta", eta, "last-steps"), FULL, n=1000, first=996, options=options)
    steps(dashed("eta", eta, "zero-snr-v"), ZERO_SNR_V, n=3, options=options)
    steps(dashed("eta", eta, "ends-in-zero"), request=dict(timesteps=[999, 10, 1, 0]), options=options)
    steps(dashed("eta", eta, "strength-trimmed"), request=dict(timesteps=[999, 759, 499], strength=0.7), options=options)
    steps(dashed("eta", eta, "float16"), n=4, dtype="float16", options=options)
# (1 - eta) t' is a float32 product before it is cut to an integer.
steps("eta-0-3-cut-in-float32", request=dict(timesteps=[999, 110, 90, 70, 50, 30, 20, 10]), options=dict(eta=0.3))
steps("eta-0-9-cut-in-float32", request=dict(timesteps=[999, 700, 500, 300, 110, 90, 70, 10]), options=dict(eta=0.9))
# A timestep below 0 wraps where a jump aims at it; with eta 0 nothing is divided by its level.
for one in (True, False):
    config, request = dict(set_alpha_to_one=one), dict(timesteps=[999, 500, -1])
    steps(dashed("timesteps-negative-alpha", int(one)), config, request=request, options=dict(eta=0.0))
steps("eta-1-timesteps-negative", request=dict(timesteps=[999, -300, -500]), first=2, options=dict(eta=1.0))

# ---- an original step count in the request opens every timestep ----
for original in (4, 50, 1000, 5000):
    steps(f"request-any-timestep-{original}", n=4, request=dict(original_inference_steps=original))
steps("request-any-timestep-strength", n=4, request=dict(original_inference_steps=50, strength=0.37))
steps("request-original-zero-custom", request=dict(timesteps=[900, 20], original_inference_steps=0))
error("request-original-zero", "set_timesteps", "REQUEST_INVALID", n=4, request=dict(original_inference_steps=0))
error("request-original-exceeded", "set_timesteps", "REQUEST_INVALID", n=4, request=dict(original_inference_steps=3))

# ---- the schedule, and what both distilled schedulers refuse ----
schedule_cases(recipe)

# ---- further failures ----
for eta in (-0.1, 1.1):
    error(dashed("eta", eta), "step", "REQUEST_INVALID", n=4, options=dict(eta=eta))
error("timesteps-negative", "step", "NUMERIC", request=dict(timesteps=[999, 500, -1]))
error("timesteps-below-table", "step", "TIMESTEP_NOT_IN_PLAN", request=dict(timesteps=[999, -1001]), options=dict(eta=0.0))
