"""The random tape: what a case feeds to a scheduler, and how upstream's own sources of noise are recorded and
replayed. Every tensor depends on the case's id and its own name only, so that cases never disturb each other."""

import pinned  # noqa: F401  (first: fixes the instruction sets)

import hashlib
from contextlib import contextmanager

import torch


def source(case, name):
    """The generator of one tensor. `salt` in a case gives another tape."""
    digest = hashlib.sha256(f"{case['id']}{case.get('salt', '')}/{name}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:4], "little"))


def normal(case, name, shape=None):
    return torch.randn(tuple(shape or case["shape"]), generator=source(case, name))


def start_sample(recipe, case, alpha):
    """White noise; in variance-exploding space as large as the sample is at that noise level."""
    sample = normal(case, "x")
    return sample / alpha if recipe.space == "ve" else sample


def model_output(recipe, case, i, sample, alpha, sigma):
    """What a model would say if the velocity were white noise: x0 and epsilon then have unit size at every noise
    level."""
    v = normal(case, f"out.{i}")
    x = sample.float() * alpha if recipe.space == "ve" else sample.float()
    kind = case["config"].get("prediction_type", "epsilon")
    if kind == "epsilon":
        return sigma * x + alpha * v
    return alpha * x - sigma * v if kind in ("sample", "original_sample") else v


class Torch:
    """The torch module as a scheduler's module sees it, with a few names replaced."""

    def __init__(self, **names):
        self.__dict__.update(names)

    def __getattr__(self, name):
        return getattr(torch, name)


@contextmanager
def replaced(module, **names):
    """Replaces those of the names that the module has, for a while."""
    kept = {name: getattr(module, name) for name in names if hasattr(module, name)}
    for name in kept:
        setattr(module, name, names[name])
    try:
        yield
    finally:
        for name, value in kept.items():
            setattr(module, name, value)


def recording(module, draws, generator):
    """Within it, upstream's two sources of noise draw from `generator` and keep what they drew."""
    upstream = getattr(module, "randn_tensor", None)

    def randn_tensor(shape, dtype=None, **_):
        draws.append(upstream(tuple(shape), generator=generator, dtype=dtype))
        return draws[-1]

    def rand(shape, **_):
        draws.append(torch.rand(tuple(shape), generator=generator))
        return draws[-1]

    return replaced(module, randn_tensor=randn_tensor, torch=Torch(rand=rand))


def replaying_in_float64(module, draws):
    """Within it, the module's torch.float32 is torch.float64, and the noise is what was drawn before."""
    rest = iter(draws)
    return replaced(module, randn_tensor=lambda *_, **__: next(rest), torch=Torch(float32=torch.float64))
