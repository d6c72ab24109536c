"""Golden cases of FlowMatchLCMScheduler: shifts, custom schedules, every way of resizing, and each way to fail."""

from diffusers import FlowMatchLCMScheduler

from common import SHAPE, Recipe, dashed
from tape import normal


def level(scheduler, t):
    return 0.6, 0.8  # the model's velocity is white noise at every level


def outputs(recipe, case, i, sample, alpha, sigma):
    return normal(case, f"out.{i}", sample.shape)  # the sample grows from scale to scale


recipe = Recipe(FlowMatchLCMScheduler, level, outputs=outputs)
error, scale_noise = recipe.error, recipe.scale_noise


def steps(name, config=None, shape=(1, 2, 4, 4), **fields):
    recipe.steps(name, config, shape=list(shape), **fields)


RESPACINGS = {"karras": "use_karras_sigmas", "exponential": "use_exponential_sigmas", "beta": "use_beta_sigmas"}
DYNAMIC = dict(use_dynamic_shifting=True)
LINEAR = dict(use_dynamic_shifting=True, time_shift_type="linear")
SD3 = dict(shift=3.0)

# ---- each config key alone ----
steps("default", n=4)
steps("num-train-timesteps-100", dict(num_train_timesteps=100), n=3)
for shift in (0.5, 3.0, 7.0):
    steps(dashed("shift", shift), dict(shift=shift), n=4)
steps("dynamic", DYNAMIC, n=4, request=dict(mu=1.15))
steps("image-sequence-keys", dict(base_shift=0.7, max_shift=2.0, base_image_seq_len=128, max_image_seq_len=8192), n=2)
steps("invert-sigmas", dict(invert_sigmas=True), n=4)
for terminal in (0.02, 0.5):
    steps(dashed("shift-terminal", terminal), dict(shift_terminal=terminal), n=3)
steps("shift-terminal-zero-is-none", dict(shift_terminal=0.0), n=3)
for name, key in RESPACINGS.items():
    steps(name, {key: True}, n=4)
steps("time-shift-type-linear-without-dynamic", dict(time_shift_type="linear"), n=3)
steps("upscale-mode-alone", dict(upscale_mode="nearest"), n=3)

# ---- pairs that interact ----
for name, config, request in (
    ("shift-3", SD3, {}),
    ("dynamic", DYNAMIC, dict(mu=0.8)),
    ("linear", LINEAR, dict(mu=2.0)),
    ("terminal", dict(shift=3.0, shift_terminal=0.1), {}),
):
    for respacing, key in {"": None, **RESPACINGS}.items():
        for inverted in (False, True):
            extra = {**({key: True} if key else {}), **({"invert_sigmas": True} if inverted else {})}
            suffix = "-".join(["", *filter(None, [respacing, inverted and "inverted"])])
            steps(f"set-{name}{suffix}", dict(config, **extra), n=4, request=request, count=2)
steps("mu-without-dynamic-is-ignored", SD3, n=3, request=dict(mu=1.0))

# ---- custom schedules ----
LIST = [1.0, 0.9, 0.75, 0.5]
steps("sigmas", request=dict(sigmas=LIST))
steps("sigmas-and-n", n=4, request=dict(sigmas=LIST))
steps("sigmas-shift-3", SD3, request=dict(sigmas=LIST))
steps("sigmas-dynamic", DYNAMIC, request=dict(sigmas=LIST, mu=0.9))
steps("sigmas-inverted", dict(invert_sigmas=True), request=dict(sigmas=LIST))
steps("sigmas-ending-in-zero", request=dict(sigmas=[1.0, 0.5, 0.0]))
steps("sigmas-karras", dict(use_karras_sigmas=True), request=dict(sigmas=LIST))
steps("sigmas-twice-the-same", request=dict(sigmas=[1.0, 0.5, 0.5, 0.2]))
steps("timesteps", request=dict(timesteps=[1000.0, 750.0, 400.0, 10.0]))
steps("timesteps-shift-3", SD3, request=dict(timesteps=[1000.0, 750.0, 400.0, 10.0]))
steps("timesteps-inverted", dict(invert_sigmas=True), request=dict(timesteps=[1000.0, 750.0, 400.0]))
steps("timesteps-and-sigmas-shift-3", SD3, request=dict(timesteps=[900.0, 500.0, 100.0], sigmas=[1.0, 0.6, 0.2]))
for shift in (0.5, 5.0):
    steps(dashed("set-shift", shift, "over-3"), SD3, n=4, set_shift=shift)

