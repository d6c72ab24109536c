"""Golden cases of LCMScheduler: grids, custom timesteps, strength, the boundary condition, and each way to fail."""

from diffusers import LCMScheduler
from diffusers.schedulers import scheduling_lcm
from diffusers.schedulers.scheduling_ddim import DDIMSchedulerOutput

from common import Recipe, dashed
from distilled import SHORT, ZERO_SNR_V, level, schedule_cases

# LCM calls its clean sample "denoised"; the cases call it x0, as everywhere.
scheduling_lcm.LCMSchedulerOutput = lambda prev_sample, denoised: DDIMSchedulerOutput(prev_sample, denoised)

recipe = Recipe(LCMScheduler, level)
steps, error = recipe.steps, recipe.error

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
steps("clip-sample", dict(clip_sample=True), n=4)
steps("clip-range-half", dict(clip_sample=True, clip_sample_range=0.5), n=4)
steps("clip-range-without-clip", dict(clip_sample_range=0.5), n=2)
steps("set-alpha-to-one-off", dict(set_alpha_to_one=False), n=4)
steps("steps-offset-unused", dict(steps_offset=3), n=4)
for spacing in ("linspace", "trailing"):
    steps(f"spacing-{spacing}-unused", dict(timestep_spacing=spacing), n=4)
steps("prediction-sample", dict(prediction_type="sample"), n=4)
steps("prediction-v", dict(prediction_type="v_prediction"), n=4)
steps("thresholding", dict(thresholding=True), n=4)
for ratio in (0.5, 0.9, 1.0):
    config = dict(thresholding=True, dynamic_thresholding_ratio=ratio, sample_max_value=10.0)
    steps(dashed("thresholding-ratio", ratio), config, n=3)
for top in (1.5, 100.0, 0.8):
    steps(dashed("thresholding-max", top), dict(thresholding=True, sample_max_value=top), n=3)
for scaling in (0.0, 0.01, 1.0, 100.0):
    steps(dashed("timestep-scaling", scaling), dict(timestep_scaling=scaling), n=4)
steps("zero-snr-v", ZERO_SNR_V, n=4)
steps("zero-snr-sample", dict(rescale_betas_zero_snr=True, prediction_type="sample"), n=4)

# ---- pairs that interact ----
steps("thresholding-wins-over-clip", dict(thresholding=True, clip_sample=True, clip_sample_range=0.3), n=3)
steps("thresholding-3d", dict(thresholding=True, sample_max_value=2.0), n=3, shape=[3, 5, 2])
for prediction in ("epsilon", "sample", "v_prediction"):
    config = dict(prediction_type=prediction)
    steps(dashed("clipped", prediction), dict(config, clip_sample=True), n=3)
    steps(dashed("thresholding", prediction), dict(config, thresholding=True, sample_max_value=2.0), n=3)
    steps(dashed("scaling-small", prediction), dict(config, timestep_scaling=0.001), n=3)
    steps(dashed("squaredcos", prediction), dict(config, beta_schedule="squaredcos_cap_v2"), n=3)
    steps(dashed("linear", prediction), dict(config, beta_schedule="linear", beta_start=1e-4, beta_end=0.02), n=3)
    steps(dashed("low-noise", prediction), dict(config, timestep_scaling=0.1), request=dict(timesteps=[19, 3, 1, 0]))
steps("zero-snr-v-clip", dict(ZERO_SNR_V, clip_sample=True), n=3)

# ---- custom timesteps below 0 ----
for one in (True, False):
    config = dict(set_alpha_to_one=one)
    steps(dashed("timesteps-negative-alpha", int(one)), config, request=dict(timesteps=[999, 500, -1]))
    steps(dashed("timesteps-two-negative-alpha", int(one)), config, request=dict(timesteps=[800, -5, -300]))

# ---- the schedule, and what both distilled schedulers refuse ----
schedule_cases(recipe)

# ---- further dtypes and failures ----
for name, config in (
    ("thresholding", dict(thresholding=True, sample_max_value=2.0)),
    ("clip", dict(clip_sample=True)),
):
    steps(f"float16-{name}", config, n=4, dtype="float16")
error("thresholding-1d", "step", "SHAPE_MISMATCH", dict(thresholding=True), n=3, shape=[5])
error("thresholding-2d", "step", "SHAPE_MISMATCH", dict(thresholding=True), n=3, shape=[3, 5])
over = dict(original_inference_steps=1001)
error("request-original-over-train", "set_timesteps", "REQUEST_INVALID", n=4, request=over)
error("timesteps-below-table", "step", "TIMESTEP_NOT_IN_PLAN", request=dict(timesteps=[999, -1001]))
