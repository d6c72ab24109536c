"""Golden cases of LTXEulerAncestralRFScheduler: fresh noise, schedules by count and by sigmas, and each way to fail."""

from diffusers import LTXEulerAncestralRFScheduler

from common import Recipe, dashed
from tape import normal


def level(scheduler, t):
    return 0.6, 0.8  # the model's velocity is white noise at every level


def outputs(recipe, case, i, sample, alpha, sigma):
    return normal(case, f"out.{i}")


class SmallRecipe(Recipe):
    def steps(self, name, config=None, shape=(1, 2, 4, 4), **fields):
        super().steps(name, config, shape=list(shape), **fields)


recipe = SmallRecipe(LTXEulerAncestralRFScheduler, level, outputs=outputs)
steps, error = recipe.steps, recipe.error
ODE = dict(eta=0.0)
LTX = [1.0, 0.99375, 0.9875, 0.98125, 0.975, 0.909375, 0.725, 0.421875, 0.0]

# ---- the config ----
steps("default", n=6)
steps("num-train-timesteps", dict(num_train_timesteps=100), n=4)
for eta in (0.0, 0.3, 0.7):
    steps(dashed("eta", eta), dict(eta=eta), n=5)
for noise in (0.0, 0.5, 1.1):
    steps(dashed("s-noise", noise), dict(s_noise=noise), n=5)
    steps(dashed("eta-0-5-s-noise", noise), dict(eta=0.5, s_noise=noise), n=4)
steps("eta-negative", dict(eta=-0.5), n=4)
steps("eta-above-1", dict(eta=1.2), request=dict(sigmas=[0.9, 0.6, 0.4, 0.0]))

# ---- schedules ----
steps("sigmas", request=dict(sigmas=LTX))
steps("sigmas-and-n", n=8, request=dict(sigmas=LTX))
steps("sigmas-win-over-n", n=3, request=dict(sigmas=LTX), count=3)
steps("timesteps-are-sigmas", request=dict(timesteps=[1.0, 0.7, 0.4, 0.0]), count=3)
steps("sigmas-win-over-timesteps", request=dict(sigmas=[0.9, 0.5, 0.0], timesteps=[0.8, 0.1]), count=2)
steps("sigmas-not-to-zero", request=dict(sigmas=[0.9, 0.5, 0.2]), count=2)
steps("sigmas-one-step", request=dict(sigmas=[1.0, 0.0]), count=1)
steps("sigmas-twice-the-same", request=dict(sigmas=[0.9, 0.5, 0.5, 0.2, 0.0]), first=2, count=2)
steps("sigmas-num-train-timesteps", dict(num_train_timesteps=500), request=dict(sigmas=LTX), count=2)
steps("sigmas-ode", ODE, request=dict(sigmas=LTX), count=8)
steps("mu-without-dynamic-is-ignored", n=4, request=dict(mu=1.0), count=2)

# ---- step counts ----
for n in (1, 2, 3, 5, 10, 20):
    steps(f"n-{n}", n=n, count=min(n, 4))
for n in (50, 999, 1000):
    steps(f"n-{n}-head", n=n, count=3)
    steps(f"n-{n}-tail", n=n, begin_index=n - 3)
steps("n-12-all", n=12, count=12)

# ---- where a run starts, and what is called twice ----
steps("begin-index-3", n=6, begin_index=3)
steps("begin-index-sigmas", request=dict(sigmas=LTX), begin_index=5, count=3)
steps("img2img-by-timestep", n=6, first=4)
steps("begin-index-overrides-timestep", n=5, begin_index=2, times=[0.1, 0.1])
steps("timestep-only-matters-once", n=5, times=[1000.0, 1.5, 1.5])
steps("set-timesteps-twice", n=3, earlier=[dict(request=dict(num_inference_steps=6), stepped=2)])
steps("set-timesteps-after-sigmas", n=3, earlier=[dict(request=dict(sigmas=LTX), stepped=1)])
steps("set-timesteps-clears-begin-index", n=3, earlier=[dict(request=dict(num_inference_steps=6), begin_index=4)])
steps("generator", n=3, options=dict(generator=True))

# ---- shapes and dtypes ----
for name, shape in (("2x3x4x4", [2, 3, 4, 4]), ("2d", [3, 5]), ("3d", [1, 16, 7]), ("5d", [2, 2, 3, 2, 3]), ("1d", [7])):
    steps(f"shape-{name}", n=2, shape=shape)
steps("float16", n=5, dtype="float16")
steps("float16-ode", ODE, n=4, dtype="float16")

# ---- failures (integer timesteps, which upstream refuses, cannot be told from others in JavaScript) ----
error("request-empty", "set_timesteps", "REQUEST_INVALID", request={})
error("sigmas-empty", "set_timesteps", "REQUEST_INVALID", request=dict(sigmas=[]))
error("n-negative", "set_timesteps", "REQUEST_INVALID", n=-1)
error("timestep-foreign", "step", "TIMESTEP_NOT_IN_PLAN", n=5, times=[123.0])
