"""Golden cases of EulerAncestralDiscreteScheduler: the shared ones, zero terminal SNR, and draws of every step. Cosine betas run
on step counts at which upstream stays finite: at others rounding makes a radicand negative (upstream issue 14213)."""

from diffusers import EulerAncestralDiscreteScheduler

from common import Recipe
from k_style import COSINE, SD, SPACINGS, V, Common, level

recipe = Recipe(EulerAncestralDiscreteScheduler, level, space="ve")
steps, error = recipe.steps, recipe.error
Common(recipe, predictions=("v_prediction",), respacings=()).write()

# ---- zero terminal SNR ----
ZERO = dict(SD, rescale_betas_zero_snr=True)
steps("zero-snr", dict(rescale_betas_zero_snr=True), n=5)
for spacing in SPACINGS:
    steps(f"zero-snr-v-{spacing}", {**ZERO, **V, "timestep_spacing": spacing}, n=8)
steps("zero-snr-n-1-trailing", {**ZERO, **V, "timestep_spacing": "trailing"}, n=1)
steps("zero-snr-without-set-timesteps", ZERO, request=None, count=2)

# ---- a generator of one's own, whole runs, the noise of float16 ----
steps("generator", SD, n=4, options=dict(generator=True))
for spacing in SPACINGS:
    steps(f"whole-{spacing}", dict(SD, timestep_spacing=spacing), n=12, count=12)
steps("squaredcos-v-trailing", {**COSINE, **V, "timestep_spacing": "trailing"}, n=20, count=20)
steps("float16-zero-snr-v", {**ZERO, **V, "timestep_spacing": "trailing"}, n=4, dtype="float16")

# ---- failures ----
error("spacing-unknown", "set_timesteps", "CONFIG_INVALID", dict(timestep_spacing="karras"), n=5)
for spacing in ("leading", "trailing"):
    error(f"n-zero-{spacing}", "set_timesteps", "REQUEST_INVALID", dict(timestep_spacing=spacing), n=0)
error("n-zero-linspace", "step", "REQUEST_INVALID", n=0, times=[999.0])
