"""Golden cases of IPNDMScheduler: its own schedule, the multistep history, given levels, and each way to fail."""

import torch
from diffusers import IPNDMScheduler
from diffusers.schedulers import scheduling_ipndm

from common import Recipe, dashed
from rounding import nearest
from tape import Torch, normal

# Its timesteps are sines and arc tangents, whose last bit depends on the machine as well: see rounding.py.
scheduling_ipndm.torch = Torch(
    sin=nearest(torch.sin), atan2=lambda y, x: torch.atan2(y.double(), x.double()).float()
)


def outputs(recipe, case, i, sample, alpha, sigma):
    """What this scheduler's model gives: the velocity."""
    return normal(case, f"out.{i}")


def level(scheduler, t):
    index = scheduler.step_index or scheduler.begin_index or 0
    return scheduler.alphas[index], scheduler.betas[index]


recipe = Recipe(IPNDMScheduler, level, outputs=outputs)
steps, error = recipe.steps, recipe.error
LEVELS = [1.0, 0.95, 0.8, 0.6, 0.4, 0.2, 0.1, 0.0]

# ---- config keys ----
steps("default", n=10)
steps("num-train-timesteps-100", dict(num_train_timesteps=100), n=10)
steps("num-train-timesteps-5", dict(num_train_timesteps=5), request=None)
steps("num-train-timesteps-1", dict(num_train_timesteps=1), request=None)
steps("trained-betas", dict(trained_betas=LEVELS), n=7)
for n in (1, 3, 50):
    steps(f"trained-betas-whatever-n-{n}", dict(trained_betas=LEVELS), n=n)
steps("trained-betas-constructor", dict(trained_betas=LEVELS), request=None)
steps("trained-betas-not-to-zero", dict(trained_betas=[0.9, 0.5, 0.3]), n=2)
steps("trained-betas-ascending", dict(trained_betas=[0.1, 0.5, 0.9]), n=2)
steps("trained-betas-repeated", dict(trained_betas=[0.9, 0.5, 0.5, 0.2]), n=3, first=0, count=2)
steps("trained-betas-repeated-second", dict(trained_betas=[0.9, 0.5, 0.5, 0.5, 0.2]), n=4, first=1, count=2)
steps("trained-betas-negative", dict(trained_betas=[0.9, 0.5, -0.5, 0.0]), n=3)

# ---- step counts ----
for n in (1, 2, 3, 4, 5, 6, 7, 8, 13, 20, 25, 30, 40):
    steps(f"n-{n}", n=n, count=8)
    if n > 8:
        steps(f"n-{n}-tail", n=n, first=n - 5)
for n in (50, 64, 65, 100, 250, 500, 999, 1000, 1001, 2000):
    steps(f"n-{n}-head", n=n, count=6)
    steps(f"n-{n}-tail", n=n, first=n - 5)
steps("without-set-timesteps", request=None, count=5)
steps("without-set-timesteps-tail", request=None, first=995)

# ---- where a run starts, and what is called twice ----
for begin in (1, 4, 7, 9):
    steps(f"begin-index-{begin}", n=10, begin_index=begin)
steps("img2img-without-begin-index", n=10, first=5)
steps("begin-index-wins-over-timestep", n=4, begin_index=2, times=[1.0, 0.5])
steps("timestep-read-once", n=6, times=[1.0, 0.123, 5.0])
steps("set-timesteps-twice", n=5, earlier=[dict(request=dict(num_inference_steps=9), stepped=3)])
steps("begin-index-forgotten", n=5, earlier=[dict(request=dict(num_inference_steps=9), begin_index=2, stepped=1)])
steps("after-constructor-steps", n=5, earlier=[dict(request=None, stepped=2)])

# ---- shapes and dtypes ----
shapes = {"1x4x8x8": [1, 4, 8, 8], "1d": [5], "2d": [3, 5], "3d": [1, 16, 7], "5d": [2, 4, 3, 5, 5]}
for name, shape in shapes.items():
    steps(f"shape-{name}", n=5, shape=shape)
for n in (3, 10):
    steps(f"float16-n-{n}", n=n, dtype="float16")
steps("float16-trained-betas", dict(trained_betas=LEVELS), n=7, dtype="float16")
steps("float16-begin-index", n=10, begin_index=4, dtype="float16")

# ---- failures ----
error("timesteps-not-accepted", "set_timesteps", "REQUEST_INVALID", request=dict(timesteps=[1.0, 0.5]))
error("sigmas-not-accepted", "set_timesteps", "REQUEST_INVALID", request=dict(sigmas=[1.0, 0.5, 0.0]))
for t in (0.5, 500):
    error(dashed("timestep-foreign", t), "step", "TIMESTEP_NOT_IN_PLAN", n=4, times=[t])
error("past-the-end", "step", "RUN_EXHAUSTED", n=2, times=[1.0, 0.5, 0.5])
error("begin-index-past-the-end", "step", "RUN_EXHAUSTED", n=2, begin_index=2, times=[1.0])
error("trained-betas-over-one", "step", "CONFIG_INVALID", dict(trained_betas=[1.5, 0.5, 0.0]), n=2)
