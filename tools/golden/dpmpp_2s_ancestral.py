"""Golden cases of DPMPP2SAncestralScheduler: k-diffusion's sample_dpmpp_2s_ancestral."""

import k_sampler_cases as shared
from k_diffusion_runs import Sampler, sampling


def run(model, x, sigmas, config, noise, request):
    options = dict(eta=config.get("eta", 1.0), s_noise=config.get("s_noise", 1.0))
    silent = noise if options["eta"] else lambda *_: 0.0  # what is multiplied by 0 is not drawn here
    return sampling.sample_dpmpp_2s_ancestral(model, x, sigmas, noise_sampler=silent, disable=True, **options)


recipe = Sampler("DPMPP2SAncestralScheduler", run, own=("eta",), order=2)
for part in (shared.schedules, shared.custom, shared.counts, shared.shapes, shared.noise, shared.refusals):
    part(recipe)
