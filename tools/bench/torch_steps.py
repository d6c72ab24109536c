"""The other side of race.ts: runs of diffusers' schedulers and of k-diffusion's samplers on torch's CPU, one at a time as asked.

Reads a line of JSON {of, class, config, steps, calls, shape, threads} and answers with the microseconds of every step; first of all it says
versions and the threads that torch takes by itself. A step is what the loop does between two calls of the model: scale_model_input and step.
"""

import json
import sys
import warnings
from functools import cache
from importlib.util import find_spec
from time import perf_counter
from types import ModuleType

warnings.simplefilter("ignore")

import diffusers
import torch
from diffusers.schedulers import scheduling_consistency_decoder
from diffusers.schedulers.deprecated import scheduling_karras_ve, scheduling_sde_vp
from diffusers.utils import logging

logging.set_verbosity_error()
ELSEWHERE = {
    "ConsistencyDecoderScheduler": scheduling_consistency_decoder,
    "KarrasVeScheduler": scheduling_karras_ve,
    "ScoreSdeVpScheduler": scheduling_sde_vp,
}


@cache
def import_sampling():
    """k_diffusion.sampling without what the package needs for training."""
    package, utils, odes = map(ModuleType, ("k_diffusion", "k_diffusion.utils", "torchdiffeq"))
    package.__path__, package.utils = find_spec("k_diffusion").submodule_search_locations, utils
    utils.append_dims = lambda x, ndim: x.reshape(*x.shape, *[1] * (ndim - x.ndim))
    odes.odeint = None
    sys.modules.update({module.__name__: module for module in (package, utils, odes)})
    from k_diffusion import sampling

    return sampling


class Inputs:
    """What a run is fed with: as race.ts, the model answers the same wave at every step."""

    def __init__(self, shape):
        size = torch.Size(shape).numel()
        wave = torch.sin(torch.arange(size, dtype=torch.float32))
        self.x, self.out = wave.reshape(shape), torch.sin(wave).reshape(shape)
        self.image, self.mask = self.out, (self.x > 0).float()
        self.generator = torch.Generator().manual_seed(0)


# ---- steps whose call is not step(out, t, x)


def heun_of_karras(scheduler, t, x, given):
    """A step of Karras et al.'s sampler as its pipeline takes it: noise, Euler, correction."""
    sigma, sigma_prev = scheduler.schedule[t], scheduler.schedule[t - 1] if t > 0 else 0
    sample_hat, sigma_hat = scheduler.add_noise_to_input(x, sigma, generator=given.generator)
    step = scheduler.step(given.out, sigma_hat, sigma_prev, sample_hat)
    if sigma_prev == 0:
        return step.prev_sample
    corrected = scheduler.step_correct(given.out, sigma_hat, sigma_prev, sample_hat, step.prev_sample, step["derivative"])
    return corrected.prev_sample


def cogvideox(scheduler, t, x, given):
    """Upstream leaves the history to its pipeline."""
    back = getattr(scheduler, "bench_back", (None, None))
    if t == scheduler.timesteps[0]:
        back = (None, None)
    prev, x0 = scheduler.step(given.out, back[0], t, back[1], x, generator=given.generator, return_dict=False)
    scheduler.bench_back = (x0, t)
    return prev


def with_generator(scheduler, t, x, given):
    return scheduler.step(given.out, t, x, generator=given.generator).prev_sample


SPECIAL = {
    "CogVideoXDPMScheduler": cogvideox,
    "DDPMWuerstchenScheduler": lambda scheduler, t, x, given: with_generator(scheduler, t.expand(len(x)), x, given),
    "KarrasVeScheduler": heun_of_karras,
    "RePaintScheduler": lambda scheduler, t, x, given: scheduler.step(
        given.out, t, x, given.image, given.mask, given.generator
    ).prev_sample,
    "ScoreSdeVeScheduler": lambda scheduler, t, x, given: scheduler.step_pred(
        given.out, t, x, generator=given.generator
    ).prev_sample,
    "ScoreSdeVpScheduler": lambda scheduler, t, x, given: scheduler.step_pred(given.out, x, t, given.generator)[0],
}


