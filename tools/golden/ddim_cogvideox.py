"""Golden cases of CogVideoXDDIMScheduler: those of both CogVideoX schedulers, and the arguments of step, which do nothing."""

from diffusers import CogVideoXDDIMScheduler

from cogvideox import V, level, shared_cases
from common import Recipe
from tape import normal

recipe = Recipe(CogVideoXDDIMScheduler, level)
shared_cases(recipe)
recipe.steps("eta-unused", V, n=3, options=dict(eta=1.0))
recipe.steps("use-clipped-unused", V, n=3, options=dict(use_clipped_model_output=True))
recipe.steps(
    "variance-noise-unused",
    V,
    n=3,
    options=dict(variance_noise="variance_noise"),
    tape=lambda case, i: normal(case, f"variance_noise.{i}"),
)
recipe.steps("timestep-between", V, n=10, times=[750, 333, 10])