# ---- scales ----
def scales(*factors, mode="bicubic", **extra):
    return dict(scale_factors=list(factors), upscale_mode=mode, **extra)


MODES = ("nearest", "bilinear", "bicubic", "area", "nearest-exact")
for mode in MODES:
    steps(f"scale-{mode}", scales(1.5, 2.0, mode=mode), n=3, shape=[1, 2, 3, 4])
    steps(f"scale-{mode}-down", scales(0.7, 0.4, mode=mode), n=3, shape=[1, 2, 7, 5])
for mode in ("nearest", "linear", "area", "nearest-exact"):
    steps(f"scale-3d-{mode}", scales(1.4, 2.3, mode=mode), n=3, shape=[2, 3, 7])
for mode in ("nearest", "trilinear", "area", "nearest-exact"):
    steps(f"scale-5d-{mode}", scales(1.25, 1.7, mode=mode), n=3, shape=[1, 1, 3, 4, 2])
steps("scale-swd", scales(1.0, 1.25, 1.5, 1.75, 2.0, shift=3.0), n=6, shape=[1, 2, 4, 4])
steps("scale-once", scales(2.0), n=2)
steps("scale-of-one", scales(1.0, 1.0), n=3)
steps("scale-rounds-halves-to-even", scales(1.25, 1.75), n=3, shape=[1, 2, 2, 6])
steps("scale-sigmas", scales(1.5, 2.0, 3.0), request=dict(sigmas=[1.0, 0.94, 0.78, 0.6]))
steps("scale-begin-index", scales(1.5, 2.0, 3.0), n=4, begin_index=2)
steps("scale-float16", scales(1.5, 2.0), n=3, dtype="float16")
steps("scale-inverted", scales(1.5, 2.0, invert_sigmas=True), n=3)
steps("scale-none", dict(scale_factors=[]), n=3)
steps("scale-mode-none", dict(scale_factors=[2.0], upscale_mode=None), n=3)
steps("scale-again", scales(1.5, 2.0), n=3, earlier=[dict(request=dict(num_inference_steps=3), stepped=1)])

# ---- step counts ----
for n in (1, 2, 3, 5, 10, 20):
    steps(f"n-{n}", SD3, n=n, count=min(n, 4))
for n in (50, 999, 1000):
    steps(f"n-{n}-head", SD3, n=n, count=2)
    steps(f"n-{n}-tail", SD3, n=n, begin_index=n - 2)
steps("n-over-train", dict(num_train_timesteps=20), n=40, count=2)

# ---- where a run starts, and what is called twice ----
steps("begin-index-3", SD3, n=6, begin_index=3)
steps("img2img-by-timestep", SD3, n=6, first=4)
steps("begin-index-overrides-timestep", n=5, begin_index=2, times=[1000.0, 1000.0])
steps("timestep-only-matters-once", n=5, times=[1000.0, 1.0, 1.0])
steps("without-set-timesteps", SD3, request=None, count=2)
steps("set-timesteps-clears-begin-index", n=4, count=2, earlier=[dict(request=dict(num_inference_steps=5), begin_index=4)])
steps("generator", SD3, n=2, options=dict(generator=True))

# ---- shapes and dtypes ----
for name, shape in (("2x3x4x4", [2, 3, 4, 4]), ("2d", [3, 5]), ("5d", [2, 2, 3, 2, 2]), ("1d", [7])):
    steps(f"shape-{name}", SD3, n=2, shape=shape)
