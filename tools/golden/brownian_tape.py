"""Upstream's Brownian noise in golden cases: a seed for every case, and the same noise for the runs that measure how exact
float32 is."""

import zlib

from diffusers.schedulers import scheduling_dpmsolver_sde as upstream

import torch


class Sampler(upstream.BrownianTreeNoiseSampler):
    """Upstream's sampler in float32, whatever the sample is. A float64 run, which only repeats a step, hears what was drawn last."""

    heard = None

    def __init__(self, x, *arguments, **keywords):
        super().__init__(x.float(), *arguments, **keywords)
        self.dtype = x.dtype

    def __call__(self, sigma, sigma_next):
        if self.dtype != torch.float64:
            Sampler.heard = super().__call__(sigma, sigma_next)
        return Sampler.heard.to(self.dtype)


def seeded(recipe, key="noise_sampler_seed", besides=()):
    """Gives every case of the recipe a seed of its own, and replaces the sampler of its module."""
    recipe.module.BrownianTreeNoiseSampler = Sampler
    for case in recipe.cases:
        name = case["id"].split("/")[1]
        if name not in besides:
            case["config"] = {key: zlib.crc32(name.encode()), **case["config"]}
