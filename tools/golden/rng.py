"""Golden data of torch's CPU random streams, for packages/core/test/random.

Run from the repository root:  .venv/bin/python tools/golden/rng.py
Writes conformance/golden/rng/*.json. Arrays are the base64 of their little-endian bytes; long ones are a sha256 and
both ends. Running it twice gives the same bytes. Other machines with AVX2 or AVX-512 give the same float32 and 16-bit
numbers; the last bits of float64 normals come from the C library, whose version recipe.json names with the rest.
"""

import base64
import hashlib
import json
import math
import pathlib
import platform
import sys

import diffusers
import mpmath
import numpy
import torch
from diffusers.utils.torch_utils import randn_tensor

OUT = pathlib.Path("conformance/golden/rng")
DTYPES = {"float32": torch.float32, "float64": torch.float64, "float16": torch.float16, "bfloat16": torch.bfloat16}

EDGE_SEEDS = [0, 1, 42, 2**32 - 1, 2**32, 2**32 + 7, -1, -(2**63), 2**63 - 1, 2**63, 2**64 - 1, 1234567890123]
SEEDS = EDGE_SEEDS + [7919 * i + 3 for i in range(100 - len(EDGE_SEEDS))]
SIZES = [*range(1, 21), 31, 33, 100]
LARGE = 16384


def generator(seed):
    return torch.Generator().manual_seed(seed)


def raw(tensor):
    """The little-endian bytes of a tensor; numpy knows no bfloat16, so 16-bit floats go as integers."""
    return (tensor.view(torch.int16) if tensor.itemsize == 2 else tensor).numpy().tobytes()


def encode(tensor):
    return base64.b64encode(raw(tensor)).decode()


def digest(tensor, ends=4):
    return {
        "sha256": hashlib.sha256(raw(tensor)).hexdigest(),
        "first": encode(tensor[:ends]),
        "last": encode(tensor[-ends:]),
    }


def normal(size, gen, dtype="float32"):
    return torch.randn(size, generator=gen, dtype=DTYPES[dtype])


def uniform(size, gen, dtype="float32"):
    return torch.rand(size, generator=gen, dtype=DTYPES[dtype])


def short_draws():
    """For each edge seed, a fresh generator for each size; the arrays of all sizes stand one after another."""

    def all_sizes(draw, seed, dtype):
        return encode(torch.cat([draw(n, generator(seed), dtype) for n in SIZES]))

    cases = []
    for seed in EDGE_SEEDS:
        case = {"seed": str(seed)}
        for dtype in DTYPES:
            case[f"normal {dtype}"] = all_sizes(normal, seed, dtype)
        for dtype in ("float32", "float64"):
            case[f"uniform {dtype}"] = encode(uniform(20, generator(seed), dtype))
        cases.append(case)
    return {"sizes": SIZES, "cases": cases}


def large_draws():
    """Every seed at a latent's size; one seed past a million, odd, so that the redrawn tail comes after many twists."""
    cases = []
    for seed in SEEDS:
        cases.append(
            {
                "seed": str(seed),
                "size": LARGE,
                "normal float32": digest(normal(LARGE, generator(seed))),
                "normal float64": digest(normal(LARGE, generator(seed), "float64"), 16),
                "uniform float32": digest(uniform(LARGE, generator(seed))),
                "uniform float64": digest(uniform(LARGE, generator(seed), "float64")),
            }
        )
    huge = {"seed": "11", "size": 2**20 + 5}
    for dtype in ("float32", "float16", "bfloat16"):
        huge[f"normal {dtype}"] = digest(normal(huge["size"], generator(11), dtype))
    whole = {"seed": "5", "size": 4096, "normal float64": encode(normal(4096, generator(5), "float64"))}
    return {"cases": cases, "huge": huge, "whole": whole}


# One generator goes through a whole programme. Short draws keep half a pair for the next short draw; uniforms, integers
# and long draws in between must leave it alone.
PROGRAMMES = [
    "n32:5 n32:64 n32:3 u32:7 n32:1 n32:1 n64:3 n32:2",
    "n32:1 u64:3 n64:1 n32:17 n32:31 n32:33 n32:100 n32:1",
    "n64:17 n64:31 n64:33 n64:100 n64:15 n64:16 n64:1 u32:1",
    "n16:7 n16:17 n16:31 b16:33 b16:100 n16:16 b16:3 n32:1",
    "i10:5 n32:1 p9 n32:1 i1000:20 p100 n32:40 p1 p2 i5:3 u32:2",
    "u32:623 n32:16 u32:1 n32:16 n32:624 u64:311 n64:20 n32:9 n32:9",
    "n32:0 n64:0 u32:0 n32:3 n32:0 n32:3 p0 n32:1",
]
NAMES = {"32": "float32", "64": "float64"}


def step(word, gen):
    """One word of a programme: n/b/u = normal, normal bfloat16, uniform; i<high>:<n> = randint; p<n> = randperm."""
    kind, _, size = word[1:].partition(":")
    if word[0] == "p":
        return {"op": "randperm", "n": int(kind), "data": torch.randperm(int(kind), generator=gen).tolist()}
    size = int(size)
    if word[0] == "i":
        values = torch.randint(0, int(kind), (size,), generator=gen)
        return {"op": "randint", "low": "0", "high": kind, "n": size, "data": [str(v) for v in values.tolist()]}
    dtype = {"n": {**NAMES, "16": "float16"}, "b": {"16": "bfloat16"}, "u": NAMES}[word[0]][kind]
    draw = uniform if word[0] == "u" else normal
    return {"op": draw.__name__, "dtype": dtype, "n": size, "data": encode(draw(size, gen, dtype))}


