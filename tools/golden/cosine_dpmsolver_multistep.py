"""Golden cases of CosineDPMSolverMultistepScheduler. Every run gets a generator, whose seed is that of the Brownian path."""

import pinned  # noqa: F401  (first: fixes the instruction sets)

import zlib

import torch
from diffusers import CosineDPMSolverMultistepScheduler as Upstream

from brownian_tape import Sampler
from common import Recipe
from rounding import nearest


def generators(seeds):
    """torch's generators of these seeds."""
    if isinstance(seeds, list):
        return [generators(seed) for seed in seeds]
    return torch.Generator().manual_seed(seeds)


def step(self, out, t, sample, generator_seed=None):
    return Upstream.step(self, out, t, sample, generator=None if generator_seed is None else generators(generator_seed))


def precondition_noise(self, sigma):
    """torch's float32 atan and pow are up to an ulp off, and vary by processor."""
    return nearest(torch.Tensor.atan)(sigma) / torch.pi * 2


def karras(self, ramp, sigma_min=None, sigma_max=None):
    low, high = (getattr(self.config, name) ** (1 / self.config.rho) for name in ("sigma_min", "sigma_max"))
    return ((high + ramp * (low - high)).double() ** self.config.rho).float()


exact = dict(step=step, precondition_noise=precondition_noise, _compute_karras_sigmas=karras)
Scheduler = type(Upstream.__name__, (Upstream,), {"__module__": Upstream.__module__, **exact})


def level(scheduler, t):
    """(alpha, sigma) at the position that step will use."""
    index = scheduler.step_index
    if index is None:
        index = scheduler.index_for_timestep(t) if scheduler.begin_index is None else scheduler.begin_index
    sigma = scheduler.sigmas[index]
    alpha = 1 / (sigma**2 + 1) ** 0.5
    return alpha, sigma * alpha


recipe = Recipe(Scheduler, level, space="ve")
recipe.module.BrownianTreeNoiseSampler = Sampler
steps, error, add_noise = recipe.steps, recipe.error, recipe.add_noise
KARRAS, HEUN, FIRST = dict(sigma_schedule="karras"), dict(solver_type="heun"), dict(solver_order=1)
TO_MIN = dict(final_sigmas_type="sigma_min")

# ---- every key alone ----
steps("default", n=10)
steps("sigma-min", dict(sigma_min=0.02), n=5)
steps("sigma-max", dict(sigma_max=80), n=5)
steps("sigma-data", dict(sigma_data=0.5), n=5)
steps("karras", KARRAS, n=8)
steps("order-1", FIRST, n=5)
steps("epsilon", dict(prediction_type="epsilon"), n=5)
# upstream's path cannot tell the last sigma from sigma_min here, and does not return from the last step
steps("rho", {**KARRAS, "rho": 5.0}, n=5, count=4)
steps("heun", HEUN, n=8)
steps("not-lower-order-final", dict(lower_order_final=False), n=5)
steps("euler-at-final", dict(euler_at_final=True), n=5)
steps("final-sigma-min", TO_MIN, n=5, count=4)
for sister in ("logrho", "bh1", "bh2"):
    steps(f"solver-type-{sister}", dict(solver_type=sister), n=3)

# ---- pairs ----
for schedule in ("exponential", "karras"):
    for solver in ("midpoint", "heun"):
        for prediction in ("v_prediction", "epsilon"):
            name = f"{schedule}-{solver}-{prediction.split('_')[0]}"
            config = dict(sigma_schedule=schedule, solver_type=solver, prediction_type=prediction, sigma_max=80)
            steps(name, config, n=6)
for n in (14, 15, 20):
    steps(f"last-steps-{n}", n=n, begin_index=n - 3)
    steps(f"last-steps-{n}-heun-not-lower", {**HEUN, "lower_order_final": False}, n=n, begin_index=n - 3)
    steps(f"last-steps-{n}-euler-karras", {**KARRAS, "euler_at_final": True}, n=n, begin_index=n - 3)

# ---- step counts ----
for n in (1, 2, 3, 5, 50):
    steps(f"n-{n}", n=n, count=5)
    steps(f"n-{n}-karras", KARRAS, n=n, count=5)
for n in (999, 1000):
    steps(f"n-{n}", dict(num_train_timesteps=20), n=n, count=3)
    steps(f"n-{n}-tail", n=n, begin_index=n - 2)

# ---- where a run starts, shapes, seeds ----
steps("begin-index", n=10, begin_index=4, count=4)
steps("img2img-by-timestep", n=10, first=6)
steps("begin-index-overrides-timestep", n=10, begin_index=2, times=[0.5, 0.5])
steps("timestep-foreign-is-the-last", n=5, times=[0.123])
steps("set-timesteps-twice", n=5, earlier=[dict(request=dict(num_inference_steps=9), stepped=3)])
for name, shape in {"3d-audio": [2, 64, 7], "1d": [7], "2d": [3, 5]}.items():
    steps(f"shape-{name}", n=3, shape=shape)
steps("float16", n=4, dtype="float16")
steps("seed-0", n=3, options=dict(generator_seed=0))
steps("seed-wide", n=3, options=dict(generator_seed=2**53 - 1))
steps("seeds", n=3, options=dict(generator_seed=[1, 2]))

# ---- noising ----
add_noise("add-noise-before-set-timesteps", rows=[0, 500, 999])
add_noise("add-noise-fresh", n=10, rows=[0, 3, 9])
add_noise("add-noise-begin-index", n=10, begin_index=4, rows=[0, 9])
add_noise("add-noise-foreign-timestep", n=10, timesteps=[0.123, 0.5])

# ---- failures ----
error("step-before-set-timesteps", "step", "TIMESTEPS_NOT_SET", request=None)
error("solver-type-unknown", "constructor", "CONFIG_INVALID", dict(solver_type="euler"))
error("sigma-schedule-unknown", "constructor", "CONFIG_INVALID", dict(sigma_schedule="beta"))
error("final-sigmas-unknown", "set_timesteps", "CONFIG_INVALID", dict(final_sigmas_type="one"), n=5)
error("prediction-type-sample", "step", "CONFIG_INVALID", dict(prediction_type="sample"), n=5)
error("order-3", "step", "CONFIG_INVALID", dict(solver_order=3), n=20)
for name, config in {"exponential": TO_MIN, "karras": {**TO_MIN, **KARRAS}}.items():  # no noise between equal levels
    error(f"final-sigma-min-{name}", "step", "NUMERIC", config, n=5)
error("past-the-end", "step", "RUN_EXHAUSTED", n=2, times=[0.9987268447875977, 0.0, 0.0])
error("seeds-too-few", "step", "REQUEST_INVALID", n=3, options=dict(generator_seed=[1]))

for case in recipe.cases:
    if case["kind"] in ("steps", "error") and "call" not in case:
        case.setdefault("options", dict(generator_seed=zlib.crc32(case["id"].encode())))
