"""Golden cases of AmusedScheduler: token ids in, logits of the model, uniform noise, token ids out.

Upstream draws with torch.multinomial and Tensor.uniform_, which cannot be replayed. `prove` shows that they are a race of exponentials
and Gumbel noise of the generator's uniform numbers; within a case they are made from recorded ones."""

import sys
from functools import partial

import torch
from diffusers import AmusedScheduler

from common import Recipe
from special import adapted
from tape import normal, replaced, source

MODULE = sys.modules[AmusedScheduler.__module__]


def race(probabilities, uniform):
    """What torch.multinomial does with the float64 uniform numbers of its generator."""
    exponential = (-torch.log1p(-uniform.double())).float()
    return (probabilities / exponential.reshape(probabilities.shape)).argmax(-1, keepdim=True)


def gumbel(uniform):
    return -torch.log((-torch.log(uniform.clamp(1e-20))).clamp(1e-20))


def prove():
    """On this machine torch draws as the recorded cases do."""
    for seed in range(20):
        generators = [torch.Generator().manual_seed(seed) for _ in range(2)]
        p = torch.softmax(torch.randn(6, 9, generator=torch.Generator().manual_seed(seed)), -1)
        drawn = torch.multinomial(p, 1, generator=generators[0])
        assert drawn.equal(race(p, torch.rand(6, 9, generator=generators[1], dtype=torch.float64)))
        assert MODULE.gumbel_noise(p, generators[0]).equal(gumbel(torch.rand(6, 9, generator=generators[1])))


prove()


def step(self, out, t, sample, **options):
    """With upstream's two draws made of the recorder's uniform numbers."""
    recorder = MODULE.torch
    plain = out if out.ndim == 3 else out.reshape(*out.shape[:2], -1).permute(0, 2, 1)
    uniform = recorder.rand(plain.shape)
    recorder.multinomial = lambda p, count, generator: race(p, uniform)
    with replaced(MODULE, gumbel_noise=lambda p, generator: gumbel(recorder.rand(p.shape))):
        return AmusedScheduler.step(self, out, t, sample, **options)


def classes(case):
    return case.get("variant", {}).get("classes", 7)


def start(recipe, case, alpha):
    """Tokens of which a share is masked; the mask is the first id that the model does not know."""
    generator = source(case, "x")
    tokens = torch.randint(0, classes(case), case["shape"], generator=generator)
    masked = torch.rand(case["shape"], generator=generator) < case.get("variant", {}).get("masked", 1.0)
    if case.get("variant", {}).get("foreign"):
        tokens[0, 0], masked[0, 0] = 1000, False
    return torch.where(masked, case["config"]["mask_token_id"], tokens)


def outputs(recipe, case, i, sample, alpha, sigma):
    """Logits: [batch, length, classes], or [batch, classes, height, width]."""
    count = classes(case) - (1 if case.get("variant", {}).get("short") else 0)
    shape = [*case["shape"], count] if len(case["shape"]) == 2 else [case["shape"][0], count, *case["shape"][1:]]
    logits = 2 * normal(case, f"out.{i}", shape)
    return logits.masked_fill(logits < -1, float("-inf")) if case.get("variant", {}).get("impossible") else logits


def probe(scheduler, out, t, sample, draws):
    """How clear the drawn ids are: the smallest ratio of the best time of the race to the second best."""
    plain = out if out.ndim == 3 else out.reshape(*out.shape[:2], -1).permute(0, 2, 1)
    best = (plain.softmax(-1) / -torch.log1p(-draws[0].double())).topk(2, dim=-1).values
    margin = float((best[..., 0] / best[..., 1] - 1).min())
    assert margin > 1e-4, "two ids are too close for a float32 comparison: give the case a salt"
    return {"margin": float(f"{margin:.2g}")}, {}


recipe = Recipe(
    adapted(AmusedScheduler, step=step),
    lambda scheduler, t: (1, 0),
    start=start,
    outputs=outputs,
    probe=probe,
    judged=False,
)
MASK = dict(mask_token_id=7)
LINEAR = dict(MASK, masking_schedule="linear")
steps, error = partial(recipe.steps, shape=[2, 8]), partial(recipe.error, shape=[2, 8])

