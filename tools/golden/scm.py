"""Golden cases of SCMScheduler: angles, step counts, and each way to fail."""

import math

from diffusers import SCMScheduler

from common import Recipe
from tape import normal


def level(scheduler, t):
    return math.cos(float(t)), math.sin(float(t))


def outputs(recipe, case, i, sample, alpha, sigma):
    return normal(case, f"out.{i}", sample.shape)  # the velocity is white noise at every angle


recipe = Recipe(SCMScheduler, level, outputs=outputs)
steps, error = recipe.steps, recipe.error
EVEN = dict(intermediate_timesteps=None)
OWN = dict(max_timesteps=None, intermediate_timesteps=None)
SCHEDULE = [1.5708, 1.2, 0.8, 0.4, 0.0]

# ---- the config ----
steps("default", n=2, count=2)
steps("num-train-timesteps", dict(num_train_timesteps=2), n=2, count=2)
for data in (0.25, 1.0):
    steps(f"sigma-data-{str(data).replace('.', '-')}", dict(sigma_data=data), n=2, count=2)
    steps(f"sigma-data-{str(data).replace('.', '-')}-n-4", dict(sigma_data=data), n=4, count=4, request=EVEN)

# ---- angles ----
steps("max", n=2, count=2, request=dict(max_timesteps=1.56454))
steps("intermediate", n=2, count=2, request=dict(intermediate_timesteps=1.1))
steps("max-and-intermediate", n=2, count=2, request=dict(max_timesteps=1.5, intermediate_timesteps=0.7))
steps("max-even", n=3, count=3, request=dict(EVEN, max_timesteps=1.56454))
steps("timesteps", n=4, count=4, request=dict(OWN, timesteps=SCHEDULE))
steps("timesteps-not-to-zero", n=2, count=2, request=dict(OWN, timesteps=[1.4, 1.0, 0.3]))
steps("timesteps-one-step", n=1, count=1, request=dict(OWN, timesteps=[1.5, 0.0]))
steps("timesteps-with-intermediate", n=2, count=2, request=dict(timesteps=[1.5, 0.9, 0.0], max_timesteps=None))
steps("timesteps-twice-the-same", n=4, first=2, count=2, request=dict(OWN, timesteps=[1.5, 0.9, 0.9, 0.4, 0.0]))
steps("timesteps-twice-the-same-by-index", n=4, begin_index=1, count=3, request=dict(OWN, timesteps=[1.5, 0.9, 0.9, 0.4, 0.0]))

# ---- step counts ----
for n in (1, 2, 3, 5, 10, 20):
    steps(f"n-{n}", n=n, count=min(n, 5), request=EVEN)
for n in (50, 999, 1000):
    steps(f"n-{n}-head", n=n, count=3, request=EVEN)
    steps(f"n-{n}-tail", n=n, begin_index=n - 3, count=3, request=EVEN)

# ---- where a run starts, and what is called twice ----
steps("begin-index", n=5, begin_index=2, count=3, request=EVEN)
steps("img2img-by-timestep", n=5, first=3, count=2, request=EVEN)
steps("begin-index-overrides-timestep", n=5, begin_index=2, times=[0.1, 0.1], request=EVEN)
steps("timestep-only-matters-once", n=2, times=[1.5707999467849731, 0.1])
steps("set-timesteps-twice", n=2, count=2, earlier=[dict(request=dict(num_inference_steps=2), stepped=1)])
steps("set-timesteps-clears-begin-index", n=2, count=2, earlier=[dict(request=dict(num_inference_steps=2), begin_index=1)])
steps("generator", n=2, count=2, options=dict(generator=True))

# ---- shapes and dtypes ----
for name, shape in (("1x4x8x8", [1, 4, 8, 8]), ("2d", [3, 5]), ("3d", [1, 16, 7]), ("5d", [2, 2, 3, 2, 3]), ("1d", [7])):
    steps(f"shape-{name}", n=2, count=2, shape=shape)
steps("float16", n=2, count=1, dtype="float16")
steps("float16-n-4", n=4, count=4, dtype="float16", request=EVEN)

# ---- failures ----
error("without-set-timesteps", "step", "TIMESTEPS_NOT_SET", request=None, count=1)
error("n-over-train", "set_timesteps", "REQUEST_INVALID", dict(num_train_timesteps=3), n=4, request=EVEN)
error("n-missing", "set_timesteps", "REQUEST_INVALID", request={})
error("n-4-with-intermediate", "set_timesteps", "REQUEST_INVALID", n=4)
error("n-1-with-intermediate", "set_timesteps", "REQUEST_INVALID", n=1)
error("timesteps-with-max", "set_timesteps", "REQUEST_INVALID", n=2, request=dict(timesteps=[1.5, 0.9, 0.0]))
error("timesteps-as-many-as-steps", "set_timesteps", "REQUEST_INVALID", n=2, request=dict(OWN, timesteps=[1.5, 0.9]))
error("neither", "set_timesteps", "REQUEST_INVALID", n=2, request=OWN)
error("n-zero", "step", "REQUEST_INVALID", n=0, request=EVEN, times=[1.5707999467849731])
error("prediction-type-unknown", "step", "CONFIG_INVALID", dict(prediction_type="epsilon"), n=2, count=1)
error("timestep-foreign", "step", "TIMESTEP_NOT_IN_PLAN", n=2, times=[0.7])
error("past-the-end", "step", "RUN_EXHAUSTED", n=2, count=3)
error("begin-at-the-end", "step", "RUN_EXHAUSTED", n=2, begin_index=2, times=[0.0])
error("from-the-last-angle", "step", "RUN_EXHAUSTED", n=2, times=[0.0])
