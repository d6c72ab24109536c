"""Golden cases of RestartScheduler. k-diffusion has Heun's steps (sample_heun) and the levels of a way down (get_sigmas_karras); that ways
begin above the end of those before them, and where, is the rule of AUTOMATIC1111's web UI, written down here."""

import torch

import k_sampler_cases as shared
from edm import nearest_power
from k_diffusion_runs import Sampler, sampling
from k_style import SD, V, respaced


def usual(steps):
    """The restarts for a number of steps, and how many of these they take."""
    if steps < 20:
        return {}, 0
    way, times = (9, 1) if steps < 36 else (steps // 4, 2)
    return {0.1: [way + 1, times, 2]}, way * times


def karras(levels, low, high):
    with nearest_power():
        return sampling.get_sigmas_karras(levels, float(low), float(high))


def nearest(sigmas, level):
    return int((sigmas - level).abs().argmin())


def visited(schedule, case):
    """The levels of a run, one after the other: where they rise noise is added."""
    sigmas = schedule.sigmas(case["request"])
    restarts, spent = usual(len(sigmas) - 1)
    given = case["config"].get("restart_list")
    if given is not None:
        restarts = {float(key): value for key, value in given.items()}
    elif spent and "sigmas" not in case["request"]:
        sigmas = karras(len(sigmas) - 1 - spent, sigmas[-2], sigmas[0])
    found = {nearest(sigmas, low): (levels, times, nearest(sigmas, high)) for low, (levels, times, high) in restarts.items()}
    all_levels = []
    for i, sigma in enumerate(sigmas):
        all_levels.append(sigma)
        levels, times, top = found.get(i, (0, 0, i))
        if top < i:
            # The ends are those of the schedule: the root and its power miss them by rounding.
            way = [sigmas[top], *karras(levels, sigma, sigmas[top])[1 : levels - 1], sigma]
            all_levels.extend(way * times)
    return torch.stack(all_levels)


def ways_down(levels):
    rises = [i for i in range(1, len(levels)) if levels[i] > levels[i - 1]]
    return [levels[begin:end] for begin, end in zip([0, *rises], [*rises, len(levels)])]


def run(model, x, levels, config, noise, request):
    ways = ways_down(levels)
    for i, way in enumerate(ways):
        if i > 0:
            x = x + noise() * config.get("s_noise", 1.0) * (way[0] ** 2 - ways[i - 1][-1] ** 2) ** 0.5
        x = sampling.sample_heun(model, x, way, disable=True)
    return x


recipe = Sampler("RestartScheduler", run, own=("restart_list",), order=2, schedule=visited)
steps, error = recipe.steps, recipe.error
KARRAS = {**SD, **respaced("karras")}
for part in (shared.schedules, shared.custom, shared.shapes, shared.refusals):
    part(recipe)
SMALL = dict(shape=[1, 2, 3])
for n in (1, 2, 3, 5, 10, 19, 20, 35, 36, 50):
    for name, config in (("", SD), ("-karras", KARRAS)):
        steps(f"n-{n}{name}", config, n=n, **SMALL)
for name, config in (("exponential", respaced("exponential")), ("leading", dict(timestep_spacing="leading")), ("v", V)):
    steps(f"n-20-{name}", {**SD, **config}, n=20, **SMALL)
LIST = {"0.3": [4, 1, 3.0]}
LISTS = dict(
    none={},
    one=LIST,
    twice={"0.3": [3, 2, 3.0]},
    single_step={"0.3": [2, 3, 3.0]},
    guidance_2={"1": [5, 2, 9], "5": [5, 2, 10]},
    overlapping={"0.3": [3, 1, 6.0], "1.2": [3, 1, 9.0]},
    disorderly={"1.2": [3, 1, 9.0], "0.3": [3, 1, 6.0]},
    from_zero={"0": [4, 2, 1.0]},
    nearest_is_zero={"0.001": [3, 1, 1.0]},
    to_the_first={"0.3": [4, 1, 100.0]},
    of_one_level={"0.3": [4, 1, 0.35]},
)
for name, restarts in LISTS.items():
    steps(f"list-{name}".replace("_", "-"), {**KARRAS, "restart_list": restarts}, n=8, **SMALL)
# The authors' for ImageNet 64, with a schedule as long as theirs.
IMAGENET = {"19.35": [4, 1, 40.79], "1.09": [4, 1, 1.92], "0.59": [4, 5, 1.09], "0.3": [4, 5, 0.59], "0.06": [6, 6, 0.3]}
steps("list-imagenet", {**KARRAS, "restart_list": IMAGENET}, n=36, shape=[2])
steps("list-n-20", {**KARRAS, "restart_list": LIST}, n=20, **SMALL)
for name, config in (("sample", shared.SAMPLE), ("v", V), *((key, respaced(key)) for key in ("exponential", "beta"))):
    steps(f"list-{name}", {**SD, **config, "restart_list": LIST}, n=6, **SMALL)
for spacing in ("leading", "trailing"):
    steps(f"list-{spacing}", dict(SD, timestep_spacing=spacing, restart_list=LIST), n=6, **SMALL)
for s_noise in (0.0, 0.9, 1.003):
    steps(f"s-noise-{s_noise:g}".replace(".", "-"), {**KARRAS, "s_noise": s_noise, "restart_list": LIST}, n=6, **SMALL)
steps("list-sigmas", dict(SD, restart_list=LIST), sigmas=[*shared.CUSTOM, 0.0], **SMALL)
steps("list-sigmas-positive-end", dict(SD, restart_list={"0.1": [4, 2, 2.5]}), sigmas=shared.CUSTOM, **SMALL)
LONG = [round(14.6 * 0.75**i, 4) for i in range(22)]
steps("sigmas-22", SD, sigmas=[*LONG, 0.0], **SMALL)
for name, shape in {"1x4x8x8": [1, 4, 8, 8], "2d": [3, 5], "5d": [2, 1, 3, 2, 2], "1d": [7]}.items():
    steps(f"list-shape-{name}", {**KARRAS, "restart_list": {"0.3": [2, 1, 3.0]}}, n=3, shape=shape)
text = "ours: { sigma_min: [levels, times, sigma_max] }"
for name, restarts in dict(
    array=[[0.1, 10, 2, 2.0]],
    switch=False,
    key={"low": [10, 2, 2.0]},
    negative={"-0.1": [10, 2, 2.0]},
    short={"0.1": [10, 2]},
    one_level={"0.1": [1, 2, 2.0]},
    never={"0.1": [10, 0, 2.0]},
    half={"0.1": [9.5, 1, 2.0]},
    upside_down={"2": [10, 1, 0.1]},
    no_numbers={"0.1": ["10", 1, 2.0]},
).items():
    error(f"list-{name}".replace("_", "-"), "constructor", "CONFIG_INVALID", text, dict(restart_list=restarts), n=5)
same = {"0.3": [3, 1, 6.0], "0.31": [3, 1, 9.0]}
error("list-same-level", "set_timesteps", "REQUEST_INVALID", "ours: the later would replace the earlier", {**KARRAS, "restart_list": same}, n=5)