def sequences():
    plans = [(seed, programme) for seed in (0, 77, 2**32 + 7, -1) for programme in PROGRAMMES]
    # The first block of these seeds holds a uniform 0, which gives the radius 0; its normals must not be -0.
    plans += [(seed, "n32:16 b16:16 n32:1") for seed in (1753191, 3109716)]
    cases = []
    for seed, programme in plans:
        gen = generator(seed)
        cases.append({"seed": str(seed), "programme": programme, "steps": [step(w, gen) for w in programme.split()]})
    return {"cases": cases}


def integers():
    ranges = [
        (0, 1), (-5, 6), (0, 2**28 - 1), (0, 2**28), (0, 2**31), (0, 2**32 - 1), (0, 2**32), (0, 2**32 + 1),
        (-(2**40), 2**52), (0, 2**53 + 1), (0, 2**63 - 1), (-(2**63), 2**63 - 1), (2**63 - 10, 2**63 - 1),
    ]  # fmt: skip
    cases = []
    for seed in (0, 2024):
        for low, high in ranges:
            values = torch.randint(low, high, (6,), generator=generator(seed)).tolist()
            cases.append({"seed": str(seed), "low": str(low), "high": str(high), "data": [str(v) for v in values]})
    perms = [{"seed": "3", "n": n, "data": torch.randperm(n, generator=generator(3)).tolist()} for n in (1, 2, 16, 50)]
    big = torch.randperm(100_000, generator=generator(3)).to(torch.int32)
    return {"randint": cases, "randperm": perms, "large": {"seed": "3", "n": 100_000, **digest(big)}}


def batches():
    """diffusers' randn_tensor: single generators, lists, and what it refuses."""
    plans = [
        ([3, 2, 5], [9], False, "float32"),
        ([3, 2, 5], [9], True, "float32"),
        ([3, 2, 5], [1, 2, 3], True, "float32"),
        ([3, 3, 7], [1, 2, 3], True, "float32"),
        ([2, 4, 8, 8], [1, 2], True, "float32"),
        ([2, 3, 7], [1, 2, 3, 4], True, "float32"),
        ([1, 3, 7], [5, 6], True, "float32"),
        ([2, 3, 7], [1, 2], True, "float64"),
        ([2, 3, 7], [1, 2], True, "float16"),
        ([2, 3, 7], [1, 2], True, "bfloat16"),
        ([2, 3], [1, 1], True, "float32"),
        ([3], [1, 2, 3], True, "float32"),
        ([3, 2], [1, 2], True, "float32"),
        ([2, 2], [], True, "float32"),
        ([], [1], False, "float32"),
        ([0, 2], [1, 2], True, "float32"),
    ]
    return {"cases": [batch(*plan) for plan in plans]}


def batch(shape, seeds, as_list, dtype):
    case = {"shape": shape, "seeds": [str(s) for s in seeds], "list": as_list, "dtype": dtype}
    gens = [generator(s) for s in seeds]
    try:
        out = randn_tensor(tuple(shape), gens if as_list else gens[0], dtype=DTYPES[dtype])
    except Exception as error:  # the class that upstream raises is the fact to keep
        return {**case, "raises": type(error).__name__}
    after = [encode(uniform(2, g)) for g in gens]  # shows which generators moved, and how far
    return {**case, "data": encode(out.flatten()), "after": after}


def exact_math():
    """Correctly rounded log(n 2^-53), sin and cos, from 200-bit arithmetic."""
    mpmath.mp.prec = 200
    integers = [1, 2, 3, 2**31, 2**32 - 1, 2**32, 2**32 + 1, 2**52 - 1, 2**52 + 1, 2**53 - 1, 2**53]
    integers += [int(2**53 * ((i * 0.6180339887498949) % 1.0)) for i in range(1, 60)]
    angles = [0.0, 2**-52, math.pi / 4, math.pi / 2, math.pi, 3 * math.pi / 2, math.nextafter(2 * math.pi, 0)]
    angles += [2 * math.pi * ((i * 0.7548776662466927) % 1.0) for i in range(1, 64)]
    return {
        "log53": [[n, float(mpmath.log(mpmath.mpf(n) / 2**53))] for n in integers],
        "sinCos": [[t, float(mpmath.sin(mpmath.mpf(t))), float(mpmath.cos(mpmath.mpf(t)))] for t in angles],
    }


def recipe():
    return {
        "recipe": "tools/golden/rng.py",
        "sha256": hashlib.sha256(pathlib.Path(__file__).read_bytes()).hexdigest(),
        "torch": torch.__version__,
        "diffusers": diffusers.__version__,
        "numpy": numpy.__version__,
        "mpmath": mpmath.__version__,
        "python": ".".join(map(str, sys.version_info[:3])),
        "libc": " ".join(platform.libc_ver()),
        "cpuCapability": torch.backends.cpu.get_cpu_capability(),
    }


def main():
    if torch.backends.cpu.get_cpu_capability() not in ("AVX2", "AVX512"):
        sys.exit("float32 normals come from torch's AVX2 kernel: run this on x86 with AVX2 or AVX-512")
    OUT.mkdir(parents=True, exist_ok=True)
    files = {
        "short": short_draws,
        "large": large_draws,
        "sequences": sequences,
        "integers": integers,
        "batches": batches,
        "exact-math": exact_math,
        "recipe": recipe,
    }
    for name, make in files.items():
        (OUT / f"{name}.json").write_text(json.dumps(make(), indent=1) + "\n")


if __name__ == "__main__":
    main()
