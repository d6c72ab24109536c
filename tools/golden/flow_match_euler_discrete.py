"""Golden cases of FlowMatchEulerDiscreteScheduler: shifts, custom schedules, per-token timesteps, and each way to
fail."""

import torch
from diffusers import FlowMatchEulerDiscreteScheduler

from common import Recipe, dashed
from tape import normal, source


def level(scheduler, t):
    return 0.6, 0.8  # the model's velocity is white noise at every level


def outputs(recipe, case, i, sample, alpha, sigma):
    return normal(case, f"out.{i}")


def per_token_timesteps(case, i):
    """A timestep of its own for each token of each batch item."""
    uniform = torch.rand(case["shape"][:2], generator=source(case, f"per_token_timesteps.{i}"))
    return uniform * case["config"].get("num_train_timesteps", 1000)


recipe = Recipe(FlowMatchEulerDiscreteScheduler, level, outputs=outputs)
steps, error = recipe.steps, recipe.error
RESPACINGS = {"karras": "use_karras_sigmas", "exponential": "use_exponential_sigmas", "beta": "use_beta_sigmas"}
DYNAMIC = dict(use_dynamic_shifting=True)
LINEAR = dict(use_dynamic_shifting=True, time_shift_type="linear")
STOCHASTIC = dict(stochastic_sampling=True)
SD3 = dict(shift=3.0)
FLUX = dict(use_dynamic_shifting=True, shift=3.0, base_shift=0.5, max_shift=1.15)
LTX = dict(use_dynamic_shifting=True, shift_terminal=0.1, base_shift=0.95, max_shift=2.05, base_image_seq_len=1024)


# ---- each config key alone ----
steps("default", n=10)
steps("num-train-timesteps-100", dict(num_train_timesteps=100), n=5)
for shift in (0.5, 3.0, 7.0):
    steps(dashed("shift", shift), dict(shift=shift), n=6)
steps("dynamic", DYNAMIC, n=5, request=dict(mu=1.15))
steps("image-sequence-keys", dict(base_shift=0.7, max_shift=2.0, base_image_seq_len=128, max_image_seq_len=8192), n=3)
steps("invert-sigmas", dict(invert_sigmas=True), n=5)
for terminal in (0.02, 0.1, 0.5):
    steps(dashed("shift-terminal", terminal), dict(shift_terminal=terminal), n=5)
steps("shift-terminal-zero-is-none", dict(shift_terminal=0.0), n=4)
for name, key in RESPACINGS.items():
    steps(name, {key: True}, n=6)
steps("time-shift-type-linear-without-dynamic", dict(time_shift_type="linear"), n=4)
steps("stochastic-sampling", STOCHASTIC, n=5)

# ---- pairs that interact ----
for name, config, request in (
    ("plain", {}, {}),
    ("shift-3", SD3, {}),
    ("dynamic", DYNAMIC, dict(mu=0.8)),
    ("linear", LINEAR, dict(mu=2.0)),
    ("terminal", dict(shift=3.0, shift_terminal=0.1), {}),
):
    for respacing, key in {"": None, **RESPACINGS}.items():
        for inverted in (False, True):
            extra = {**({key: True} if key else {}), **({"invert_sigmas": True} if inverted else {})}
            suffix = "-".join(["", *filter(None, [respacing, inverted and "inverted"])])
            steps(f"set-{name}{suffix}", dict(config, **extra), n=7, request=request, count=3)
for mu in (-0.5, 0.0, 0.5, 3.0):
    steps(dashed("dynamic-mu", mu), DYNAMIC, n=4, request=dict(mu=mu))
for mu in (0.5, 1.0, 3.0):
    steps(dashed("linear-mu", mu), LINEAR, n=4, request=dict(mu=mu))
steps("mu-without-dynamic-is-ignored", SD3, n=4, request=dict(mu=1.0))
steps("dynamic-ignores-shift", FLUX, n=4, request=dict(mu=1.15))
steps("ltx", LTX, n=8, request=dict(mu=1.6))
steps("stochastic-shift", dict(STOCHASTIC, **SD3), n=6)
steps("stochastic-inverted", dict(STOCHASTIC, invert_sigmas=True), n=4)
steps("stochastic-karras", dict(STOCHASTIC, use_karras_sigmas=True), n=4)

