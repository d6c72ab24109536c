"""Golden cases of DDPMWuerstchenScheduler: continuous times, the bend of time, and each way to fail."""

from functools import partial

import torch
from diffusers import DDPMWuerstchenScheduler

from common import dashed
from special import SpecialRecipe, adapted


def level(scheduler, t):
    alpha2 = scheduler._alpha_cumprod(torch.as_tensor(t, dtype=torch.float32).reshape(1), "cpu")[0]
    return alpha2**0.5, (1 - alpha2) ** 0.5


def step(self, out, t, sample, **options):
    """The time of each batch item, as pipelines give it."""
    times = torch.as_tensor(t, dtype=torch.float32).expand(len(sample))
    return DDPMWuerstchenScheduler.step(self, out, times, sample, **options)


def previous_timestep(self, timestep):
    """A number for a number; `step` calls it with a tensor."""
    if isinstance(timestep, torch.Tensor):
        return DDPMWuerstchenScheduler.previous_timestep(self, timestep)
    return {"result": DDPMWuerstchenScheduler.previous_timestep(self, torch.tensor([timestep])).item()}


ADAPTED = adapted(DDPMWuerstchenScheduler, order=1, step=step, previous_timestep=previous_timestep)
recipe = SpecialRecipe(ADAPTED, level)
steps, error = partial(recipe.steps, shape=[2, 2, 3, 3]), recipe.error
REAL = [1.0, 0.9, 0.7, 0.5, 0.35, 0.2, 0.1, 0.05, 0.0]

# ---- the config, and step counts ----
for n in (1, 2, 3, 5, 10, 20):
    steps(f"n-{n}", n=n, count=n)
for n in (50, 60, 999, 1000):
    steps(f"n-{n}", n=n, count=3)
    steps(f"n-{n}-middle", n=n, first=n // 2, count=3)
    steps(f"n-{n}-tail", n=n, first=n - 3, count=3)
for scaler in (0.25, 0.5, 0.999, 1.001, 2.0, 3.5):
    for n in (1, 5, 50):
        steps(dashed("scaler", scaler, "n", n), dict(scaler=scaler), n=n, count=min(n, 5))
    steps(dashed("scaler", scaler, "tail"), dict(scaler=scaler), n=30, first=26, count=4)
for s in (0.0, 0.001, 0.1, 1.0):
    steps(dashed("s", s), dict(s=s), n=8, count=8)
for first in (0, 3, 6):
    steps(f"s-and-scaler-from-{first}", dict(s=0.05, scaler=2.0), n=8, first=first, count=min(3, 8 - first))
steps("scaler-zero", dict(scaler=0.0), n=3, count=3)

# ---- custom times ----
steps("timesteps", request=dict(timesteps=REAL), count=8)
steps("timesteps-tail", request=dict(timesteps=REAL), first=5, count=3)
steps("timesteps-end-above-zero", request=dict(timesteps=[1.0, 0.6, 0.3, 0.2]), count=3)
steps("timesteps-two", request=dict(timesteps=[0.8, 0.0]), count=1)
steps("timesteps-win-over-count", request=dict(timesteps=[1.0, 0.4, 0.0], num_inference_steps=7), count=2)
steps("time-between", n=10, times=[0.97, 0.949, 0.951, 0.33, 0.06])
steps("set-timesteps-twice", n=5, count=5, earlier=[dict(request=dict(num_inference_steps=9), stepped=3)])
for time in (1.0, 0.96, 0.94, 0.3, 0.13):
    recipe.call(dashed("previous", time), "previous_timestep", [time], n=10)

# ---- shapes and dtypes ----
for name, shape in (("1x4x8x8", [1, 4, 8, 8]), ("2d", [3, 5]), ("3d", [1, 16, 7]), ("5d", [1, 2, 3, 4, 4])):
    steps(f"shape-{name}", n=3, shape=shape, count=3)
steps("float16", n=5, count=5, dtype="float16")
steps("float16-scaler", dict(scaler=2.0), n=5, count=5, dtype="float16")
for name, config in (("", {}), ("-scaler", dict(scaler=2.0)), ("-scaler-small", dict(scaler=0.5)), ("-s", dict(s=0.2))):
    recipe.add_noise(f"add-noise{name}", config, n=3, timesteps=[0.0, 0.01, 0.5, 0.99, 1.0])
recipe.add_noise("add-noise-float16", n=3, timesteps=[0.2, 0.7], dtype="float16")
recipe.add_noise("add-noise-after-steps", n=5, stepped=2, timesteps=[0.3, 0.9])

# ---- failures ----
error("request-empty", "set_timesteps", "REQUEST_INVALID", request={})
error("step-at-the-end", "step", "RUN_EXHAUSTED", n=3, times=[0.0])
error("step-near-the-end", "step", "RUN_EXHAUSTED", n=3, times=[0.1])
error("timesteps-one", "step", "REQUEST_INVALID", request=dict(timesteps=[0.5]), times=[0.5])
error("timesteps-rise", "step", "NUMERIC", request=dict(timesteps=[0.3, 0.9]), count=1)
error("time-outside", "step", "NUMERIC", n=10, times=[1.2])
