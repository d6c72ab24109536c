"""Golden cases of RePaintScheduler: steps with a picture and a mask, jumps back, and each way to fail."""

from itertools import cycle

import numpy
import torch
from diffusers import RePaintScheduler

from common import dashed
from recording import FLOATS
from special import SpecialRecipe, adapted
from tape import normal, source

SHORT = [0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4]


def new(scheduler, *args, trained_betas=None, **kwargs):
    """Upstream takes trained betas only as an array, and keeps its dtype."""
    betas = None if trained_betas is None else numpy.array(trained_betas, dtype=numpy.float32)
    RePaintScheduler.__init__(scheduler, *args, trained_betas=betas, **kwargs)


def level(scheduler, t):
    alpha2 = scheduler.alphas_cumprod[int(t)]
    return alpha2**0.5, (1 - alpha2) ** 0.5


def picture(case, i):
    return normal(case, f"image.{i}").clamp(-1, 1)


def hard(case, i):
    return (torch.rand(case["shape"], generator=source(case, f"mask.{i}")) < 0.5).float()


def soft(case, i):
    return torch.rand(case["shape"], generator=source(case, f"mask.{i}"))


def one_mask(case, i):
    """One mask for the whole batch, without channels."""
    return hard({**case, "shape": [1, 1, *case["shape"][2:]]}, i)


def tape(mask):
    """The tensor options of a step, in their order: the picture and the mask."""
    turn = cycle((picture, mask))
    return lambda case, i: next(turn)(case, i).to(FLOATS[case["dtype"]])


GIVEN = dict(original_image="image", mask="mask")
recipe = SpecialRecipe(adapted(RePaintScheduler, __init__=new), level)


def steps(name, config=None, mask=hard, **fields):
    recipe.steps(name, config, options=GIVEN, tape=tape(mask), **{"shape": [2, 2, 3, 3], "count": 3, **fields})


def error(name, at, code, config=None, **fields):
    recipe.error(name, at, code, config, **{"options": GIVEN, "tape": tape(hard), **fields})


# ---- each config key alone ----
steps("default", n=10, count=4)
steps("num-train-timesteps-100", dict(num_train_timesteps=100), n=10)
steps("num-train-timesteps-37", dict(num_train_timesteps=37), n=5)
steps("beta-start", dict(beta_start=0.001), n=4)
steps("beta-end", dict(beta_end=0.03), n=4)
for schedule in ("scaled_linear", "squaredcos_cap_v2", "sigmoid"):
    steps(dashed("beta", schedule), dict(beta_schedule=schedule), n=4)
steps("trained-betas", dict(num_train_timesteps=8, trained_betas=SHORT), n=4)
steps("trained-betas-longer", dict(num_train_timesteps=6, trained_betas=SHORT), n=3)
for eta in (0.1, 0.5, 1.0):
    steps(dashed("eta", eta), dict(eta=eta), n=5)
steps("clip-sample-off", dict(clip_sample=False), n=5)

# ---- pairs that interact ----
for schedule in ("linear", "squaredcos_cap_v2", "sigmoid"):
    for eta in (0.3, 1.0):
        config = dict(beta_schedule=schedule, eta=eta, clip_sample=False)
        steps(dashed(schedule, "eta", eta), config, n=6)
        steps(dashed(schedule, "eta", eta, "last-steps"), dict(config, clip_sample=True), n=6, first=4)
        steps(dashed(schedule, "eta", eta, "n-1000"), config, n=1000, times=[999, 998, 500, 1, 0])

# ---- masks ----
steps("mask-soft", dict(eta=0.5), mask=soft, n=4)
steps("mask-broadcast", dict(eta=0.5), mask=one_mask, n=4)
steps("mask-ones", mask=lambda case, i: torch.ones(case["shape"]), n=3)
steps("mask-zeros", mask=lambda case, i: torch.zeros(case["shape"]), n=3)

# ---- step counts and jumps: the timesteps rise again and again ----
for n in (1, 2, 3, 5, 20, 50, 250):
    steps(f"n-{n}", dict(eta=1.0), n=n)
