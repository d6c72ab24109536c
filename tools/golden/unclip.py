"""Golden cases of UnCLIPScheduler: the previous timestep given and not, both variances, and each way to fail."""

from functools import partial

import torch
from diffusers import UnCLIPScheduler

from common import Recipe, dashed
from special import adapted
from tape import model_output, source


def level(scheduler, t):
    alpha2 = scheduler.alphas_cumprod[int(t)]
    return alpha2**0.5, (1 - alpha2) ** 0.5


def outputs(recipe, case, i, sample, alpha, sigma):
    """A model with learned variances has twice the channels: a mix in [-1, 1)."""
    mean = model_output(recipe, case, i, sample, alpha, sigma)
    learned = case["config"].get("variance_type") == "learned_range"
    if case.get("variant") != "doubled" and (case.get("variant") == "single" or not learned):
        return mean
    return torch.cat([mean, torch.rand(sample.shape, generator=source(case, f"variance.{i}")) * 2 - 1], dim=1)


recipe = Recipe(adapted(UnCLIPScheduler, order=1), level, outputs=outputs)
steps, error = partial(recipe.steps, shape=[2, 2, 3, 3]), recipe.error
RAW = dict(clip_sample=False)
LEARNED = dict(variance_type="learned_range")
VARIANCES = ("fixed_small_log", "learned_range")

# ---- each config key alone ----
steps("default", n=10, count=10)
steps("num-train-timesteps-100", dict(num_train_timesteps=100), n=10)
steps("num-train-timesteps-37", dict(num_train_timesteps=37), n=5)
for variance in VARIANCES:  # every timestep, so that the one below is the next of the schedule
    steps(dashed("num-train-timesteps-6", variance), dict(num_train_timesteps=6, variance_type=variance), n=6)
steps("learned-range", LEARNED, n=5)
steps("clip-off", RAW, n=5)
for top in (0.5, 2.0, 5.0):
    steps(dashed("clip-range", top), dict(clip_sample_range=top), n=5)
steps("prediction-sample", dict(prediction_type="sample"), n=5)
steps("learned-range-sample", dict(LEARNED, prediction_type="sample"), n=5)

# ---- the previous timestep ----
for variance in VARIANCES:
    config, n = dict(RAW, variance_type=variance), 2
    for t, previous in ((999, 957), (999, 0), (999, 998), (500, 458), (500, 499), (42, 0), (1, 0), (0, -1), (0, 0), (7, 6)):
        name = dashed(variance, "from", t, "to", previous).replace("--1", "-end")
        steps(name, config, n=n, times=[t], options=dict(prev_timestep=previous))
    for t in (999, 500, 1):
        steps(dashed(variance, "from", t, "to-end"), config, n=n, times=[t], options=dict(prev_timestep=-1))
steps("to-wrapped", RAW, n=25, times=[-1], options=dict(prev_timestep=900))
steps("up", RAW, n=25, times=[500], options=dict(prev_timestep=600))

# ---- step counts ----
for n in (2, 3, 5, 20, 25, 50):
    for variance in VARIANCES:
        steps(dashed("n", n, variance), dict(RAW, variance_type=variance), n=n, count=3)
        steps(dashed("n", n, variance, "tail"), dict(RAW, variance_type=variance), n=n, first=max(0, n - 2))
for n in (999, 1000, 1500):
    steps(f"n-{n}-head", RAW, n=n, count=3)
    steps(f"n-{n}-tail", RAW, n=n, first=n - 3)
steps("without-set-timesteps", RAW, request=None, count=3)
steps("without-set-timesteps-tail", RAW, request=None, first=997)
steps("set-timesteps-twice", RAW, n=5, earlier=[dict(request=dict(num_inference_steps=9), stepped=3)])
steps("img2img", RAW, n=10, first=5)
steps("timestep-between", RAW, n=10, times=[750, 333, 10, 0])

# ---- shapes and dtypes ----
for name, shape in (("1x4x8x8", [1, 4, 8, 8]), ("2d", [3, 5]), ("3d", [1, 16, 7]), ("5d", [1, 2, 3, 4, 4])):
    steps(f"shape-{name}", RAW, n=3, shape=shape)
    steps(f"shape-{name}-learned", dict(RAW, **LEARNED), n=3, shape=shape, count=2)
steps("float16", n=5, dtype="float16")
steps("float16-learned", LEARNED, n=5, dtype="float16")
recipe.add_noise("add-noise-batch", timesteps=[0, 10, 500, 999])
recipe.add_noise("add-noise-after-steps", n=5, stepped=2, timesteps=[801, 3])
recipe.add_noise("add-noise-float16", timesteps=[20, 700], dtype="float16")
recipe.add_noise("add-noise-negative-timestep", timesteps=[-1, -1000])

# ---- failures ----
error("beta-schedule-unknown", "constructor", "CONFIG_INVALID", dict(beta_schedule="linear"))
error("n-one", "set_timesteps", "REQUEST_INVALID", n=1)
error("timesteps-not-accepted", "set_timesteps", "REQUEST_INVALID", request=dict(timesteps=[999, 500]))
error("prediction-v", "step", "CONFIG_INVALID", dict(prediction_type="v_prediction"), n=5)
error("variance-unknown", "step", "CONFIG_INVALID", dict(variance_type="fixed_small"), n=5)
error("learned-range-single", "step", "SHAPE_MISMATCH", LEARNED, n=5, variant="single")
error("fixed-doubled", "step", "SHAPE_MISMATCH", n=5, variant="doubled")
error("timestep-past-table", "step", "TIMESTEP_NOT_IN_PLAN", n=5, times=[1000])
error("previous-past-table", "step", "TIMESTEP_NOT_IN_PLAN", n=5, times=[999], options=dict(prev_timestep=1000))
error("learned-range-up", "step", "NUMERIC", LEARNED, n=5, times=[500], options=dict(prev_timestep=600))
error("add-noise-past-table", "add_noise", "TIMESTEP_NOT_IN_PLAN", call="add_noise", timesteps=[1000, 3])
