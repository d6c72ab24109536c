"""Golden cases of FlowMatchHeunDiscreteScheduler: shifts, churn, both halves of every step, and each way to fail."""

from diffusers import FlowMatchHeunDiscreteScheduler

from common import Recipe, dashed
from tape import normal


def level(scheduler, t):
    return 0.6, 0.8  # the model's velocity is white noise at every level


def outputs(recipe, case, i, sample, alpha, sigma):
    return normal(case, f"out.{i}")


recipe = Recipe(FlowMatchHeunDiscreteScheduler, level, outputs=outputs)
steps, error, scale_noise = recipe.steps, recipe.error, recipe.scale_noise
SD3 = dict(shift=3.0)

# ---- each config key alone, and both ----
steps("default", n=6, count=11)
steps("num-train-timesteps-100", dict(num_train_timesteps=100), n=4)
for shift in (0.5, 3.0, 7.0):
    steps(dashed("shift", shift), dict(shift=shift), n=5)
steps("shift-3-num-train-timesteps-50", dict(num_train_timesteps=50, **SD3), n=4)

# ---- churn ----
CHURN = dict(s_churn=4.0)
steps("churn", n=4, options=CHURN)
steps("churn-shift-3", SD3, n=4, options=CHURN)
steps("churn-at-its-limit", SD3, n=3, options=dict(s_churn=1000.0))
steps("churn-between", SD3, n=6, count=11, options=dict(s_churn=5.0, s_tmin=0.4, s_tmax=0.9))
steps("churn-noise", SD3, n=4, options=dict(s_churn=4.0, s_noise=1.1))
steps("churn-without-noise", SD3, n=4, options=dict(s_churn=4.0, s_noise=0.0))
steps("churn-tmin-alone", SD3, n=3, options=dict(s_tmin=0.5))
steps("churn-tmax-alone", SD3, n=3, options=dict(s_tmax=0.5))
steps("churn-small", SD3, n=5, options=dict(s_churn=1e-3))
steps("churn-n-1", n=1, options=CHURN)
steps("churn-generator", SD3, n=3, options=dict(s_churn=2.0, generator=True))
steps("churn-n-50", SD3, n=50, count=4, options=dict(s_churn=40.0))

# ---- step counts ----
for n in (1, 2, 3, 5):
    steps(f"n-{n}", n=n)
    steps(f"n-{n}-shift-3", SD3, n=n)
steps("n-10-all", SD3, n=10, count=19)
steps("n-20", SD3, n=20, count=4)
steps("n-20-tail", SD3, n=20, begin_index=34)
for n in (50, 999, 1000):
    for name, config in (("plain", {}), ("shift-3", SD3)):
        steps(f"n-{n}-{name}-head", config, n=n, count=4)
        steps(f"n-{n}-{name}-tail", config, n=n, begin_index=2 * n - 4)
steps("n-over-train", dict(num_train_timesteps=20), n=40, count=4)

# ---- where a run starts, and what is called twice ----
steps("begin-index-4", SD3, n=6, begin_index=4, count=5)
steps("begin-index-0", SD3, n=3, begin_index=0)
steps("img2img-by-timestep", SD3, n=6, first=6, count=5)
steps("begin-index-overrides-timestep", n=5, begin_index=2, times=[1000.0, 1000.0])
steps("timestep-only-matters-once", n=5, times=[1000.0, 1.0, 1.0])
steps("set-timesteps-twice", SD3, n=3, earlier=[dict(request=dict(num_inference_steps=5), stepped=3)])
steps("set-timesteps-clears-begin-index", n=4, count=3, earlier=[dict(request=dict(num_inference_steps=5), begin_index=4)])

# ---- shapes and dtypes ----
for name, shape in (
    ("1x4x8x8", [1, 4, 8, 8]),
    ("2d", [3, 5]),
    ("3d", [1, 16, 7]),
    ("5d", [2, 4, 3, 5, 5]),
    ("1d", [7]),
):
    steps(f"shape-{name}", SD3, n=2, shape=shape)
steps("float16", n=5, dtype="float16")
steps("float16-shift-3", SD3, n=5, dtype="float16")
steps("float16-churn", SD3, n=4, dtype="float16", options=CHURN)

# ---- scale_noise in every index state ----
scale_noise("scale-noise-before-set-timesteps", SD3, rows=[500])
scale_noise("scale-noise-first", SD3, n=5, rows=[0])
scale_noise("scale-noise-doubled", SD3, n=5, rows=[3])
scale_noise("scale-noise-last", SD3, n=5, rows=[8])
scale_noise("scale-noise-begin-index", SD3, n=5, begin_index=4, rows=[0])
scale_noise("scale-noise-begin-index-foreign-timestep", SD3, n=5, begin_index=4, timesteps=[123.0, 5.0])
scale_noise("scale-noise-begin-index-after-steps", SD3, n=5, begin_index=4, stepped=2, rows=[0])
scale_noise("scale-noise-after-steps", SD3, n=5, stepped=3, rows=[8])
scale_noise("scale-noise-after-steps-foreign-timesteps", SD3, n=5, stepped=2, timesteps=[123.0, 5.0, 7.0])
scale_noise("scale-noise-after-all-steps", SD3, n=2, stepped=3, rows=[0])
scale_noise("scale-noise-float16", SD3, n=5, rows=[2], dtype="float16")
scale_noise("scale-noise-5d", SD3, n=5, rows=[4], shape=[2, 4, 3, 5, 5])

# ---- failures (integer timesteps, which upstream refuses, cannot be told from others in JavaScript) ----
error("without-set-timesteps", "step", "TIMESTEPS_NOT_SET", request=None, count=1)
error("n-zero", "step", "REQUEST_INVALID", n=0, times=[1000.0])
error("n-negative", "set_timesteps", "REQUEST_INVALID", n=-1)
error("timestep-foreign", "step", "TIMESTEP_NOT_IN_PLAN", n=5, times=[123.0])
error("past-the-end", "step", "RUN_EXHAUSTED", n=1, times=[1000.0, 1000.0])
error("begin-index-past-the-end", "step", "RUN_EXHAUSTED", n=3, begin_index=6, times=[1000.0])
error("shift-zero", "step", "CONFIG_INVALID", dict(shift=0.0), n=5)
error("shift-negative", "step", "CONFIG_INVALID", dict(shift=-1.0), n=3, times=[500.0])
error("scale-noise-foreign-timestep", "scale_noise", "TIMESTEP_NOT_IN_PLAN", n=5, call="scale_noise", timesteps=[123.0])
error("scale-noise-two-timesteps", "scale_noise", "REQUEST_INVALID", n=5, call="scale_noise", timesteps=[1000.0, 500.0])