steps("float16", SD3, n=4, dtype="float16")

# ---- scale_noise in every index state ----
scale_noise("scale-noise-before-set-timesteps", SD3, rows=[0, 500, 999])
scale_noise("scale-noise-fresh", SD3, n=5, rows=[0, 4])
scale_noise("scale-noise-begin-index", SD3, n=5, begin_index=3, rows=[0, 4])
scale_noise("scale-noise-begin-index-after-steps", SD3, n=5, begin_index=1, stepped=2, rows=[0, 4])
scale_noise("scale-noise-after-steps", SD3, n=5, stepped=3, rows=[0, 4])
scale_noise("scale-noise-duplicates", request=dict(sigmas=[1.0, 0.5, 0.5, 0.2]), rows=[1, 3])
scale_noise("scale-noise-float16", SD3, n=5, rows=[0, 4], dtype="float16")

# ---- failures (integer timesteps, which upstream refuses, cannot be told from others in JavaScript) ----
for first, second in (("karras", "exponential"), ("karras", "beta"), ("exponential", "beta")):
    error(
        f"{first}-and-{second}", "constructor", "CONFIG_CONFLICT", {RESPACINGS[first]: True, RESPACINGS[second]: True}
    )
error("time-shift-type-unknown", "constructor", "CONFIG_INVALID", dict(time_shift_type="cubic"))
error("mu-missing", "set_timesteps", "REQUEST_INVALID", DYNAMIC, n=5)
error("request-empty", "set_timesteps", "REQUEST_INVALID", request={})
error("sigmas-and-timesteps-differ", "set_timesteps", "REQUEST_INVALID", request=dict(sigmas=[1.0], timesteps=[9.0, 5.0]))
error("n-and-sigmas-differ", "set_timesteps", "REQUEST_INVALID", n=3, request=dict(sigmas=[1.0, 0.5]))
error("n-and-timesteps-differ", "set_timesteps", "REQUEST_INVALID", n=3, request=dict(timesteps=[900.0, 500.0]))
error("n-zero", "step", "REQUEST_INVALID", n=0, times=[1000.0])
error("n-negative", "set_timesteps", "REQUEST_INVALID", n=-1)
error("timestep-foreign", "step", "TIMESTEP_NOT_IN_PLAN", n=5, times=[123.0])
error("past-the-end", "step", "RUN_EXHAUSTED", n=2, times=[1000.0, 1.0, 1.0])
error("begin-index-past-the-end", "step", "RUN_EXHAUSTED", n=3, begin_index=4, times=[1000.0])
error("without-set-timesteps-has-no-last-sigma", "step", "RUN_EXHAUSTED", request=None, begin_index=998)
error("shift-terminal-n-1", "step", "NUMERIC", dict(shift_terminal=0.1), n=1)
error("shift-terminal-one", "step", "CONFIG_INVALID", dict(shift_terminal=1), n=5)
error("shift-zero", "step", "CONFIG_INVALID", dict(shift=0.0), n=5)
error("scale-too-few", "step", "REQUEST_INVALID", scales(2.0), n=3)
error("scale-too-many", "step", "REQUEST_INVALID", scales(2.0, 3.0), n=2)
error("scale-mode-unknown", "step", "CONFIG_INVALID", scales(2.0, mode="lanczos"), n=2)
for mode, shape in (("bicubic", [2, 3, 7]), ("linear", list(SHAPE)), ("bilinear", [2, 3]), ("trilinear", list(SHAPE))):
    error(dashed("scale", mode, f"{len(shape)}d"), "step", "SHAPE_MISMATCH", scales(2.0, mode=mode), n=2, shape=shape)
error("scale-to-nothing", "step", "CONFIG_INVALID", scales(0.01), n=2)
error("scale-noise-foreign-timestep", "scale_noise", "TIMESTEP_NOT_IN_PLAN", n=5, call="scale_noise", timesteps=[123.0])
