"""Golden cases of KarrasVeScheduler: Euler's step between levels of the schedule, the noise before it and the correction
after it, and each way to fail."""

import math

from diffusers import KarrasVeScheduler

from common import dashed
from special import SpecialRecipe, adapted, with_exact_powers


def step(scheduler, model_output, timestep, sample, sigma_hat=None, sigma_prev=None):
    """Upstream's step takes levels instead of a timestep; its pipeline takes them from the schedule like this."""
    t = int(timestep)
    sigma_hat = scheduler.schedule[t] if sigma_hat is None else sigma_hat
    if sigma_prev is None:
        sigma_prev = scheduler.schedule[t - 1] if t > 0 else 0
    return KarrasVeScheduler.step(scheduler, model_output, sigma_hat, sigma_prev, sample)


def level(scheduler, t):
    sigma = float(scheduler.schedule[int(t)])
    alpha = 1 / math.hypot(1, sigma)
    return alpha, sigma * alpha


set_timesteps = with_exact_powers(KarrasVeScheduler.set_timesteps)
recipe = SpecialRecipe(adapted(KarrasVeScheduler, step=step, set_timesteps=set_timesteps), level, space="ve")
steps, error, call = recipe.steps, recipe.error, recipe.call

# ---- the schedule ----
steps("default", n=5)
steps("sigma-min", dict(sigma_min=0.5), n=4)
steps("sigma-max", dict(sigma_max=8.0), n=4)
steps("sigma-range", dict(sigma_min=0.1, sigma_max=3.0), n=4)
for key, value in (("s_noise", 1.0), ("s_churn", 5), ("s_min", 0.5), ("s_max", 2)):
    steps(dashed(key, "unused"), {key: value}, n=2)
for n in (2, 3, 10, 50, 999, 1000):
    steps(f"n-{n}", dict(sigma_max=9.0), n=n, count=2)
    steps(f"n-{n}-tail", dict(sigma_max=9.0), n=n, first=n - 2)
steps("any-timestep", dict(sigma_max=9.0), n=10, times=[7, 2, 0, 5])
steps("set-timesteps-twice", n=3, earlier=[dict(request=dict(num_inference_steps=5), stepped=2)])

# ---- levels of one's own ----
for hat, prev in ((1.5, 1.0), (1.5, 0.0), (80.0, 60.0), (0.05, 0.04), (1.0, 2.0)):
    steps(dashed("levels", hat, prev), n=3, count=1, options=dict(sigma_hat=hat, sigma_prev=prev))
steps("levels-hat", dict(sigma_max=9.0), n=4, count=2, options=dict(sigma_hat=70.0))
steps("levels-prev", dict(sigma_max=9.0), n=4, count=2, options=dict(sigma_prev=0.5))

# ---- shapes and dtypes ----
for name, shape in (("1x4x8x8", [1, 4, 8, 8]), ("1d", [5]), ("2d", [3, 5]), ("5d", [2, 4, 3, 5, 5])):
    steps(f"shape-{name}", dict(sigma_max=9.0), n=3, count=2, shape=shape)
steps("float16", dict(sigma_max=9.0), n=4, dtype="float16")

# ---- more noise before a step: drawn at every level, added between s_min and s_max ----
CHURN = dict(generator=True, returns=["sample_hat", "sigma_hat"])
for sigma in (0.04, 0.05, 1.0, 50.0, 51.0):
    for n in (2, 50, 1000):
        call(dashed("churn", sigma, "n", n), "add_noise_to_input", ["x", sigma], n=n, **CHURN)
for key, value in (("s_noise", 1.0), ("s_churn", 3.0), ("s_churn", 0), ("s_min", 2), ("s_max", 0.5)):
    call(dashed("churn", key, value), "add_noise_to_input", ["x", 1.0], {key: value}, n=20, **CHURN)
call("churn-float16", "add_noise_to_input", ["x", 1.0], n=20, dtype="float16", **CHURN)
call("churn-2d", "add_noise_to_input", ["x", 1.0], n=20, shape=[3, 5], **CHURN)
unset = dict(code="TIMESTEPS_NOT_SET")
call("churn-unset", "add_noise_to_input", ["x", 1.0], request=None, generator=True, error=unset)
call("churn-unset-outside", "add_noise_to_input", ["x", 60.0], request=None, **CHURN)

# ---- the correction after it ----
TENSORS = ["sample_hat", "sample_prev", "derivative"]
for hat, prev in ((1.5, 1.0), (80.0, 60.0), (0.05, 0.04), (1.0, 2.0)):
    call(dashed("correct", hat, prev), "step_correct", ["out", hat, prev, *TENSORS], n=3)
call("correct-unset", "step_correct", ["out", 1.5, 1.0, *TENSORS], request=None)
call("correct-2d", "step_correct", ["out", 1.5, 1.0, *TENSORS], n=3, shape=[3, 5])
call("correct-float16", "step_correct", ["out", 1.5, 1.0, *TENSORS], n=3, dtype="float16")
call("correct-at-zero", "step_correct", ["out", 1.5, 0.0, *TENSORS], n=3, error=dict(code="NUMERIC"))

# ---- failures ----
error("one-step", "step", "REQUEST_INVALID", n=1, options=dict(sigma_prev=0.0))
error("n-missing", "set_timesteps", "REQUEST_INVALID", request={})
error("timesteps-not-accepted", "set_timesteps", "REQUEST_INVALID", request=dict(timesteps=[9, 1]))
error("level-zero", "step", "NUMERIC", n=3, options=dict(sigma_hat=0.0))
error("sigma-min-zero", "step", "NUMERIC", dict(sigma_min=0.0), n=3, first=2)
error("add-noise", "add_noise", "OP_UNSUPPORTED", call="add_noise", n=5, rows=[0, 1])
