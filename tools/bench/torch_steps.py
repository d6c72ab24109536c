"""The loop of steps.ts in diffusers on torch's CPU: scale_model_input and step for latents [1, 4, 64, 64], 50 steps.

Prints one line of JSON: versions, threads and microseconds per step. OMP_NUM_THREADS sets the threads.
"""

import json
import time

import diffusers
import torch
from diffusers import DDIMScheduler, DPMSolverMultistepScheduler, EulerDiscreteScheduler

CONFIG = {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012, "steps_offset": 1}
SCHEDULERS = {
    "DDIM": lambda: DDIMScheduler(**CONFIG, clip_sample=False, set_alpha_to_one=False),
    "DPM++ 2M": lambda: DPMSolverMultistepScheduler(**CONFIG),
    "Euler": lambda: EulerDiscreteScheduler(**CONFIG),
}
SHAPE = (1, 4, 64, 64)
STEPS, RUNS, WARM = 50, 20, 3


def loop(scheduler, times):
    scheduler.set_timesteps(STEPS)
    x = torch.sin(torch.arange(16384, dtype=torch.float32)).reshape(SHAPE)
    out = x.clone()
    for t in scheduler.timesteps:
        start = time.perf_counter()
        scheduler.scale_model_input(x, t)
        x = scheduler.step(out, t, x).prev_sample
        times.append(time.perf_counter() - start)


def measure(make):
    times = []
    scheduler = make()
    for _ in range(WARM):
        loop(scheduler, [])
    for _ in range(RUNS):
        loop(scheduler, times)
    times.sort()
    return {"min": 1e6 * times[0], "median": 1e6 * times[len(times) // 2]}


with torch.no_grad():
    steps = {name: measure(make) for name, make in SCHEDULERS.items()}
versions = {"torch": torch.__version__, "diffusers": diffusers.__version__}
print(json.dumps({**versions, "threads": torch.get_num_threads(), "steps": steps}))
