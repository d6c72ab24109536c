"""Golden cases of VQDiffusionScheduler: token ids in, log-probabilities of the model, uniform noise, token ids out."""

import torch
from diffusers import VQDiffusionScheduler

from common import Recipe
from tape import normal, source


def classes(case):
    return case["config"]["num_vec_classes"]


def start(recipe, case, alpha):
    """Tokens of which about half are masked (the mask is the last class)."""
    generator = source(case, "x")
    tokens = torch.randint(0, classes(case), case["shape"], generator=generator)
    masked = torch.rand(case["shape"], generator=generator) < (1 if case.get("variant") == "masked" else 0.5)
    last = classes(case) if case.get("variant") == "out-of-range" else classes(case) - 1
    return torch.where(masked, last, tokens)


def outputs(recipe, case, i, sample, alpha, sigma):
    """Log-probabilities of the classes except the mask, [batch, classes - 1, length]."""
    batch, length = case["shape"]
    count = classes(case) if case.get("variant") == "too-many" else classes(case) - 1
    logits = 2 * normal(case, f"out.{i}", [batch, count, length])
    log_p = torch.log_softmax(logits, dim=1)
    if case.get("variant") == "truncated":  # as the pipeline does: improbable classes at -70
        return log_p.masked_fill(log_p < -2, -70.0)
    return log_p.masked_fill(log_p < -3, float("-inf")) if case.get("variant") == "impossible" else log_p


def probe(scheduler, out, t, sample, draws):
    """How clear the choice was: the smallest distance of the best from the second best score."""
    scores = out if t == 0 else scheduler.q_posterior(out, sample, t)
    gumbel = -torch.log(-torch.log(draws[0] + 1e-30) + 1e-30)
    if scores.shape[1] < 2:
        return {}, {"posterior": scores}
    best = (scores + gumbel).topk(2, dim=1).values
    margin = float((best[:, 0] - best[:, 1]).min())
    assert not margin <= 1e-3, "two classes are too close for a float32 comparison: give the case a salt"
    return {"margin": float(f"{margin:.2g}")}, {"posterior": scores}


recipe = Recipe(
    VQDiffusionScheduler, lambda scheduler, t: (1, 0), start=start, outputs=outputs, probe=probe, judged=False
)
steps, error = recipe.steps, recipe.error
SHAPE = [2, 6]
SMALL = dict(num_vec_classes=5)

# ---- each config key alone ----
for count in (2, 3, 5, 17):
    steps(f"classes-{count}", dict(num_vec_classes=count), n=100, count=4, shape=SHAPE)
steps("num-train-timesteps-10", dict(SMALL, num_train_timesteps=10), n=10, count=10, shape=SHAPE)
steps("num-train-timesteps-1000", dict(SMALL, num_train_timesteps=1000), n=1000, count=3, shape=SHAPE)
steps("alpha-cum-start", dict(SMALL, alpha_cum_start=0.9), n=100, first=90, shape=SHAPE)
steps("alpha-cum-end", dict(SMALL, alpha_cum_end=1e-6), n=100, count=4, shape=SHAPE)
steps("gamma-cum-start", dict(SMALL, gamma_cum_start=1e-6), n=100, first=90, shape=SHAPE)
steps("gamma-cum-end", dict(SMALL, gamma_cum_end=0.9), n=100, count=4, shape=SHAPE)
steps(
    "all-keys",
    dict(
        num_vec_classes=7,
        num_train_timesteps=20,
        alpha_cum_start=0.95,
        alpha_cum_end=0.02,
        gamma_cum_start=0.01,
        gamma_cum_end=0.9,
    ),
    n=20,
    count=8,
    shape=SHAPE,
)

# ---- step counts and parts of the schedule ----
for n in (1, 2, 3, 5, 20, 50, 99):
    steps(f"n-{n}", SMALL, n=n, count=min(n, 5), shape=SHAPE)
    steps(f"n-{n}-tail", SMALL, n=n, first=max(0, n - 3), shape=SHAPE)
for first in (0, 25, 50, 75, 90, 96):
    steps(f"n-100-from-{first}", SMALL, n=100, first=first, count=4, shape=SHAPE)
    steps(f"n-100-from-{first}-masked", SMALL, n=100, first=first, count=4, shape=SHAPE, variant="masked")
for n in (999, 1000):
    steps(f"n-{n}-of-1000-tail", dict(SMALL, num_train_timesteps=1000), n=n, first=n - 4, shape=SHAPE)
steps("n-20-all", dict(SMALL, num_train_timesteps=20), n=20, count=20, shape=SHAPE)
steps("without-set-timesteps", SMALL, request=None, count=3, shape=SHAPE)
steps("without-set-timesteps-tail", SMALL, request=None, first=98, shape=SHAPE)
steps("any-timestep", SMALL, n=100, times=[99, 40, 7, 1, 0], shape=SHAPE)
steps("set-timesteps-twice", SMALL, n=4, shape=SHAPE, earlier=[dict(request=dict(num_inference_steps=100))])

# ---- model outputs ----
for variant in ("truncated", "impossible"):
    for first in (0, 50, 97):
        steps(
            f"{variant}-from-{first}",
            dict(num_vec_classes=9),
            n=100,
            first=first,
            count=3,
            shape=SHAPE,
            variant=variant,
        )

# ---- shapes and dtypes ----
for name, shape in (("1x1", [1, 1]), ("1x16", [1, 16]), ("3x7", [3, 7])):
    steps(f"shape-{name}", SMALL, n=100, first=40, count=3, shape=shape)
for first in (0, 50, 98):
    steps(f"float16-from-{first}", SMALL, n=100, first=first, count=2, shape=SHAPE, dtype="float16")
steps("many-classes", dict(num_vec_classes=257), n=100, first=60, count=2, shape=[1, 4])

# ---- failures ----
error("classes-missing", "constructor", "CONFIG_INVALID", {}, n=100, shape=SHAPE)
error("request-empty", "set_timesteps", "REQUEST_INVALID", SMALL, request={}, shape=SHAPE)
error("timesteps-not-accepted", "set_timesteps", "REQUEST_INVALID", SMALL, request=dict(timesteps=[5, 1]), shape=SHAPE)
error("n-over-train", "step", "REQUEST_INVALID", SMALL, n=101, shape=SHAPE)
error("timestep-past-table", "step", "TIMESTEP_NOT_IN_PLAN", SMALL, n=100, times=[100], shape=SHAPE)
error("one-class", "step", "CONFIG_INVALID", dict(num_vec_classes=1), n=100, first=99, shape=SHAPE)
# The class probabilities sum to more than 1 here: upstream takes the argmax of NaN.
error(
    "alpha-and-gamma-over-one-at-the-end",
    "step",
    "NUMERIC",
    dict(SMALL, alpha_cum_end=0.01),
    n=100,
    count=2,
    shape=SHAPE,
)
error(
    "alpha-and-gamma-over-one-at-the-start",
    "step",
    "NUMERIC",
    dict(SMALL, gamma_cum_start=0.01),
    n=100,
    first=97,
    shape=SHAPE,
)
error("too-many-classes-in-output", "step", "SHAPE_MISMATCH", SMALL, n=100, shape=SHAPE, variant="too-many")
error("token-out-of-range", "step", "REQUEST_INVALID", SMALL, n=100, shape=SHAPE, variant="out-of-range")
