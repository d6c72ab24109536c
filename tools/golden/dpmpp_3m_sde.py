"""Golden cases of DPMPP3MSDEScheduler: k-diffusion's sample_dpmpp_3m_sde, with its Brownian tree."""

import k_sampler_cases as shared
from k_diffusion_runs import Sampler, sampling
from k_style import SD


def run(model, x, sigmas, config, noise, request):
    options = dict(eta=config.get("eta", 1.0), s_noise=config.get("s_noise", 1.0))
    return sampling.sample_dpmpp_3m_sde(model, x, sigmas, noise_sampler=noise, disable=True, **options)


recipe = Sampler("DPMPP3MSDEScheduler", run, own=("eta", "noise_sampler_seed"), brownian=True)
for part in (shared.schedules, shared.custom, shared.shapes, shared.noise, shared.refusals):
    part(recipe)
shared.counts(recipe, few=(2, 3))  # k-diffusion runs into UnboundLocalError where the only step is the one to 0
recipe.steps("seeds", dict(SD, noise_sampler_seed=[3, 4]), n=3)
recipe.steps("seed-wide", dict(SD, noise_sampler_seed=2**53 - 1), n=3)
