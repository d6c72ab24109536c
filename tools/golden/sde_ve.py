"""Golden cases of ScoreSdeVeScheduler: predictor and corrector, noise levels, and each way to fail."""

import math

from diffusers import ScoreSdeVeScheduler

from common import dashed
from special import SpecialRecipe, adapted, with_exact_powers


def set_timesteps(scheduler, num_inference_steps, sampling_eps=None, sigma_min=None, sigma_max=None):
    """As upstream's pipeline, which calls both; the constructor calls set_sigmas, which sets the first timesteps."""
    first = not hasattr(scheduler, "sigmas")
    ScoreSdeVeScheduler.set_timesteps(scheduler, num_inference_steps, sampling_eps)
    if not first:
        scheduler.set_sigmas(num_inference_steps, sigma_min, sigma_max, sampling_eps)


def step(scheduler, model_output, timestep, sample, generator=None):
    return scheduler.step_pred(model_output, timestep, sample, generator=generator)


def level(scheduler, t):
    sigma = float(scheduler.discrete_sigmas[int(t * (len(scheduler.timesteps) - 1))])
    alpha = 1 / math.hypot(1, sigma)
    return alpha, sigma * alpha


methods = dict(set_timesteps=set_timesteps, step=step, set_sigmas=with_exact_powers(ScoreSdeVeScheduler.set_sigmas))
recipe = SpecialRecipe(adapted(ScoreSdeVeScheduler, **methods), level, space="ve")
steps, error, call = recipe.steps, recipe.error, recipe.call
SMALL = dict(sigma_max=50.0)

# ---- each config key alone ----
steps("default", n=5)
steps("num-train-timesteps", dict(num_train_timesteps=7), request=None)
steps("snr-unused", dict(snr=0.3), n=2)
steps("sigma-min", dict(sigma_min=0.1), n=4)
steps("sigma-max", SMALL, n=4)
steps("sampling-eps", dict(sampling_eps=0.1), n=4)
steps("correct-steps-unused", dict(correct_steps=3), n=2)

# ---- the request ----
steps("request-sampling-eps", SMALL, n=4, request=dict(sampling_eps=0.2))
for n in (1, 2, 3, 10, 20, 50, 999, 1000, 2000):
    steps(f"n-{n}", SMALL, n=n, count=2)
    steps(f"n-{n}-tail", SMALL, n=n, first=max(0, n - 3))
    if n > 1:
        steps(f"n-{n}-eps", SMALL, n=n, request=dict(sampling_eps=1e-3), count=2)
steps("request-sampling-eps-zero", SMALL, n=4, request=dict(sampling_eps=0.0))
steps("request-sigma-min", SMALL, n=4, request=dict(sigma_min=0.5))
steps("request-sigma-max", SMALL, n=4, request=dict(sigma_max=5.0))
steps("request-all", SMALL, n=4, request=dict(sigma_min=0.2, sigma_max=9.0, sampling_eps=0.01))
steps("without-set-timesteps", SMALL, request=None, count=2)
steps("without-set-timesteps-tail", SMALL, request=None, first=1997)
steps("any-timestep", SMALL, n=10, times=[1.0, 0.55, 0.3, 0.0])
steps("set-timesteps-twice", SMALL, n=3, earlier=[dict(request=dict(num_inference_steps=5), stepped=2)])

# ---- shapes and dtypes ----
for name, shape in (("1x4x8x8", [1, 4, 8, 8]), ("1d", [5]), ("2d", [3, 5]), ("5d", [2, 2, 3, 2, 3])):
    steps(f"shape-{name}", SMALL, n=3, count=2, shape=shape)
steps("float16", SMALL, n=4, dtype="float16")

# ---- the predictor by its name: the mean too ----
for t in (1.0, 0.6, 0.1, 0.0):
    call(dashed("pred", t), "step_pred", ["out", t, "x"], SMALL, n=10, generator=True)
call("pred-float16", "step_pred", ["out", 0.5, "x"], SMALL, n=10, dtype="float16", generator=True)
call("pred-2d", "step_pred", ["out", 0.5, "x"], SMALL, n=10, shape=[3, 5], generator=True)
past = dict(code="TIMESTEP_NOT_IN_PLAN")
call("pred-past-one", "step_pred", ["out", 1.2, "x"], SMALL, n=10, generator=True, error=past)

# ---- the corrector ----
for snr in (0.05, 0.15, 1.0):
    call(dashed("correct-snr", snr), "step_correct", ["out", "x"], dict(snr=snr), n=10, generator=True)
for name, shape in (("1x4x8x8", [1, 4, 8, 8]), ("2d", [3, 5]), ("5d", [2, 2, 3, 2, 3])):
    call(f"correct-{name}", "step_correct", ["out", "x"], n=10, shape=shape, generator=True)
call("correct-unset", "step_correct", ["out", "x"], request=None, generator=True)
call("correct-float16", "step_correct", ["out", "x"], n=10, dtype="float16", generator=True)
nothing = dict(zero=["out"], error=dict(code="NUMERIC"))
call("correct-no-score", "step_correct", ["out", "x"], n=10, generator=True, **nothing)

# ---- add_noise: by the index of the level ----
recipe.add_noise("add-noise", SMALL, n=10, timesteps=[0, 3, 9])
recipe.add_noise("add-noise-unset", timesteps=[0, 1000, 1999])
recipe.add_noise("add-noise-negative", SMALL, n=10, timesteps=[-1, -10])
recipe.add_noise("add-noise-float16", SMALL, n=10, timesteps=[2, 6], dtype="float16")

# ---- failures ----
error("n-zero-and-step", "step", "REQUEST_INVALID", n=0, times=[0.5])
error("sigma-min-zero", "constructor", "CONFIG_INVALID", dict(sigma_min=0.0))
error("sigma-max-negative", "constructor", "CONFIG_INVALID", dict(sigma_max=-1.0))
error("timesteps-not-accepted", "set_timesteps", "REQUEST_INVALID", request=dict(timesteps=[9, 1]))
error("timestep-past-one", "step", "TIMESTEP_NOT_IN_PLAN", n=5, times=[1.5])
error("add-noise-past-table", "add_noise", "TIMESTEP_NOT_IN_PLAN", SMALL, call="add_noise", n=10, timesteps=[10, 2])
error("add-noise-fraction", "add_noise", "TIMESTEP_NOT_IN_PLAN", SMALL, call="add_noise", n=10, timesteps=[0.5, 0.25])
error("velocity", "get_velocity", "OP_UNSUPPORTED", call="get_velocity", n=2, timesteps=[0, 1])
