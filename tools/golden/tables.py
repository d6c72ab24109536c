"""Writes conformance/golden/tables: schedule tables of real diffusers, and the same formulas in float64. Run it as it is;
--check compares instead of writing.

The goldens are what upstream gives with correctly rounded square roots (see ieee.py); where the root as shipped gives other
bits, the case says in how many entries and by how much ("shipped").
"""

import pinned  # noqa: F401  (first: fixes the instruction sets)

import argparse
import hashlib
import json
import math
import sys
from pathlib import Path

import diffusers
import numpy as np
import scipy.stats
import torch
from diffusers.utils import logging

import ieee
import store

logging.set_verbosity_error()

FOLDER = store.GOLDEN / "tables"
RECIPE = Path(__file__).resolve()
SHORT = 20  # a table up to this long is listed, a longer one hashed and sampled
SAMPLES = 16
STEPS = [1, 2, 3, 4, 5, 7, 10, 13, 20, 25, 49, 50, 61, 100, 103, 250, 500, 999, 1000]
SD = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
COSINE = dict(beta_schedule="squaredcos_cap_v2")
RESPACINGS = {f"use_{name}_sigmas": True for name in ("karras", "exponential", "beta")}


# ---- how a table is written ------------------------------------------------------------------------------------------


def array(values):
    values = values.numpy() if isinstance(values, torch.Tensor) else np.asarray(values)
    return values.astype(np.int32) if values.dtype.kind == "i" else values


def number(x):
    """The shortest decimal that rounds to x in x's own type."""
    return int(x) if x.dtype.kind == "i" else float(str(x))


def table(values):
    """A short table as numbers, a long one as the sha256 of its little-endian bytes and samples at fixed indices."""
    values = array(values)
    kind = {"f4": "float32", "f8": "float64", "i4": "int32"}[values.dtype.str[1:]]
    if len(values) <= SHORT:
        return {"dtype": kind, "values": [number(x) for x in values]}
    at = sorted({round(i * (len(values) - 1) / (SAMPLES - 1)) for i in range(SAMPLES)})
    digest = hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()
    return {"dtype": kind, "length": len(values), "sha256": digest, "at": at, "values": [number(values[i]) for i in at]}


def distance(a, b):
    """The largest difference, in ulp for float32 and as it is for the rest."""
    if a.dtype != np.float32:
        return float(np.abs(a.astype(np.float64) - b.astype(np.float64)).max())
    order = [np.where((bits := x.view(np.int32).astype(np.int64)) < 0, -(bits & 0x7FFFFFFF), bits) for x in (a, b)]
    return int(np.abs(order[0] - order[1]).max())


def both(tables_of):
    """The tables as computed with IEEE roots, each with its distance from those with the root as shipped."""
    shipped = tables_of()
    with ieee.ieee():
        exact = tables_of()
    found = {}
    for name in exact:
        a, b = array(exact[name]), array(shipped[name])
        different = int((a != b).sum()) if len(a) == len(b) else -1
        assert different >= 0, f"{name}: the square root changes the length"
        found[name] = {**table(a), **({"shipped": {"different": different, "largest": distance(a, b)}} if different else {})}
    return found


def line(value):
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def render(data):
    """One line per case: compact, yet a changed case is one changed line."""
    lists = {key: "[\n" + ",\n".join(line(case) for case in cases) + "\n]" for key, cases in data.items()}
    return "{\n" + ",\n".join(f"{line(key)}: {text}" for key, text in lists.items()) + "\n}\n"


# ---- betas -----------------------------------------------------------------------------------------------------------


def beta_case(scheduler, **config):
    def tables_of():
        made = getattr(diffusers, scheduler)(**config)
        return {"betas": made.betas, "alphas_cumprod": made.alphas_cumprod}

    return {"scheduler": scheduler, "config": config, **both(tables_of)}