# ---- config, step counts ----
for n in (1, 2, 3, 5, 10, 20):
    steps(f"cosine-n-{n}", MASK, n=n, count=min(n, 6), salt=1)
    steps(f"linear-n-{n}", LINEAR, n=n, count=min(n, 6))
for n in (50, 999, 1000):
    steps(f"n-{n}", MASK, n=n, count=3)
    steps(f"n-{n}-tail", MASK, n=n, first=n - 3, count=3, variant=dict(masked=0.4))
steps("mask-id-of-a-token", dict(mask_token_id=3), n=4, count=4)
steps("mask-id-large", dict(mask_token_id=8255), n=4, count=4)

# ---- temperature, starting mask ratio, given tokens ----
for name, temperature in (("number", 5), ("zero", 0), ("pair", [10, 0]), ("rising", [0, 3]), ("equal", [1.5, 1.5])):
    steps(f"temperature-{name}", MASK, n=6, count=4, request=dict(temperature=temperature))
steps("temperature-one-step", MASK, n=1, count=1, request=dict(temperature=[3, 1]))
for share in (0.0, 0.3, 0.5, 1.0, 1.7):
    name = f"starting-mask-ratio-{share:g}".replace(".", "-")
    steps(name, MASK, n=5, count=5, options=dict(starting_mask_ratio=share))
    steps(f"{name}-given", LINEAR, n=5, count=5, options=dict(starting_mask_ratio=share), variant=dict(masked=0.6))
for masked in (0.0, 0.2, 0.5, 0.8):
    name = f"masked-{masked:g}".replace(".", "-")
    steps(name, MASK, n=5, count=5, variant=dict(masked=masked))
steps("from-the-middle", MASK, n=10, first=5, count=5, variant=dict(masked=0.5))
steps("any-timestep", MASK, n=10, times=[9, 3, 7, 0], salt=1)
steps("set-timesteps-twice", MASK, n=4, count=4, request=dict(temperature=4), earlier=[dict(request=dict(num_inference_steps=9))])

# ---- model outputs, shapes ----
for count in (2, 3, 17, 64):
    steps(f"classes-{count}", dict(mask_token_id=count), n=4, count=2, variant=dict(classes=count))
steps("impossible", MASK, n=5, count=5, variant=dict(impossible=True))
for name, shape in (("1x2", [1, 2]), ("1x64", [1, 64]), ("3x17", [3, 17]), ("2d", [2, 3, 4]), ("2d-8x8", [1, 8, 8])):
    recipe.steps(f"shape-{name}", MASK, n=5, count=3, shape=shape)
    recipe.steps(f"shape-{name}-given", LINEAR, n=4, first=1, count=3, shape=shape, variant=dict(masked=0.7))

# ---- failures ----
error("mask-id-missing", "constructor", "CONFIG_INVALID", {}, n=5)
error("request-empty", "set_timesteps", "REQUEST_INVALID", MASK, request={})
error("schedule-unknown", "step", "CONFIG_INVALID", dict(MASK, masking_schedule="sine"), n=5)
error("timestep-foreign", "step", "TIMESTEP_NOT_IN_PLAN", MASK, n=5, times=[5])
error("timestep-negative", "step", "TIMESTEP_NOT_IN_PLAN", MASK, n=5, times=[-1])
error("token-foreign", "step", "REQUEST_INVALID", MASK, n=5, variant=dict(foreign=True, masked=0.5))
recipe.error("one-token", "step", "SHAPE_MISMATCH", MASK, n=5, shape=[2, 1])


def seeded(n=6, length=16, codebook=12):
    """A whole run of untouched upstream: logits of a fixed table, all randomness from one generator."""
    scheduler = AmusedScheduler(mask_token_id=codebook)
    scheduler.set_timesteps(n)
    i = torch.arange(2 * length * codebook, dtype=torch.float32)
    logits = ((i * 7919) % 101 / 25).reshape(2, length, codebook)
    generator, ids = torch.Generator().manual_seed(42), torch.full((2, length), codebook)
    for t in scheduler.timesteps:
        ids = scheduler.step(logits, t, ids, generator=generator).prev_sample
        print(ids.tolist())
    noised = scheduler.add_noise(ids, 3, generator=generator)
    print("add_noise", noised.tolist())


if __name__ == "__main__":
    seeded()