# ---- custom schedules ----
LIST = [1.0, 0.9, 0.75, 0.5, 0.3]
steps("sigmas", request=dict(sigmas=LIST))
steps("sigmas-and-n", n=5, request=dict(sigmas=LIST))
steps("sigmas-shift-3", SD3, request=dict(sigmas=LIST))
steps("sigmas-dynamic", FLUX, request=dict(sigmas=LIST, mu=0.9))
steps("sigmas-flux-schnell", dict(shift=1.0), request=dict(sigmas=[1.0, 0.75, 0.5, 0.25]))
steps("sigmas-terminal", LTX, request=dict(sigmas=LIST, mu=1.2))
steps("sigmas-terminal-static", dict(shift_terminal=0.2), request=dict(sigmas=LIST))
steps("sigmas-inverted", dict(invert_sigmas=True), request=dict(sigmas=LIST))
steps("sigmas-ending-in-zero", request=dict(sigmas=[1.0, 0.5, 0.0]))
steps("sigmas-ending-in-zero-dynamic", DYNAMIC, request=dict(sigmas=[1.0, 0.5, 0.0], mu=1.0))
for name, key in RESPACINGS.items():
    steps(f"sigmas-{name}", {key: True}, request=dict(sigmas=LIST))
steps("sigmas-twice-the-same", request=dict(sigmas=[1.0, 0.5, 0.5, 0.2]))
steps("sigmas-twice-the-same-first", request=dict(sigmas=[1.0, 1.0, 0.5, 0.2]), count=2)
# Given timesteps are passed on as they are, while the sigmas made of them are shifted.
steps("timesteps", request=dict(timesteps=[1000.0, 750.0, 400.0, 10.0]))
steps("timesteps-and-n", n=3, request=dict(timesteps=[900.0, 500.0, 100.0]))
steps("timesteps-shift-3", SD3, request=dict(timesteps=[1000.0, 750.0, 400.0, 10.0]))
steps("timesteps-dynamic", DYNAMIC, request=dict(timesteps=[1000.0, 750.0, 400.0, 10.0], mu=1.0))
steps("timesteps-terminal", dict(shift_terminal=0.1), request=dict(timesteps=[1000.0, 750.0, 400.0]))
steps("timesteps-karras", dict(use_karras_sigmas=True), request=dict(timesteps=[1000.0, 750.0, 400.0, 10.0]))
steps("timesteps-inverted", dict(invert_sigmas=True), request=dict(timesteps=[1000.0, 750.0, 400.0]))
steps("timesteps-num-train-100", dict(num_train_timesteps=100), request=dict(timesteps=[100.0, 40.0, 7.0]))
steps("timesteps-and-sigmas", request=dict(timesteps=[900.0, 500.0, 100.0], sigmas=[1.0, 0.6, 0.2]))
steps("timesteps-and-sigmas-shift-3", SD3, request=dict(timesteps=[900.0, 500.0, 100.0], sigmas=[1.0, 0.6, 0.2]))
steps(
    "timesteps-and-sigmas-inverted",
    dict(invert_sigmas=True),
    request=dict(timesteps=[900.0, 500.0, 100.0], sigmas=[1.0, 0.6, 0.2]),
)
steps("timesteps-and-sigmas-n", n=3, request=dict(timesteps=[900.0, 500.0, 100.0], sigmas=[1.0, 0.6, 0.2]))

# ---- set_shift ----
for shift in (0.5, 5.0):
    steps(dashed("set-shift", shift), n=5, set_shift=shift)
    steps(dashed("set-shift", shift, "over-3"), SD3, n=5, set_shift=shift)  # the range stays that of shift 3
steps("set-shift-dynamic-ignores-it", DYNAMIC, n=4, request=dict(mu=1.0), set_shift=5.0)
steps("set-shift-between", n=4, set_shift=2.0, earlier=[dict(request=dict(num_inference_steps=6), stepped=2)])