for n in (999, 1000, 1500):
    steps(f"n-{n}", n=n, count=2)
for length, samples in ((1, 1), (1, 2), (1, 10), (2, 3), (5, 2), (7, 4), (10, 1), (30, 2)):
    steps(dashed("jump", length, samples), dict(eta=0.5), n=12, request=dict(jump_length=length, jump_n_sample=samples))
steps("jumps-of-the-paper", n=250, request=dict(jump_length=10, jump_n_sample=10), first=300, count=2)

# ---- where a run starts, and what is called twice ----
steps("from-the-middle", n=10, first=5)
steps("timestep-between", dict(eta=1.0), n=10, times=[10, 333, 750])
steps("timestep-negative", n=10, times=[-1])
steps("set-timesteps-twice", n=5, earlier=[dict(request=dict(num_inference_steps=9))])

# ---- shapes and dtypes ----
for name, shape in (("1x4x8x8", [1, 4, 8, 8]), ("1d", [5]), ("2d", [3, 5]), ("5d", [2, 4, 3, 5, 5])):
    steps(f"shape-{name}", dict(eta=0.5), n=3, count=2, shape=shape)
for eta in (0.0, 1.0):
    steps(dashed("float16-eta", eta), dict(eta=eta), n=4, dtype="float16")

# ---- undo_step: one draw for every trained timestep that a step of the schedule crosses ----
for n, t in ((250, 0), (250, 500), (250, 996), (1000, 0), (1000, 999), (100, 40), (50, 333)):
    recipe.call(f"undo-{n}-{t}", "undo_step", ["x", t], n=n, generator=True)
for schedule in ("scaled_linear", "squaredcos_cap_v2", "sigmoid"):
    recipe.call(dashed("undo", schedule), "undo_step", ["x", 984], dict(beta_schedule=schedule), n=100, generator=True)
recipe.call("undo-trained-betas", "undo_step", ["x", 3], dict(num_train_timesteps=8, trained_betas=SHORT), n=4, generator=True)
recipe.call("undo-wraps", "undo_step", ["x", -3], n=250, generator=True)
recipe.call("undo-1d", "undo_step", ["x", 40], n=250, shape=[5], generator=True)
recipe.call("undo-float16", "undo_step", ["x", 40], n=500, dtype="float16", generator=True)
past = dict(code="TIMESTEP_NOT_IN_PLAN")
recipe.call("undo-past-table", "undo_step", ["x", 997], n=250, generator=True, error=past)
recipe.call("undo-unset", "undo_step", ["x", 3], request=None, generator=True, error=dict(code="TIMESTEPS_NOT_SET"))

# ---- failures ----
error("beta-schedule-unknown", "constructor", "CONFIG_INVALID", dict(beta_schedule="laplace"))
error("n-zero", "set_timesteps", "REQUEST_INVALID", n=0)
error("jump-length-zero", "set_timesteps", "REQUEST_INVALID", n=10, request=dict(jump_length=0))
error("timesteps-not-accepted", "set_timesteps", "REQUEST_INVALID", request=dict(timesteps=[9, 1]))
error("step-without-set-timesteps", "step", "TIMESTEPS_NOT_SET", request=None)
error("image-missing", "step", "REQUEST_INVALID", n=5, options=dict(mask="mask"), tape=lambda case, i: hard(case, i))
error("mask-missing", "step", "REQUEST_INVALID", n=5, options=dict(original_image="image"), tape=lambda case, i: picture(case, i))
error("timestep-past-table", "step", "TIMESTEP_NOT_IN_PLAN", n=5, times=[1000])
error("eta-too-large", "step", "NUMERIC", dict(eta=2.0), n=5, first=3)
full = dict(num_train_timesteps=4, trained_betas=[0.5, 1.0, 0.5, 0.1], clip_sample=False)
error("alpha-zero", "step", "NUMERIC", full, n=4)
error("add-noise", "add_noise", "OP_UNSUPPORTED", call="add_noise", timesteps=[10, 20])
