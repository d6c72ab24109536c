"""Golden cases of KDPM2AncestralDiscreteScheduler: the shared ones, and whole runs with both calls of every step. The second call
draws. Cosine betas run on step counts at which upstream stays finite: at others rounding leaves nothing, or less, under the root of
sigma_down."""

from diffusers import KDPM2AncestralDiscreteScheduler

from common import Recipe
from k_style import COSINE, RESPACINGS, SD, SPACINGS, V, Common, alpha_sigma, index_of, respaced


def level(scheduler, t):
    """(alpha, sigma) of the sample that step will be given: in the middle of a step, that between two sigmas."""
    index = index_of(scheduler, t)
    first = scheduler.state_in_first_order
    return alpha_sigma(scheduler.sigmas[index] if first else scheduler.sigmas_interpol[index - 1])


recipe = Recipe(KDPM2AncestralDiscreteScheduler, level, space="ve")
steps, error = recipe.steps, recipe.error
Common(recipe, order=2, predictions=("v_prediction",)).write()
NAN = ("beta-squaredcos", "linspace-squaredcos", "trailing-squaredcos", "beta-squaredcos-v")
recipe.cases = [case for case in recipe.cases if case["id"].split("/")[1] not in NAN]
for spacing in ("linspace", "trailing"):
    for n in (11, 20):
        steps(f"squaredcos-{spacing}-n-{n}", dict(COSINE, timestep_spacing=spacing), n=n)

# ---- all of a run, both calls of every step ----
for spacing in SPACINGS:
    steps(f"whole-{spacing}", dict(SD, timestep_spacing=spacing), n=6, count=11)
    steps(f"whole-{spacing}-v", {**SD, **V, "timestep_spacing": spacing}, n=4, count=7)
for name in RESPACINGS:
    steps(f"whole-{name}", {**SD, **respaced(name)}, n=6, count=11)
    steps(f"whole-{name}-v", {**SD, **V, **respaced(name)}, n=4, count=7)
steps("generator", SD, n=4, options=dict(generator=True))
recipe.add_noise("add-noise-between-timesteps", SD, n=10, rows=[1, 2, 7])

# ---- failures ----
error("spacing-unknown", "constructor", "CONFIG_INVALID", dict(timestep_spacing="karras"))
for spacing in ("leading", "trailing"):
    error(f"n-zero-{spacing}", "set_timesteps", "REQUEST_INVALID", dict(timestep_spacing=spacing), n=0)
for name in RESPACINGS:
    error(f"n-zero-{name}", "set_timesteps", "REQUEST_INVALID", respaced(name), n=0)