# ---- arguments of step ----
steps("churn-arguments-are-ignored", n=4, options=dict(s_churn=10.0, s_tmin=0.1, s_tmax=0.9, s_noise=1.1))
for name, config, request in (
    ("plain", {}, {}),
    ("shift-3", SD3, {}),
    ("dynamic", FLUX, dict(mu=1.0)),
    ("train-100", dict(num_train_timesteps=100), {}),
):
    fields = dict(
        n=4,
        request=request,
        shape=[2, 5, 3],
        options=dict(per_token_timesteps="per_token_timesteps"),
        tape=per_token_timesteps,
    )
    steps(f"per-token-{name}", config, **fields)
    steps(f"per-token-{name}-stochastic", dict(config, **STOCHASTIC), **fields)
steps(
    "per-token-float16",
    n=3,
    shape=[2, 5, 3],
    dtype="float16",
    options=dict(per_token_timesteps="per_token_timesteps"),
    tape=per_token_timesteps,
)

# ---- step counts ----
for n in (1, 2, 3):
    for name, config, request in (("plain", {}, {}), ("shift-3", SD3, {}), ("dynamic", FLUX, dict(mu=1.0))):
        steps(f"n-{n}-{name}", config, n=n, request=request)
    for name, key in RESPACINGS.items():
        steps(f"n-{n}-{name}", {key: True}, n=n)
steps("n-13", SD3, n=13, count=4)
steps("n-20-all", SD3, n=20, count=20)
steps("n-50", SD3, n=50, count=4)
steps("n-50-tail", SD3, n=50, begin_index=46)
for n in (999, 1000):
    for name, config, request in (("plain", {}, {}), ("shift-3", SD3, {}), ("dynamic", FLUX, dict(mu=1.0))):
        steps(f"n-{n}-{name}-head", config, n=n, request=request, count=4)
        steps(f"n-{n}-{name}-tail", config, n=n, request=request, begin_index=n - 4)
for n in (100, 500):
    for name, key in RESPACINGS.items():
        steps(f"{name}-n-{n}-tail", {key: True}, n=n, begin_index=n - 3)
steps("n-over-train", dict(num_train_timesteps=20), n=40, count=4)

# ---- where a run starts, and what is called twice ----
steps("begin-index-3", SD3, n=10, begin_index=3, count=4)
steps("img2img-by-timestep", SD3, n=10, first=6)
steps("begin-index-overrides-timestep", n=10, begin_index=2, times=[1000.0, 1000.0])
steps("timestep-only-matters-once", n=5, times=[1000.0, 1.0, 1.0])
steps("without-set-timesteps", SD3, request=None, count=3)
steps("without-set-timesteps-dynamic", FLUX, request=None, begin_index=500, count=2)
steps("set-timesteps-twice", SD3, n=5, earlier=[dict(request=dict(num_inference_steps=9), stepped=3)])
steps(
    "set-timesteps-clears-begin-index", n=5, count=3, earlier=[dict(request=dict(num_inference_steps=9), begin_index=4)]
)
steps("set-timesteps-after-sigmas", SD3, n=3, earlier=[dict(request=dict(sigmas=[0.9, 0.4]), stepped=1)])

# ---- shapes and dtypes ----
for name, shape in (
    ("1x4x8x8", [1, 4, 8, 8]),
    ("2d", [3, 5]),
    ("3d", [1, 16, 7]),
    ("5d", [2, 4, 3, 5, 5]),
    ("1d", [7]),
):
    steps(f"shape-{name}", SD3, n=3, shape=shape)
    steps(f"shape-{name}-stochastic", STOCHASTIC, n=2, shape=shape)
for name, config, request in (
    ("plain", {}, {}),
    ("shift-3", SD3, {}),
    ("dynamic", FLUX, dict(mu=1.0)),
    ("stochastic", STOCHASTIC, {}),
):
    steps(f"float16-{name}", config, n=5, request=request, dtype="float16")

