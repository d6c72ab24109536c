"""Golden cases of ScoreSdeVpScheduler: the predictor at any time, and each way to fail."""

import math

import torch
from diffusers.schedulers.deprecated.scheduling_sde_vp import ScoreSdeVpScheduler
from diffusers.schedulers.scheduling_utils import SchedulerOutput

from common import dashed
from special import SpecialRecipe, adapted


def step_pred(scheduler, score, x, t, generator=None):
    """Upstream takes the time as a tensor only."""
    t = torch.as_tensor(t, dtype=torch.float32)
    return ScoreSdeVpScheduler.step_pred(scheduler, score, x, t, generator=generator)


def step(scheduler, model_output, timestep, sample, generator=None):
    return SchedulerOutput(step_pred(scheduler, model_output, sample, timestep, generator)[0])


def level(scheduler, t):
    beta_min, beta_max = scheduler.config.beta_min, scheduler.config.beta_max
    alpha = math.exp(-0.25 * float(t) ** 2 * (beta_max - beta_min) - 0.5 * float(t) * beta_min)
    return alpha, math.sqrt(1 - alpha**2)


recipe = SpecialRecipe(adapted(ScoreSdeVpScheduler, step=step, step_pred=step_pred), level)
steps, error, call = recipe.steps, recipe.error, recipe.call
PRED = dict(generator=True, returns=["prev_sample", "prev_sample_mean"])

# ---- each config key alone ----
steps("default", n=10, count=5)
steps("num-train-timesteps-unused", dict(num_train_timesteps=10), n=3)
steps("beta-min", dict(beta_min=1.0), n=4)
steps("beta-max", dict(beta_max=5), n=4)
steps("betas-equal", dict(beta_min=2.0, beta_max=2.0), n=4)
steps("sampling-eps", dict(sampling_eps=0.1), n=4)
for eps in (1e-2, 1e-4, 1e-5):
    steps(dashed("sampling-eps", eps, "last"), dict(sampling_eps=eps), n=6, first=4)

# ---- step counts and times ----
for n in (1, 2, 3, 5, 20, 50, 999, 1000, 2000):
    steps(f"n-{n}", n=n, count=2)
    steps(f"n-{n}-tail", n=n, first=max(0, n - 2))
steps("any-timestep", n=10, times=[0.9, 0.35, 0.05, 0.5])
steps("set-timesteps-twice", n=3, earlier=[dict(request=dict(num_inference_steps=5), stepped=2)])

# ---- shapes and dtypes ----
for name, shape in (("1x4x8x8", [1, 4, 8, 8]), ("1d", [5]), ("2d", [3, 5]), ("5d", [2, 2, 3, 2, 3])):
    steps(f"shape-{name}", n=3, count=2, shape=shape)
steps("float16", n=4, dtype="float16")

# ---- the predictor by its name: the mean too ----
for t in (1.0, 0.5, 0.01):
    for config in ({}, dict(beta_min=0.5, beta_max=3.0)):
        call(dashed("pred", t, *config.values()), "step_pred", ["out", "x", t], config, n=20, **PRED)
call("pred-2d", "step_pred", ["out", "x", 0.5], n=20, shape=[3, 5], **PRED)
call("pred-float16", "step_pred", ["out", "x", 0.5], n=20, dtype="float16", **PRED)
unset = dict(error=dict(code="TIMESTEPS_NOT_SET"))
call("pred-unset", "step_pred", ["out", "x", 0.5], request=None, generator=True, **unset)
call("pred-at-zero", "step_pred", ["out", "x", 0.0], n=20, **PRED, error=dict(code="NUMERIC"))

# ---- failures ----
error("sampling-eps-zero", "step", "NUMERIC", dict(sampling_eps=0.0), n=3, first=2)
error("timestep-negative", "step", "NUMERIC", n=3, times=[-0.5])
error("timesteps-not-accepted", "set_timesteps", "REQUEST_INVALID", request=dict(timesteps=[9, 1]))
error("n-zero-and-step", "step", "REQUEST_INVALID", n=0, times=[0.5])
error("add-noise", "add_noise", "OP_UNSUPPORTED", call="add_noise", n=2, rows=[0, 1])
