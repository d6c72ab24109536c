"""Golden data of Brownian noise, for packages/core/test/brownian: numpy's SeedSequence, torchsde's path and diffusers' sampler.

Run from the repository root:  .venv/bin/python tools/golden/brownian.py
Writes conformance/golden/rng/brownian/noise.json. Arrays are the base64 of their little-endian bytes.
"""

import pinned  # noqa: F401  (first: fixes the instruction sets)

import base64
import hashlib
import json
import math
import pathlib

import numpy
import torch
import torchsde
from diffusers.schedulers.scheduling_dpmsolver_sde import BrownianTreeNoiseSampler
from importlib.metadata import version

from ieee import ieee

OUT = pathlib.Path("conformance/golden/rng/brownian")
POOL = 24
# The last has more words than the pool.
ENTROPIES = [0, 1, 42, 2**31, 2**32, 2**63 - 2, 2**64 - 1, 2**70 + 5, 2 ** (32 * 30) + 12345]
SPAWNED = [(0, 0), (1, 1), (12345, 17), (2**33 + 5, 34)]
SD, AUDIO = (0.0291671, 14.614647), (0.3, 500.0)
SEEDS = [0, 42, 2**63 - 2]


def encode(tensor):
    return base64.b64encode(tensor.numpy().tobytes()).decode()


def single(x):
    """The float32 nearest to x, as a Python float."""
    return float(torch.tensor(x, dtype=torch.float32))


def sequences():
    cases = []
    for entropy in ENTROPIES:
        state = numpy.random.SeedSequence(entropy, pool_size=POOL).generate_state(30)
        children = [numpy.random.SeedSequence(entropy, spawn_key=key, pool_size=POOL) for key in SPAWNED]
        children = [child.generate_state(4).tolist() for child in children]
        cases.append({"entropy": str(entropy), "state": state.tolist(), "children": children})
    return {"spawned": SPAWNED, "cases": cases}


def levels(low, high, count):
    """Log-spaced, the ends included."""
    ratio = math.log(high / low) / (count - 1)
    return [single(low * math.exp(ratio * i)) for i in range(count)]


def queries(low, high):
    """The halves and the wholes of steps downwards, a few out of order, ties of Python's rounding, and beyond the ends."""
    steps = list(zip(levels(low, high, 9), levels(low, high, 9)[1:]))[::-1]
    asked = []
    for a, b in steps:
        asked += [(single(math.sqrt(a * b)), b), (a, b)]
    far = [(low, high), (steps[-1][0], steps[0][1]), (1.0078125, 1.0234375), (2.5390625, 3.9921875)]
    return [*asked, *far, (low - 0.01, 1.0), (high / 2, high + 1), steps[3], steps[3], (high + 1, high + 2)]


def path(seed, dtype, ends, size):
    low, high = map(single, ends)
    interval = torchsde.BrownianInterval(
        t0=low, t1=high, size=(size,), dtype=dtype, entropy=seed, tol=1e-6, pool_size=POOL, halfway_tree=True
    )
    asked = queries(low, high)
    return {
        "seed": str(seed),
        "dtype": str(dtype).split(".")[1],
        "start": low,
        "end": high,
        "size": size,
        "queries": asked,
        "increments": encode(torch.cat([interval(a, b) for a, b in asked])),
    }


def paths():
    plans = [(seed, dtype, ends) for seed in SEEDS for dtype in (torch.float32, torch.float64) for ends in (SD, AUDIO)]
    return [path(*plan, size=5 if plan[0] == 0 else 18) for plan in plans]


def sampler(seed, dtype, shape, manual=None):
    """Noise of a whole schedule by diffusers' sampler. seed None: from the global generator, seeded with `manual`."""
    if manual is not None:
        torch.manual_seed(manual)
    sigmas = torch.tensor(levels(*SD, 9)[::-1])
    noise = BrownianTreeNoiseSampler(torch.zeros(shape, dtype=dtype), sigmas.min().item(), sigmas.max().item(), seed)
    drawn = [noise(a, b) for a, b in zip(sigmas, sigmas[1:])]
    drawn.append(noise(sigmas[4], sigmas[3]))
    return {
        "seed": seed if seed is None else [str(s) for s in seed] if isinstance(seed, list) else str(seed),
        "manual_seed": manual,
        "dtype": str(dtype).split(".")[1],
        "shape": shape,
        "sigmas": sigmas.tolist(),
        "noise": encode(torch.stack(drawn).flatten()),
    }


def samplers():
    single_seeds = [sampler(seed, dtype, [2, 3, 4, 4]) for seed in (0, 2**40) for dtype in (torch.float32, torch.float64)]
    lists = [sampler(seed, torch.float32, [len(seed), 3, 7]) for seed in ([5], [1, 2], [3, 3, 2**62])]
    unset = [sampler(None, torch.float32, [2, 9], manual) for manual in (0, 1234)]
    return [*single_seeds, *lists, *unset]


def recipe():
    return {
        "recipe": "tools/golden/brownian.py",
        "sha256": hashlib.sha256(pathlib.Path(__file__).read_bytes()).hexdigest(),
        **{name: version(name).split("+")[0] for name in ("diffusers", "numpy", "torch", "torchsde")},
    }


def main():
    with ieee():
        data = {"sequences": sequences(), "paths": paths(), "samplers": samplers()}
    OUT.mkdir(parents=True, exist_ok=True)
    for name, value in (("noise", data), ("recipe", recipe())):
        (OUT / f"{name}.json").write_text(json.dumps(value, indent=1) + "\n")


if __name__ == "__main__":
    main()
