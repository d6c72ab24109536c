"""Golden cases of KDPM2DiscreteScheduler: the shared ones, and whole runs with both calls of every step."""

from diffusers import KDPM2DiscreteScheduler

from common import Recipe
from k_style import RESPACINGS, SD, SPACINGS, V, Common, alpha_sigma, index_of, respaced


def level(scheduler, t):
    """(alpha, sigma) of the sample that step will be given: in the middle of a step, that between two sigmas."""
    table = scheduler.sigmas if scheduler.state_in_first_order else scheduler.sigmas_interpol
    return alpha_sigma(table[index_of(scheduler, t)])


recipe = Recipe(KDPM2DiscreteScheduler, level, space="ve")
steps, error = recipe.steps, recipe.error
Common(recipe, order=2, predictions=("v_prediction",)).write()

# ---- all of a run, both calls of every step ----
for spacing in SPACINGS:
    steps(f"whole-{spacing}", dict(SD, timestep_spacing=spacing), n=6, count=11)
    steps(f"whole-{spacing}-v", {**SD, **V, "timestep_spacing": spacing}, n=4, count=7)
for name in RESPACINGS:
    steps(f"whole-{name}", {**SD, **respaced(name)}, n=6, count=11)
    steps(f"whole-{name}-v", {**SD, **V, **respaced(name)}, n=4, count=7)
recipe.add_noise("add-noise-between-timesteps", SD, n=10, rows=[1, 2, 7])

# ---- failures ----
error("spacing-unknown", "constructor", "CONFIG_INVALID", dict(timestep_spacing="karras"))
for spacing in ("leading", "trailing"):
    error(f"n-zero-{spacing}", "set_timesteps", "REQUEST_INVALID", dict(timestep_spacing=spacing), n=0)
for name in RESPACINGS:
    error(f"n-zero-{name}", "set_timesteps", "REQUEST_INVALID", respaced(name), n=0)
