"""Golden cases of DDIMInverseScheduler: the rising timesteps, the level before the first step, and each way to fail."""

from diffusers import DDIMInverseScheduler

from common import Recipe, dashed


def level(scheduler, t):
    """The level that the step comes from: the sample is that much noised."""
    n = scheduler.num_inference_steps
    source = min(int(t) - scheduler.config.num_train_timesteps // n, scheduler.config.num_train_timesteps - 1)
    alpha2 = scheduler.alphas_cumprod[source] if source >= 0 else scheduler.initial_alpha_cumprod
    return alpha2**0.5, (1 - alpha2) ** 0.5


recipe = Recipe(DDIMInverseScheduler, level)
steps, error = recipe.steps, recipe.error
SD = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False, set_alpha_to_one=False)
SHORT = [0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4]
SPACINGS = ("leading", "trailing")
PREDICTIONS = ("epsilon", "sample", "v_prediction")

# ---- each config key alone ----
steps("default", n=10)
steps("num-train-timesteps-100", dict(num_train_timesteps=100), n=10)
steps("num-train-timesteps-37", dict(num_train_timesteps=37), n=5)
steps("beta-start", dict(beta_start=0.001), n=5)
steps("beta-end", dict(beta_end=0.03), n=5)
steps("beta-scaled-linear", dict(beta_schedule="scaled_linear"), n=5)
steps("beta-squaredcos", dict(beta_schedule="squaredcos_cap_v2"), n=10)
steps("trained-betas", dict(num_train_timesteps=8, trained_betas=SHORT), n=4)
steps("trained-betas-longer-than-n", dict(num_train_timesteps=6, trained_betas=SHORT), n=6)
steps("clip-sample-off", dict(clip_sample=False), n=5)
for top in (2.0, 0.5):
    steps(dashed("clip-range", top), dict(clip_sample_range=top), n=5)
steps("set-alpha-to-one-off", dict(set_alpha_to_one=False), n=5)
for offset in (1, 3):
    steps(f"steps-offset-{offset}", dict(steps_offset=offset), n=5)
steps("prediction-sample", dict(prediction_type="sample", set_alpha_to_one=False), n=5)
steps("prediction-v", dict(prediction_type="v_prediction"), n=5)
steps("spacing-trailing", dict(timestep_spacing="trailing"), n=5)
steps("zero-snr", dict(rescale_betas_zero_snr=True), n=5)
# The deprecated name sets the level, though the config keeps its old value.
for value in (True, False):
    steps(dashed("set-alpha-to-zero", int(value)), dict(set_alpha_to_zero=value), n=3)
    both = dict(set_alpha_to_zero=value, set_alpha_to_one=not value)
    steps(dashed("set-alpha-to-zero-wins", int(value)), both, n=3)
steps("set-alpha-to-zero-none", dict(set_alpha_to_zero=None, set_alpha_to_one=False), n=3)

# ---- pairs that interact ----
for spacing in SPACINGS:
    for one in (True, False):
        for prediction in PREDICTIONS:
            if one and prediction == "sample":
                continue  # divides by zero at the first step: see the failures
            config = dict(timestep_spacing=spacing, prediction_type=prediction, set_alpha_to_one=one)
            steps(dashed(spacing, prediction, "one", int(one)), dict(config, clip_sample=False), n=7, count=4)
            steps(dashed(spacing, prediction, "one", int(one), "clip"), dict(config, clip_sample_range=0.7), n=7, count=4)
    steps(f"sd-{spacing}", dict(SD, timestep_spacing=spacing), n=20, count=20)
    steps(f"last-step-{spacing}", dict(SD, timestep_spacing=spacing), n=12, first=9)
    steps(f"{spacing}-offset-3", dict(timestep_spacing=spacing, steps_offset=3), n=6, count=3)
    for prediction in ("epsilon", "v_prediction"):
        config = dict(rescale_betas_zero_snr=True, prediction_type=prediction, timestep_spacing=spacing)
        steps(dashed("zero-snr", spacing, prediction), dict(config, clip_sample=False), n=6)
    squaredcos = dict(timestep_spacing=spacing, beta_schedule="squaredcos_cap_v2")
    steps(f"squaredcos-{spacing}", dict(squaredcos, clip_sample=False), n=5)
    steps(f"squaredcos-{spacing}-one-off", dict(squaredcos, set_alpha_to_one=False), n=5)