def betas():
    cases = []
    for n in (1, 2, 3, 10, 37, 100, 999, 1000, 4000):
        for schedule in ("linear", "scaled_linear", "squaredcos_cap_v2", "sigmoid", "laplace"):
            cases.append(beta_case("DDPMScheduler", num_train_timesteps=n, beta_schedule=schedule))
        cases.append(beta_case("HeunDiscreteScheduler", num_train_timesteps=n, beta_schedule="exp"))
        cases.append(beta_case("DDPMScheduler", num_train_timesteps=n, **SD))
    cases.append(beta_case("DDPMScheduler", trained_betas=[0.1, 0.2, 0.30000001, 0.4]))
    cases.append(beta_case("DDPMScheduler", beta_start=0.0, beta_end=0.5))
    cases.append(beta_case("DDPMScheduler", beta_schedule="sigmoid", beta_start=1e-7, beta_end=2e-3))
    for n in (2, 3, 10, 999, 1000):
        for config in (dict(beta_schedule="linear"), SD, COSINE):
            zero = dict(num_train_timesteps=n, rescale_betas_zero_snr=True, **config)
            cases += [beta_case("DDIMScheduler", **zero), beta_case("EulerDiscreteScheduler", **zero)]
    for config in (dict(), SD, dict(rescale_betas_zero_snr=True)):
        cases.append(beta_case("CogVideoXDDIMScheduler", **config))
    return {"betas": cases}


# ---- timesteps -------------------------------------------------------------------------------------------------------


def timesteps(scheduler, n, **config):
    made = getattr(diffusers, scheduler)(**config)
    made.set_timesteps(n)
    return made.timesteps


def spacing():
    families = {"integer": "DDIMScheduler", "inner": "DPMSolverMultistepScheduler", "fractional": "EulerDiscreteScheduler"}
    cases = [
        {"family": family, "spacing": kind, "steps": n, "offset": offset,
         "timesteps": table(timesteps(scheduler, n, timestep_spacing=kind, steps_offset=offset))}
        for family, scheduler in families.items()
        for kind in ("linspace", "leading", "trailing")
        for n in STEPS
        for offset in ((0, 1) if kind == "leading" else (0,))
    ]  # fmt: skip
    for scheduler, family in (("DPMSolverMultistepScheduler", "inner"), ("DPMSolverMultistepInverseScheduler", "rising")):
        for kind in ("linspace", "leading", "trailing"):
            for n in (1, 5, 20, 61, 100):
                for clip in (-5.1, -math.inf):
                    made = timesteps(scheduler, n, timestep_spacing=kind, lambda_min_clipped=clip, steps_offset=1, **COSINE)
                    clipped = None if clip == -math.inf else clip
                    cases.append({"family": family, "spacing": kind, "steps": n, "offset": 1, "lambdaMin": clipped,
                                  "timesteps": table(made)})  # fmt: skip
    over = [n for n in range(1, 1001) if len(timesteps("DDIMScheduler", n, timestep_spacing="trailing")) == n + 1]
    return {"spacing": cases, "trailingOvershoots": [over]}


# ---- sigmas ----------------------------------------------------------------------------------------------------------


def schedule_case(scheduler, config, **request):
    def tables_of():
        made = getattr(diffusers, scheduler)(**config)
        made.set_timesteps(**request)
        return {"timesteps": made.timesteps, "sigmas": made.sigmas}

    case = {"scheduler": scheduler, "config": config, "request": request}
    if not all(np.isfinite(array(values)).all() for values in tables_of().values()):
        return {**case, "upstream": "NaN"}
    return {**case, **both(tables_of)}


def grid(scheduler, options, counts=(1, 2, 5, 25, 100, 999), models=(SD, dict(beta_schedule="linear"), COSINE)):
    return [
        schedule_case(scheduler, {**model, **option}, num_inference_steps=n)
        for model in models
        for option in options
        for n in counts
    ]


AYS = diffusers.schedulers.AysSchedules
SPACINGS = [{"timestep_spacing": kind} for kind in ("linspace", "leading", "trailing")]
PLAIN = [*SPACINGS, *({name: True} for name in RESPACINGS)]


def euler():
    name = "EulerDiscreteScheduler"
    ranged = [{respacing: True, "sigma_min": 0.1, "sigma_max": 10.0} for respacing in RESPACINGS]
    return [
        *grid(name, PLAIN),
        *grid(name, ranged, (1, 10, 50), (SD,)),
        *grid(name, [{"use_karras_sigmas": True, "timestep_spacing": "leading", "steps_offset": 1}], (1, 10, 50), (SD,)),
        *grid(name, [{"final_sigmas_type": "sigma_min"}, {"interpolation_type": "log_linear"}], (1, 10, 50), (SD,)),
        *grid(name, [{"rescale_betas_zero_snr": True, "timestep_spacing": "trailing"}], (1, 10, 50)),
        *(schedule_case(name, SD, sigmas=AYS[key]) for key in AYS if key.endswith("Sigmas")),
        schedule_case(name, SD, sigmas=[20.0, 3.3, 0.01, 1e-12, 0.0]),
        schedule_case(name, SD, timesteps=AYS["StableDiffusionTimesteps"]),
        schedule_case(name, SD, timesteps=[950.5, 400.25, 10.125]),
    ]


