"""Golden cases of LCMScheduler: grids, custom timesteps, strength, the boundary condition, and each way to fail."""

from diffusers import LCMScheduler
from diffusers.schedulers import scheduling_lcm
from diffusers.schedulers.scheduling_ddim import DDIMSchedulerOutput

from common import Recipe, dashed

# LCM calls its clean sample "denoised"; the cases call it x0, as everywhere.
scheduling_lcm.LCMSchedulerOutput = lambda prev_sample, denoised: DDIMSchedulerOutput(prev_sample, denoised)


def level(scheduler, t):
    alpha2 = scheduler.alphas_cumprod[int(t)]
    return alpha2**0.5, (1 - alpha2) ** 0.5


recipe = Recipe(LCMScheduler, level)
steps, error = recipe.steps, recipe.error
SHORT = [0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4]
ZERO_SNR_V = dict(rescale_betas_zero_snr=True, prediction_type="v_prediction")

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

# ---- step counts, the grid, strength ----
for n in (1, 2, 3, 5, 7, 8, 10, 20):
    steps(f"n-{n}", n=n)
steps("n-50-head", n=50, count=4)
steps("n-50-tail", n=50, first=46)
FULL = dict(original_inference_steps=1000)
for n in (999, 1000):
    steps(f"n-{n}-head", FULL, n=n, count=4)
    steps(f"n-{n}-tail", FULL, n=n, first=n - 4)
for original in (5, 33, 64, 200):
    steps(f"request-original-{original}", n=5, request=dict(original_inference_steps=original))
steps("request-original-wins", dict(original_inference_steps=10), n=12, request=dict(original_inference_steps=60), count=4)
for strength in (0.1, 0.3, 0.5, 0.75, 0.99):
    steps(dashed("strength", strength), n=4, request=dict(strength=strength))
steps("strength-one", n=4, request=dict(strength=1.0))
steps("strength-truncates", n=1, request=dict(strength=0.0399))
steps("strength-and-original", n=3, request=dict(strength=0.6, original_inference_steps=25))

# ---- custom timesteps ----
steps("timesteps", request=dict(timesteps=[999, 759, 499, 259]))
steps("timesteps-off-grid", request=dict(timesteps=[900, 700, 333, 20]))
steps("timesteps-one", request=dict(timesteps=[500]))
steps("timesteps-ending-in-zero", request=dict(timesteps=[999, 1, 0]))
steps("timesteps-longer-than-grid", dict(original_inference_steps=2), request=dict(timesteps=[999, 499, 100, 50]))
for one in (True, False):
    config = dict(set_alpha_to_one=one)
    steps(dashed("timesteps-negative-alpha", int(one)), config, request=dict(timesteps=[999, 500, -1]))
    steps(dashed("timesteps-two-negative-alpha", int(one)), config, request=dict(timesteps=[800, -5, -300]))
# The count stays that of the whole list, so that even the last step draws.
for strength in (0.3, 0.5, 0.75):
    steps(dashed("timesteps-strength", strength), request=dict(timesteps=[999, 759, 499, 259], strength=strength))

# ---- where a run starts, and what is called twice ----
steps("begin-index-2", n=4, begin_index=2)
steps("begin-index-last", n=4, begin_index=3)
steps("img2img-without-begin-index", n=8, first=5)
steps("begin-index-wins-over-timestep", n=4, begin_index=1, times=[999, 500])
steps("timestep-argument-counts", n=4, times=[999, 500, 333])
steps("set-timesteps-twice", n=3, earlier=[dict(request=dict(num_inference_steps=5), stepped=2)])
steps("set-timesteps-after-custom", n=3, earlier=[dict(request=dict(timesteps=[900, 20]), stepped=1)])
steps("begin-index-forgotten", n=3, earlier=[dict(request=dict(num_inference_steps=5), begin_index=2, stepped=1)])

# ---- shapes and dtypes ----
for name, shape in (("1x4x8x8", [1, 4, 8, 8]), ("1d", [5]), ("2d", [3, 5]), ("3d", [1, 16, 7]), ("5d", [2, 4, 3, 5, 5])):
    steps(f"shape-{name}", n=3, shape=shape)
for name, config in (
    ("epsilon", {}),
    ("v", dict(prediction_type="v_prediction")),
    ("zero-snr-v", ZERO_SNR_V),
    ("thresholding", dict(thresholding=True, sample_max_value=2.0)),
    ("clip", dict(clip_sample=True)),
):
    steps(f"float16-{name}", config, n=4, dtype="float16")

