"""Golden cases of ConsistencyDecoderScheduler: its two steps, and each way to fail."""

from diffusers.schedulers.scheduling_consistency_decoder import ConsistencyDecoderScheduler

from common import Recipe, dashed


def level(scheduler, t):
    """Space "ve" only for the scaled model input: samples are white noise."""
    return 1.0, 0.8


recipe = Recipe(ConsistencyDecoderScheduler, level, space="ve")
steps, error = recipe.steps, recipe.error

steps("default", n=2)
for salt in range(3):
    steps(f"default-again-{salt}", n=2)
for trained in (1009, 1010, 1100, 1500, 2048, 5000):
    steps(f"num-train-timesteps-{trained}", dict(num_train_timesteps=trained), n=2)
for data in (0.05, 0.25, 1.0, 3.0):
    steps(dashed("sigma-data", data), dict(sigma_data=data), n=2)
steps("both-keys", dict(num_train_timesteps=1200, sigma_data=0.7), n=2)
steps("first-step", n=2, count=1)
steps("last-step", n=2, first=1)
steps("last-step-first", n=2, times=[512, 1008])
steps("last-step-twice", n=2, times=[512, 512])
steps("set-timesteps-twice", n=2, earlier=[dict(request=dict(num_inference_steps=2), stepped=1)])
for name, shape in (("1x3x16x16", [1, 3, 16, 16]), ("1d", [5]), ("2d", [3, 5]), ("5d", [2, 4, 3, 5, 5])):
    steps(f"shape-{name}", n=2, shape=shape)
steps("float16", n=2, dtype="float16")

# ---- failures ----
for n in (0, 1, 3, 50):
    error(f"n-{n}", "set_timesteps", "REQUEST_INVALID", n=n)
error("n-missing", "set_timesteps", "REQUEST_INVALID", request={})
error("timesteps-not-accepted", "set_timesteps", "REQUEST_INVALID", request=dict(timesteps=[1008, 512]))
for t in (0, 511, 1007):
    error(f"timestep-{t}", "step", "TIMESTEP_NOT_IN_PLAN", n=2, times=[t])
error("timestep-past-table", "step", "TIMESTEP_NOT_IN_PLAN", n=2, times=[1024])
error("add-noise", "add_noise", "OP_UNSUPPORTED", call="add_noise", n=2, rows=[0, 1])