# ---- scale_noise in every index state ----
scale_noise = recipe.scale_noise
scale_noise("scale-noise-before-set-timesteps", SD3, rows=[0, 500, 999])
scale_noise("scale-noise-fresh", SD3, n=10, rows=[0, 3, 9])
scale_noise("scale-noise-dynamic", FLUX, n=10, request=dict(mu=1.0), rows=[2, 7])
scale_noise("scale-noise-inverted", dict(invert_sigmas=True), n=10, rows=[2, 7])
scale_noise("scale-noise-begin-index", SD3, n=10, begin_index=4, rows=[0, 9])
scale_noise("scale-noise-begin-index-foreign-timestep", SD3, n=10, begin_index=4, timesteps=[123.0, 5.0])
scale_noise("scale-noise-begin-index-after-steps", SD3, n=10, begin_index=4, stepped=3, rows=[0, 9])
scale_noise("scale-noise-after-steps", SD3, n=10, stepped=3, rows=[0, 9])
scale_noise("scale-noise-duplicates", request=dict(sigmas=[1.0, 0.5, 0.5, 0.2]), rows=[1, 3])
scale_noise("scale-noise-float16", SD3, n=10, rows=[0, 9], dtype="float16")
scale_noise("scale-noise-5d", SD3, n=10, rows=[1, 8], shape=[2, 4, 3, 5, 5])

# ---- failures (integer timesteps, which upstream refuses, cannot be told from others in JavaScript) ----
for first, second in (("karras", "exponential"), ("karras", "beta"), ("exponential", "beta")):
    error(
        f"{first}-and-{second}", "constructor", "CONFIG_CONFLICT", {RESPACINGS[first]: True, RESPACINGS[second]: True}
    )
error("time-shift-type-unknown", "constructor", "CONFIG_INVALID", dict(time_shift_type="cubic"))
error("mu-missing", "set_timesteps", "REQUEST_INVALID", DYNAMIC, n=5)
error("request-empty", "set_timesteps", "REQUEST_INVALID", request={})
error(
    "sigmas-and-timesteps-differ",
    "set_timesteps",
    "REQUEST_INVALID",
    request=dict(sigmas=[1.0, 0.5], timesteps=[900.0]),
)
error("n-and-sigmas-differ", "set_timesteps", "REQUEST_INVALID", n=3, request=dict(sigmas=[1.0, 0.5]))
error("n-and-timesteps-differ", "set_timesteps", "REQUEST_INVALID", n=3, request=dict(timesteps=[900.0, 500.0]))
for name, key in RESPACINGS.items():
    error(f"n-zero-{name}", "set_timesteps", "REQUEST_INVALID", {key: True}, n=0)
error("n-zero-terminal", "set_timesteps", "REQUEST_INVALID", dict(shift_terminal=0.1), n=0)
error("n-zero", "step", "REQUEST_INVALID", n=0, times=[1000.0])
error("n-negative", "set_timesteps", "REQUEST_INVALID", n=-1)
error("timestep-foreign", "step", "TIMESTEP_NOT_IN_PLAN", n=5, times=[123.0])
error("past-the-end", "step", "RUN_EXHAUSTED", n=2, times=[1000.0, 1.0, 1.0])
error("begin-index-past-the-end", "step", "RUN_EXHAUSTED", n=3, begin_index=4, times=[1000.0])
error("sigmas-twice-the-same-first-exhausted", "step", "RUN_EXHAUSTED", request=dict(sigmas=[1.0, 1.0, 0.5]))
error("without-set-timesteps-has-no-last-sigma", "step", "RUN_EXHAUSTED", request=None, begin_index=998)
error("shift-terminal-n-1", "step", "NUMERIC", dict(shift_terminal=0.1), n=1)
error("shift-terminal-one", "step", "CONFIG_INVALID", dict(shift_terminal=1), n=5)
error("shift-zero", "step", "CONFIG_INVALID", dict(shift=0.0), n=5)
error(
    "exponential-ending-in-zero",
    "set_timesteps",
    "NUMERIC",
    dict(use_exponential_sigmas=True),
    request=dict(sigmas=[1.0, 0.5, 0.0]),
)
error(
    "per-token-4d",
    "step",
    "SHAPE_MISMATCH",
    n=4,
    shape=[2, 3, 4, 4],
    options=dict(per_token_timesteps="per_token_timesteps"),
    tape=per_token_timesteps,
)
error("scale-noise-foreign-timestep", "scale_noise", "TIMESTEP_NOT_IN_PLAN", n=5, call="scale_noise", timesteps=[123.0])