def without_generator(scheduler, t, x, given):
    return scheduler.step(given.out, t, x).prev_sample


def call_of(scheduler):
    if special := SPECIAL.get(type(scheduler).__name__):
        return special
    return with_generator if "generator" in scheduler.step.__code__.co_varnames else without_generator


def of_diffusers(request):
    name = request["class"]
    scheduler = getattr(ELSEWHERE.get(name, diffusers), name)(**request["config"])
    given, step = Inputs(request["shape"]), call_of(scheduler)
    scale = getattr(scheduler, "scale_model_input", lambda x, t: x)

    def run():
        scheduler.set_timesteps(request["steps"])
        if hasattr(scheduler, "set_sigmas"):
            scheduler.set_sigmas(request["steps"])
        x, times = given.x * float(getattr(scheduler, "init_noise_sigma", 1)), []
        for t in scheduler.timesteps[: request["calls"]]:
            start = perf_counter()
            scale(x, t)
            x = step(scheduler, t, x, given)
            times.append(1e6 * (perf_counter() - start))
        return times

    return run


# ---- k-diffusion: its functions hold the loop, so the model keeps the time

SIGMAS = dict(sigma_min=0.0292, sigma_max=14.6146)


class Model:
    """k-diffusion's denoiser around a network that answers at once: x scaled for the network, its output taken for noise."""

    def __init__(self, given):
        self.given, self.asked, self.answered = given, [], []

    def __call__(self, x, sigma):
        sigma = sigma.reshape(-1, *[1] * (x.ndim - 1))
        x / (sigma**2 + 1) ** 0.5
        self.asked.append(perf_counter())
        self.answered.append(perf_counter())
        return x - self.given.out * sigma

    def times(self):
        ends = [*self.asked[1:], perf_counter()]
        return [1e6 * (end - start) for start, end in zip(self.answered, ends)]


def sampler_of(sampling, request, model, x):
    sigmas = sampling.get_sigmas_karras(request["steps"], **SIGMAS)
    low, high = (torch.tensor(SIGMAS[key]) for key in ("sigma_min", "sigma_max"))
    options = dict(disable=True)
    return {
        "DPMAdaptiveScheduler": lambda: sampling.sample_dpm_adaptive(model, x, low, high, **options),
        "DPMFastScheduler": lambda: sampling.sample_dpm_fast(model, x, low, high, request["steps"], **options),
        "DPMPP2SAncestralScheduler": lambda: sampling.sample_dpmpp_2s_ancestral(model, x, sigmas, **options),
        "DPMPP3MSDEScheduler": lambda: sampling.sample_dpmpp_3m_sde(model, x, sigmas, **options),
    }[request["class"]]


def of_k_diffusion(request):
    sampling, given = import_sampling(), Inputs(request["shape"])

    def run():
        model = Model(given)
        sampler_of(sampling, request, model, given.x * SIGMAS["sigma_max"])()
        return model.times()

    return run


def randn(request):
    generator = torch.Generator().manual_seed(0)

    def run():
        start = perf_counter()
        torch.randn(request["shape"], generator=generator)
        return [1e6 * (perf_counter() - start)]

    return run


KINDS = {"diffusers": of_diffusers, "k-diffusion": of_k_diffusion, "randn": randn}
versions = {"torch": torch.__version__, "diffusers": diffusers.__version__}
print(json.dumps({**versions, "threads": torch.get_num_threads()}), flush=True)
runs = {}
with torch.no_grad():
    for line in sys.stdin:
        request = json.loads(line)
        torch.set_num_threads(request.pop("threads"))
        key = json.dumps(request)
        if key not in runs:
            runs = {key: KINDS[request["of"]](request)}
        print(json.dumps(runs[key]()), flush=True)