steps("sample-without-first-step", dict(prediction_type="sample"), n=5, first=1)

# ---- step counts ----
for n in (1, 2, 3):
    for spacing in SPACINGS:
        steps(f"n-{n}-{spacing}", dict(SD, timestep_spacing=spacing), n=n)
for n in (13, 50):
    steps(f"n-{n}", SD, n=n, count=4)
    steps(f"n-{n}-tail", SD, n=n, first=n - 4)
for n in (999, 1000):
    for spacing in SPACINGS:
        steps(f"n-{n}-{spacing}-head", dict(timestep_spacing=spacing, clip_sample=False), n=n, count=4)
        steps(f"n-{n}-{spacing}-tail", dict(timestep_spacing=spacing, clip_sample=False), n=n, first=n - 4)
for n in (61, 103):  # numpy's arange overshoots: a timestep -1 comes first, which reads the noisiest entry
    steps(f"trailing-overshoot-{n}", dict(timestep_spacing="trailing"), n=n, count=3)

# ---- where a run starts, and what is called twice ----
steps("from-the-middle", SD, n=10, first=5)
steps("timestep-between", SD, n=10, times=[10, 333, 750])
steps("timestep-negative", SD, n=10, times=[-1, -1000])
steps("timestep-past-training", dict(SD, num_train_timesteps=6, trained_betas=SHORT), n=6, times=[6, 7])
steps("set-timesteps-twice", SD, n=5, earlier=[dict(request=dict(num_inference_steps=9), stepped=3)])

# ---- shapes and dtypes ----
for name, shape in (("1x4x8x8", [1, 4, 8, 8]), ("1d", [5]), ("2d", [3, 5]), ("3d", [1, 16, 7]), ("5d", [2, 4, 3, 5, 5])):
    steps(f"shape-{name}", SD, n=4, shape=shape)
for name, config in (
    ("default", {}),
    ("epsilon", SD),
    ("v-trailing", dict(prediction_type="v_prediction", timestep_spacing="trailing")),
    ("sample", dict(SD, prediction_type="sample")),
):
    steps(f"float16-{name}", config, n=5, dtype="float16")

# ---- failures ----
error("beta-schedule-unknown", "constructor", "CONFIG_INVALID", dict(beta_schedule="sigmoid"))
error("n-over-train", "set_timesteps", "REQUEST_INVALID", n=1001)
for spacing in SPACINGS:
    error(f"n-zero-{spacing}", "set_timesteps", "REQUEST_INVALID", dict(timestep_spacing=spacing), n=0)
for spacing in ("linspace", "karras"):
    error(f"spacing-{spacing}", "set_timesteps", "CONFIG_INVALID", dict(timestep_spacing=spacing), n=5)
error("timesteps-not-accepted", "set_timesteps", "REQUEST_INVALID", request=dict(timesteps=[1, 500]))
error("step-without-set-timesteps", "step", "TIMESTEPS_NOT_SET", request=None)
error("prediction-type-unknown", "step", "CONFIG_INVALID", dict(prediction_type="flow_prediction"), n=5)
error("timestep-past-table", "step", "TIMESTEP_NOT_IN_PLAN", n=5, times=[1000])
error("timestep-below-table", "step", "TIMESTEP_NOT_IN_PLAN", n=5, times=[-1001])
error("offset-past-table", "step", "TIMESTEP_NOT_IN_PLAN", dict(num_train_timesteps=100, steps_offset=10), n=10)
for spacing in SPACINGS:
    config = dict(prediction_type="sample", timestep_spacing=spacing)
    error(f"sample-from-noiseless-{spacing}", "step", "NUMERIC", config, n=5 if spacing == "leading" else 1)
full = dict(num_train_timesteps=4, trained_betas=[0.5, 1.0, 0.5, 0.1], clip_sample=False)
error("alpha-zero", "step", "NUMERIC", full, n=4)