# ---- add_noise and get_velocity: by the timestep itself, whatever the schedule ----
for call in (recipe.add_noise, recipe.velocity):
    kind = call.__name__.replace("_", "-")
    call(f"{kind}-batch", timesteps=[0, 10, 500, 999])
    call(f"{kind}-squaredcos", dict(beta_schedule="squaredcos_cap_v2"), timesteps=[999, 400])
    call(f"{kind}-zero-snr", ZERO_SNR_V, timesteps=[999, 0])
    call(f"{kind}-in-schedule", n=4, timesteps=[759, 259])
    call(f"{kind}-after-steps", n=4, stepped=2, timesteps=[801, 3])
    call(f"{kind}-begin-index", n=4, begin_index=1, timesteps=[801, 3])
    call(f"{kind}-begin-index-after-steps", n=4, begin_index=1, stepped=2, timesteps=[999, 3])
    call(f"{kind}-float16", timesteps=[20, 700], dtype="float16")
    call(f"{kind}-5d", timesteps=[20, 700], shape=[2, 4, 3, 5, 5])
    call(f"{kind}-negative-timestep", timesteps=[-1, -1000])

# ---- failures ----
error("beta-schedule-unknown", "constructor", "CONFIG_INVALID", dict(beta_schedule="sigmoid"))
error("request-empty", "set_timesteps", "REQUEST_INVALID", request={})
error("n-and-timesteps", "set_timesteps", "REQUEST_INVALID", n=2, request=dict(timesteps=[9, 1]))
error("n-zero", "set_timesteps", "REQUEST_INVALID", n=0)
error("n-over-original", "set_timesteps", "REQUEST_INVALID", n=51)
error("n-over-train", "set_timesteps", "REQUEST_INVALID", FULL, n=1001)
error("n-over-strength", "set_timesteps", "REQUEST_INVALID", n=6, request=dict(strength=0.1))
error("strength-zero", "set_timesteps", "REQUEST_INVALID", n=2, request=dict(strength=0.0))
error("strength-negative", "set_timesteps", "REQUEST_INVALID", n=2, request=dict(strength=-0.5))
error("strength-over-one", "step", "REQUEST_INVALID", n=2, request=dict(strength=1.5))
error("original-over-train", "set_timesteps", "REQUEST_INVALID", dict(original_inference_steps=1001), n=4)
error("request-original-over-train", "set_timesteps", "REQUEST_INVALID", n=4, request=dict(original_inference_steps=1001))
error("original-zero", "set_timesteps", "REQUEST_INVALID", dict(original_inference_steps=0), n=4)
error("original-negative", "set_timesteps", "REQUEST_INVALID", dict(original_inference_steps=-3), n=4)
error("timesteps-ascending", "set_timesteps", "REQUEST_INVALID", request=dict(timesteps=[10, 20]))
error("timesteps-equal", "set_timesteps", "REQUEST_INVALID", request=dict(timesteps=[20, 20]))
error("timesteps-past-table", "set_timesteps", "REQUEST_INVALID", request=dict(timesteps=[1000, 20]))
error("timesteps-none-in-list", "set_timesteps", "REQUEST_INVALID", request=dict(timesteps=[]))
error("sigmas-not-accepted", "set_timesteps", "REQUEST_INVALID", request=dict(sigmas=[10.0, 1.0, 0.0]))
error("step-without-set-timesteps", "step", "TIMESTEPS_NOT_SET", request=None)
error("timestep-foreign", "step", "TIMESTEP_NOT_IN_PLAN", n=4, times=[500])
error("timestep-untrained", "step", "TIMESTEP_NOT_IN_PLAN", n=4, times=[999, 1000])
error("timesteps-below-table", "step", "TIMESTEP_NOT_IN_PLAN", request=dict(timesteps=[999, -1001]))
error("trained-betas-too-few", "step", "TIMESTEP_NOT_IN_PLAN", dict(trained_betas=SHORT), n=4)
error("prediction-type-unknown", "step", "CONFIG_INVALID", dict(prediction_type="flow_prediction"), n=4)
error("zero-snr-epsilon", "step", "NUMERIC", dict(rescale_betas_zero_snr=True), n=4)
error("thresholding-1d", "step", "SHAPE_MISMATCH", dict(thresholding=True), n=3, shape=[5])
error("thresholding-2d", "step", "SHAPE_MISMATCH", dict(thresholding=True), n=3, shape=[3, 5])
for call in ("add_noise", "get_velocity"):
    error(dashed(call, "past-table"), call, "TIMESTEP_NOT_IN_PLAN", call=call, timesteps=[1000, 3])