def multistep():
    name = "DPMSolverMultistepScheduler"
    flow = {"use_flow_sigmas": True, "prediction_type": "flow_prediction"}
    return [
        *grid(name, [*PLAIN, {"use_lu_lambdas": True}]),
        *grid(name, [flow, {**flow, "flow_shift": 3.0}, {**flow, "flow_shift": 7.3}], models=(SD,)),
        *grid(name, [{**flow, "use_dynamic_shifting": True}], (1, 10), (SD,)),
        *grid(name, [{"final_sigmas_type": "sigma_min"}, {"lambda_min_clipped": -5.1}], (1, 10, 50)),
        *grid(name, [{"rescale_betas_zero_snr": True, "timestep_spacing": "trailing"}], (1, 10, 50)),
        schedule_case(name, {**SD, **flow, "use_dynamic_shifting": True}, num_inference_steps=10, mu=0.8),
        schedule_case(name, SD, timesteps=AYS["StableDiffusionXLTimesteps"]),
    ]


def unipc():
    name = "UniPCMultistepScheduler"
    flow = {"use_flow_sigmas": True, "prediction_type": "flow_prediction"}
    dynamic = {**flow, "use_dynamic_shifting": True}
    last = [{**option, "final_sigmas_type": "sigma_min"} for option in (*PLAIN[:1], *PLAIN[3:], flow)]
    return [
        *grid(name, PLAIN, (1, 10, 100), (SD, COSINE)),
        *grid(name, [*last, *({name: True, "sigma_min": 0.1, "sigma_max": 10.0} for name in RESPACINGS)], (1, 10), (SD,)),
        *grid(name, [flow, {**flow, "flow_shift": 3.0}, {**flow, "shift_terminal": 0.1}], (2, 10, 100), (SD,)),
        *grid(name, [{**flow, "use_karras_sigmas": True}], (1, 10), (SD,)),
        *(schedule_case(name, {**dynamic, "time_shift_type": kind}, num_inference_steps=n, mu=mu)
          for kind in ("exponential", "linear") for n, mu in ((1, 1.15), (10, 0.5), (50, 3.1))),
    ]  # fmt: skip


def heun():
    name = "HeunDiscreteScheduler"
    kdpm2 = grid("KDPM2DiscreteScheduler", PLAIN, (2, 10, 50), (SD,))
    sde = grid("DPMSolverSDEScheduler", PLAIN, (2, 10, 50), (SD,))
    return [*grid(name, PLAIN, (1, 10, 100)), schedule_case(name, SD, timesteps=[999, 500, 1]), *kdpm2, *sde]


def flow_match():
    name = "FlowMatchEulerDiscreteScheduler"
    counts = (1, 2, 4, 28, 50, 1000)
    shifts = [{"shift": shift} for shift in (1.0, 3.0, 1.15, 0.5)]
    respaced = [{"shift": 3.0, **option} for option in PLAIN[3:]]
    others = [{"shift": 3.0, "invert_sigmas": True}, {"shift": 3.0, "shift_terminal": 0.1}]
    dynamic = {"use_dynamic_shifting": True}
    custom = [1.0, 0.9, 0.55, 0.2, 0.013]
    return [
        *grid(name, [*shifts, *respaced, *others], counts, ({},)),
        *grid(name, [{"shift": 3.0}], (4, 20), ({"num_train_timesteps": 37},)),
        *(schedule_case(name, {**dynamic, "time_shift_type": kind, **rest}, num_inference_steps=n, mu=mu)
          for kind in ("exponential", "linear") for n, mu in ((1, 1.15), (4, 0.5), (50, 3.1))
          for rest in ({}, {"shift_terminal": 0.02})),
        *(schedule_case(name, {**dynamic, **rest}, sigmas=custom, mu=0.9) for rest in ({}, {"shift_terminal": 0.02})),
        *(schedule_case(name, {"shift": 3.0, **rest}, sigmas=custom) for rest in ({}, *PLAIN[3:], {"invert_sigmas": True})),
        schedule_case(name, {"shift": 3.0}, timesteps=[1000.0, 750.5, 333.3, 12.1]),
        schedule_case(name, {**dynamic, "time_shift_type": "linear"}, sigmas=[1.0, 0.5, 0.1], timesteps=[1000, 400, 50], mu=1.7),
    ]  # fmt: skip


