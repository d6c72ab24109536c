"""Golden cases of CMStochasticIterativeScheduler: levels, jumps, noise up to the next level, and each way to fail."""

import math

from diffusers import CMStochasticIterativeScheduler

from common import dashed
from special import SpecialRecipe


def level(scheduler, t):
    sigma = math.exp(float(t) / 250)
    alpha = 1 / math.hypot(1, sigma)
    return alpha, sigma * alpha


recipe = SpecialRecipe(CMStochasticIterativeScheduler, level, space="ve")
error = recipe.error


def steps(name, config=None, **fields):
    recipe.steps(name, config, **{"shape": [2, 2, 3, 4], **fields})



# ---- each config key alone ----
steps("default", n=2)
for n in (2, 10, 151, 1000):
    steps(f"num-train-timesteps-{n}", dict(num_train_timesteps=n), n=2)
for low in (0.0, 0.001, 0.003, 0.5):
    # the last step takes the root of sigma_min^2 - sigma_min^2, which float32 makes negative for many: NaN
    steps(dashed("sigma-min", low), dict(sigma_min=low), n=3, count=2)
for high in (10.0, 300.0):
    steps(dashed("sigma-max", high), dict(sigma_max=high), n=3)
for data in (0.1, 2.0):
    steps(dashed("sigma-data", data), dict(sigma_data=data), n=3)
for noise in (0.0, 1.007):
    steps(dashed("s-noise", noise), dict(s_noise=noise), n=3)
for rho in (1.0, 3.0):
    steps(dashed("rho", rho), dict(rho=rho), n=3)
steps("clip-denoised-off", dict(clip_denoised=False), n=3)
steps("all-keys", dict(num_train_timesteps=18, sigma_min=0.01, sigma_max=20.0, sigma_data=1.0, s_noise=1.1, rho=5.0, clip_denoised=False), n=6)

# ---- step counts: one step draws nothing ----
for n in (1, 2, 3, 4, 5, 7, 10, 20, 39, 40):
    for clip in (True, False):
        steps(dashed("n", n, "clip", int(clip)), dict(clip_denoised=clip), n=n, count=3)
for n in (4, 20, 40):
    steps(f"n-{n}-tail", dict(clip_denoised=False), n=n, first=n - 3)
for n in (50, 999, 1000):
    steps(f"n-{n}-of-1000", dict(num_train_timesteps=1000), n=n, count=2)
    steps(f"n-{n}-of-1000-tail", dict(num_train_timesteps=1000), n=n, first=n - 2)
steps("without-set-timesteps", request=None, count=2)
steps("without-set-timesteps-tail", request=None, first=38)

# ---- custom timesteps ----
for name, timesteps in (
    ("imagenet", [22, 0]),
    ("bedroom", [17, 0]),
    ("three", [39, 10, 3]),
    ("one", [0]),
    ("one-late", [20]),
    ("all", list(range(39, -1, -1))),
    ("negative", [5, -3]),
):
    steps(f"timesteps-{name}", request=dict(timesteps=timesteps), count=3)
    steps(f"timesteps-{name}-no-clip", dict(clip_denoised=False), request=dict(timesteps=timesteps), count=2)

# ---- where a run starts, and what is called twice ----
steps("begin-index-2", n=5, begin_index=2)
steps("begin-index-last", n=4, begin_index=3)
steps("from-the-middle", n=8, first=5)
steps("timestep-argument-counts", n=4, times=[250 * math.log(80.0 + 1e-44), 5.0, 7.5])
steps("set-timesteps-twice", n=3, earlier=[dict(request=dict(num_inference_steps=5), stepped=2)])
steps("set-timesteps-after-custom", n=3, earlier=[dict(request=dict(timesteps=[22, 0]))])
steps("begin-index-forgotten", n=3, earlier=[dict(request=dict(num_inference_steps=5), begin_index=2, stepped=1)])

# ---- shapes and dtypes ----
shapes = {"1x4x8x8": [1, 4, 8, 8], "1d": [5], "2d": [3, 5], "3d": [1, 16, 7], "5d": [2, 2, 3, 2, 3]}
for name, shape in shapes.items():
    steps(f"shape-{name}", n=2, shape=shape)
for clip in (True, False):
    steps(dashed("float16-clip", int(clip)), dict(clip_denoised=clip, sigma_max=20.0), n=4, dtype="float16")

# ---- add_noise ----
recipe.add_noise("add-noise-batch", n=5, rows=[0, 1, 4])
recipe.add_noise("add-noise-unset", rows=[0, 20, 39])
recipe.add_noise("add-noise-begin-index", n=5, begin_index=2, rows=[0, 4])
recipe.add_noise("add-noise-after-steps", n=5, begin_index=1, stepped=2, rows=[0, 4])
recipe.add_noise("add-noise-2d", n=5, rows=[1, 2], shape=[2, 5])
recipe.add_noise("add-noise-float16", dict(sigma_max=20.0), n=5, rows=[1, 3], dtype="float16")

# ---- the other methods ----
for sigma in (0.002, 0.5, 80.0):
    recipe.call(dashed("sigma-to-t", sigma), "sigma_to_t", [sigma], n=2)
    for method in ("get_scalings", "get_scalings_for_boundary_condition"):
        config = dict(sigma_data=0.7)
        recipe.call(dashed(method, sigma), method, [sigma], config, n=2, returns=["c_skip", "c_out"])

# ---- failures ----
error("request-empty", "set_timesteps", "REQUEST_INVALID", request={})
error("n-and-timesteps", "set_timesteps", "REQUEST_INVALID", n=2, request=dict(timesteps=[9, 1]))
error("n-zero", "set_timesteps", "REQUEST_INVALID", n=0)
error("n-over-train", "set_timesteps", "REQUEST_INVALID", n=41)
error("timesteps-ascending", "set_timesteps", "REQUEST_INVALID", request=dict(timesteps=[0, 22]))
error("timesteps-equal", "set_timesteps", "REQUEST_INVALID", request=dict(timesteps=[20, 20]))
error("timesteps-past-table", "set_timesteps", "REQUEST_INVALID", request=dict(timesteps=[40, 2]))
error("timesteps-none-in-list", "set_timesteps", "REQUEST_INVALID", request=dict(timesteps=[]))
error("sigmas-not-accepted", "set_timesteps", "REQUEST_INVALID", request=dict(sigmas=[10.0, 1.0]))
error("rho-zero", "constructor", "CONFIG_INVALID", dict(rho=0))
error("one-train-timestep", "step", "CONFIG_INVALID", dict(num_train_timesteps=1), n=1)
error("timestep-whole", "step", "TIMESTEP_NOT_IN_PLAN", n=4, times=[22])
error("timestep-foreign", "step", "TIMESTEP_NOT_IN_PLAN", n=4, times=[500.5])
error("velocity", "get_velocity", "OP_UNSUPPORTED", call="get_velocity", n=2, rows=[0, 1])
