"""Golden cases of DPMSolverSDEScheduler: the shared ones, and whole runs with both calls of every step. Every case has a seed for
its Brownian path, so that the noise is part of what is compared: it is not on the tape."""

from diffusers import DPMSolverSDEScheduler

from brownian_tape import seeded
from common import Recipe
from k_style import COSINE, RESPACINGS, SD, SHORT, SPACINGS, V, Common, alpha_sigma, index_of, respaced


def level(scheduler, t):
    """(alpha, sigma) of the sample that step will be given: in the middle of a step, that between two sigmas."""
    first = scheduler.state_in_first_order
    return alpha_sigma(scheduler.sigmas[index_of(scheduler, t)] if first else scheduler.mid_point_sigma)


recipe = Recipe(DPMSolverSDEScheduler, level, space="ve")
steps, error = recipe.steps, recipe.error
Common(recipe, order=2, predictions=("v_prediction",), twice=False).write()

# timesteps of re-spacings are float64 logarithms, whose last bit is the C library's: none can be looked up
recipe.cases = [case for case in recipe.cases if not case["id"].endswith("/add-noise-karras")]

# ---- all of a run, both calls of every step ----
for spacing in SPACINGS:
    steps(f"whole-{spacing}", dict(SD, timestep_spacing=spacing), n=6, count=11)
    steps(f"whole-{spacing}-v", {**SD, **V, "timestep_spacing": spacing}, n=4, count=7)
for name in RESPACINGS:
    steps(f"whole-{name}", {**SD, **respaced(name)}, n=6, count=11)
    steps(f"whole-{name}-v", {**SD, **V, **respaced(name)}, n=4, count=7)
steps("whole-squaredcos", COSINE, n=6, count=11)

# ---- the noise ----
for seed in (0, 2**53 - 1):
    steps(f"seed-{seed}", dict(SD, noise_sampler_seed=seed), n=3)
steps("seeds", dict(SD, noise_sampler_seed=[3, 4]), n=3)
steps("seeds-one", dict(SD, noise_sampler_seed=[3]), n=3, shape=[1, 4, 8, 8])
steps("seeds-equal", dict(SD, noise_sampler_seed=[5, 5], use_karras_sigmas=True), n=3, shape=[2, 3, 5])
steps("no-seed-no-noise", SD, n=1)
for s_noise in (0.0, 0.9, 1.1):
    steps(f"s-noise-{s_noise:g}".replace(".", "-"), SD, n=3, options=dict(s_noise=s_noise))
recipe.add_noise("add-noise-between-timesteps", SD, n=10, rows=[1, 2, 7])

# ---- failures ----
error("seed-negative", "step", "REQUEST_INVALID", dict(SD, noise_sampler_seed=-1), n=3)
error("seeds-too-few", "step", "REQUEST_INVALID", dict(SD, noise_sampler_seed=[1]), n=3)
# timesteps beyond the trained ones have the largest sigma, and there is no noise between equal levels
error("sigma-twice", "step", "NUMERIC", dict(num_train_timesteps=12, trained_betas=SHORT), n=6)
error("spacing-unknown", "constructor", "CONFIG_INVALID", dict(timestep_spacing="karras"))
for spacing in ("leading", "trailing"):
    error(f"n-zero-{spacing}", "set_timesteps", "REQUEST_INVALID", dict(timestep_spacing=spacing), n=0)
for name in RESPACINGS:
    error(f"n-zero-{name}", "set_timesteps", "REQUEST_INVALID", respaced(name), n=0)

seeded(recipe, besides=("no-seed-no-noise",))