def schedules():
    return {"euler": euler(), "multistep": multistep(), "unipc": unipc(), "heun": heun(), "flowMatch": flow_match()}


# ---- quantiles -------------------------------------------------------------------------------------------------------


def noise(n, seed):
    """float32 numbers in [-4, 4) that any language can make: murmur3's finaliser over an arithmetic sequence."""
    x = (np.arange(n, dtype=np.uint64) * np.uint64(2654435761) + np.uint64(seed)).astype(np.uint32)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35), (16, 1)):
        x = (x ^ (x >> np.uint32(shift))) * np.uint32(factor)
    return (x.astype(np.float64) / 2**32 * 8 - 4).astype(np.float32)


def quantiles():
    cases = []
    for n in (1, 2, 3, 12, 48, 601, 3072, 12288, 49152, 786432, 3145728):
        values = torch.from_numpy(np.abs(noise(n, 7)))[None]
        ratios = (0.995, 0.9, 0.5, 0.123, 0.0, 1.0) if n < 100000 else (0.995, 0.9)
        found = [number(torch.quantile(values, q, dim=1).numpy()[0]) for q in ratios]
        cases.append({"length": n, "seed": 7, "ratios": ratios, "quantiles": found})
    return {"quantiles": cases}


def beta_quantiles():
    p = [*(i / 1000 for i in range(0, 1001)), 1e-6, 1e-9, 1 - 1e-6]
    return {"betaQuantiles": [{"p": x, "quantile": float(scipy.stats.beta.ppf(x, 0.6, 0.6))} for x in p]}


# ---- torch's and numpy's own functions -------------------------------------------------------------------------------


def arithmetic():
    ends = ((0.0001, 0.02), (0.00085**0.5, 0.012**0.5), (-6, 6), (1, 0), (0, 1), (1.0, 1e-5), (-3.3, 5.1))
    lines = [{"start": a, "end": b, "count": n, "grid": table(torch.linspace(a, b, n, dtype=torch.float32))}
             for a, b in ends for n in (1, 2, 3, 7, 16, 33, 250, 1000, 4001)]  # fmt: skip
    square = noise(20000, 3) ** 2
    positive = square * square * square
    logs = {"input": "noise(20000, 3) ** 6", "inputs": table(positive), "logs": table(np.log(positive))}
    shifts = [{"seqLen": n, "mu": line_of_mu(n)} for n in (256, 1024, 1024 * 4, 4096, 4800, 77)]
    return {"linspace": lines, "log": [logs], "imageShift": shifts}


def line_of_mu(n):
    from diffusers.pipelines.flux.pipeline_flux import calculate_shift

    return calculate_shift(n)


# ---- the same formulas in float64 ------------------------------------------------------------------------------------


