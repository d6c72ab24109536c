"""Golden cases of HeunDiscreteScheduler: the shared ones, betas by exp, clipping, custom timesteps, a begin index in the middle
of a step, and each further way to fail."""

from diffusers import HeunDiscreteScheduler

from common import Recipe
from k_style import RESPACINGS, SD, SPACINGS, V, Common, level, respaced

recipe = Recipe(HeunDiscreteScheduler, level, space="ve")
steps, error = recipe.steps, recipe.error
Common(recipe, order=2).write()

# ---- keys of its own ----
steps("beta-exp", dict(beta_schedule="exp"), n=5)
steps("beta-exp-karras", dict(beta_schedule="exp", use_karras_sigmas=True), n=4)
steps("clip-sample", dict(clip_sample=True), n=4)
steps("clip-sample-range", dict(SD, clip_sample=True, clip_sample_range=0.4), n=4)
steps("clip-sample-range-unused", dict(SD, clip_sample_range=0.4), n=3)
for prediction in ("sample", "v_prediction"):
    name = prediction.replace("_prediction", "")
    steps(f"clip-sample-{name}", dict(SD, clip_sample=True, prediction_type=prediction), n=3)
steps("clip-sample-float16", dict(SD, clip_sample=True), n=3, dtype="float16")
steps("clip-sample-karras", dict(SD, clip_sample=True, use_karras_sigmas=True), n=3)

# ---- custom timesteps ----
AYS_TIMESTEPS = [999, 850, 736, 645, 545, 455, 343, 233, 124, 24]
steps("timesteps-ays", SD, request=dict(timesteps=AYS_TIMESTEPS), count=19)
steps("timesteps-fractional", SD, request=dict(timesteps=[950.5, 400.25, 10.125]))
steps("timesteps-ascending", SD, request=dict(timesteps=[100, 400, 800]))
steps("timesteps-twice-the-same", SD, request=dict(timesteps=[900, 500, 500, 100]))
steps("timesteps-leading-init-noise", dict(SD, timestep_spacing="leading"), request=dict(timesteps=[999, 500]))
steps("timesteps-one", SD, request=dict(timesteps=[600]))
steps("timesteps-v", {**SD, **V}, request=dict(timesteps=[900, 300]))
steps("timesteps-after-n", SD, request=dict(timesteps=[900, 300]), earlier=[dict(request=dict(num_inference_steps=5))])
recipe.add_noise("add-noise-duplicates", SD, request=dict(timesteps=[900, 500, 500, 100]), rows=[1, 3])
recipe.add_noise("add-noise-integer-timesteps", SD, request=dict(timesteps=[900, 500, 100]), timesteps=[900, 100])

# ---- all of a run, both calls of every step ----
for spacing in SPACINGS:
    steps(f"whole-{spacing}", dict(SD, timestep_spacing=spacing), n=6, count=11)
for name in RESPACINGS:
    steps(f"whole-{name}", {**SD, **respaced(name)}, n=6, count=11)

# ---- failures ----
error("spacing-unknown", "constructor", "CONFIG_INVALID", dict(timestep_spacing="karras"))
error("request-empty", "set_timesteps", "REQUEST_INVALID", request={})
error("request-n-and-timesteps", "set_timesteps", "REQUEST_INVALID", n=2, request=dict(timesteps=[999, 1]))
error("n-zero", "set_timesteps", "REQUEST_INVALID", n=0)
for name in RESPACINGS:
    error(
        f"timesteps-with-{name}", "set_timesteps", "CONFIG_CONFLICT", respaced(name), request=dict(timesteps=[999, 1])
    )