def two_ended(a, b, n):
    step = (b - a) / (n - 1) if n > 1 else 0.0
    return np.array([a + step * i if i < n // 2 or n == 1 else b - step * (n - 1 - i) for i in range(n)])


def exact_betas(schedule, a, b, n):
    alpha_bars = {
        "squaredcos_cap_v2": lambda t: math.cos((t + 0.008) / 1.008 * math.pi / 2) ** 2,
        "exp": lambda t: math.exp(-12 * t),
        "laplace": laplace,
    }
    if schedule in alpha_bars:
        f = alpha_bars[schedule]
        return np.array([min(1 - f((i + 1) / n) / f(i / n), 0.999) for i in range(n)])
    if schedule == "linear":
        return two_ended(a, b, n)
    if schedule == "scaled_linear":
        return two_ended(math.sqrt(a), math.sqrt(b), n) ** 2
    return 1 / (1 + np.exp(-two_ended(-6, 6, n))) * (b - a) + a


def laplace(t):
    snr = math.exp(-0.5 * math.copysign(1, 0.5 - t) * math.log(1 - 2 * abs(0.5 - t) + 1e-6))
    return math.sqrt(snr / (1 + snr))


def exact_zero_snr(beta):
    root = np.sqrt(np.cumprod(1 - beta))
    bar = ((root - root[-1]) * (root[0] / (root[0] - root[-1]))) ** 2
    return 1 - np.concatenate([bar[:1], bar[1:] / bar[:-1]])


def exact_timesteps(sigmas, logs):
    """By numpy.interp, which is upstream's interpolation where the table ascends."""
    return np.interp(np.log(np.maximum(sigmas, 1e-10)), logs, np.arange(len(logs)))


def exact_respaced(top, low, n):
    ramp = np.linspace(0, 1, n)
    return {
        "karras": (top ** (1 / 7) + ramp * (low ** (1 / 7) - top ** (1 / 7))) ** 7,
        "exponential": np.exp(np.linspace(math.log(top), math.log(low), n)),
        "beta": low + scipy.stats.beta.ppf(1 - ramp, 0.6, 0.6) * (top - low),
    }


def float64_table(values):
    """Compared to within a relative bound, so there is no hash; float64 has bits to spare for samples only."""
    values = np.asarray(values, dtype=np.float64)
    at = sorted({round(i * (len(values) - 1) / (SAMPLES - 1)) for i in range(SAMPLES)})
    return {"length": len(values), "at": at, "values": [float(values[i]) for i in at]}


def exact64():
    betas_of, sigmas_of = [], []
    for n in (1, 10, 999, 1000):
        for schedule in ("linear", "scaled_linear", "squaredcos_cap_v2", "sigmoid", "laplace", "exp"):
            config = dict(num_train_timesteps=n, beta_start=0.00085, beta_end=0.012, beta_schedule=schedule)
            beta = exact_betas(schedule, 0.00085, 0.012, n)
            tables = {"betas": beta, "alphasCumprod": np.cumprod(1 - beta)}
            if n > 1:
                tables["zeroSnrBetas"] = exact_zero_snr(beta)
            betas_of.append({"config": config, **{key: float64_table(value) for key, value in tables.items()}})
    for schedule in ("linear", "scaled_linear"):
        acp = np.cumprod(1 - exact_betas(schedule, 0.00085, 0.012, 1000))
        sigma = np.sqrt((1 - acp) / acp)
        config = dict(num_train_timesteps=1000, beta_start=0.00085, beta_end=0.012, beta_schedule=schedule)
        for n in (1, 7, 50, 1000):
            at = np.linspace(0, 999, n)[::-1]
            plain = np.interp(at, np.arange(1000), sigma)
            spread = exact_respaced(plain[0], plain[-1], n)
            tables = {"plain": (at, plain), **{key: (exact_timesteps(s, np.log(sigma)), s) for key, s in spread.items()}}
            for name, (t, s) in tables.items():
                case = {"config": config, "steps": n, "respacing": name}
                sigmas_of.append({**case, "timesteps": float64_table(t), "sigmas": float64_table(s)})
    return {"betas": betas_of, "sigmas": sigmas_of}


# ---- all of it -------------------------------------------------------------------------------------------------------


def contents():
    makers = (betas, spacing, schedules, quantiles, beta_quantiles, arithmetic, exact64)
    names = ("betas", "spacing", "schedules", "quantiles", "beta-quantiles", "arithmetic", "exact64")
    texts = {f"{name}.json": render(maker()) for name, maker in zip(names, makers)}
    recipe = {"recipe": "tools/golden/tables.py", "versions": store.versions()}
    recipe["sha256"] = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (RECIPE, Path(ieee.__file__), Path(pinned.__file__))}
    return {**texts, "recipe.json": json.dumps(recipe, indent=2, sort_keys=True) + "\n"}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare with what is there instead of writing")
    check = parser.parse_args().check
    FOLDER.mkdir(parents=True, exist_ok=True)
    fresh = contents()
    if check:
        stale = [name for name, text in fresh.items() if (FOLDER / name).read_text() != text]
        print("\n".join(stale) if stale else "byte for byte the same")
        return 1 if stale else 0
    for name, text in fresh.items():
        (FOLDER / name).write_text(text)
    print(f"{len(fresh)} files, {sum(map(len, fresh.values())) / 1024:.0f} KiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
