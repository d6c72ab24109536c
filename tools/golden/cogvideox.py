"""Golden cases that the two CogVideoX schedulers share: noise levels, spacings, step counts, shapes, and what fails."""

from functools import partial

from common import dashed

V = dict(prediction_type="v_prediction", clip_sample=False)
REAL = dict(V, rescale_betas_zero_snr=True, timestep_spacing="trailing", snr_shift_scale=1.0)  # CogVideoX-5b
SHORT = [0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4]
SPACINGS = ("leading", "linspace", "trailing")
PREDICTIONS = ("epsilon", "sample", "v_prediction")
BETAS = ("linear", "scaled_linear", "squaredcos_cap_v2")


def level(scheduler, t):
    alpha2 = scheduler.alphas_cumprod[int(t)]
    return alpha2**0.5, (1 - alpha2) ** 0.5


def key_cases(steps):
    """Each config key alone."""
    steps("default", n=10, count=6)
    steps("num-train-timesteps-100", dict(num_train_timesteps=100), n=10, count=5)
    steps("num-train-timesteps-37", dict(num_train_timesteps=37), n=5)
    steps("beta-start", dict(beta_start=0.0005), n=5)
    steps("beta-end", dict(beta_end=0.03), n=5)
    steps("trained-betas", dict(num_train_timesteps=8, trained_betas=SHORT), n=4)
    steps("trained-betas-longer-than-n", dict(num_train_timesteps=6, trained_betas=SHORT), n=6)
    for scale in (0.5, 1.0, 2.0, 10.0):
        steps(dashed("snr-shift", scale), dict(snr_shift_scale=scale), n=5)
        steps(dashed("snr-shift", scale, "linear"), dict(snr_shift_scale=scale, beta_schedule="linear"), n=5)
    steps("clip-off", dict(clip_sample=False), n=3)
    steps("clip-range", dict(clip_sample_range=0.1, sample_max_value=0.2), n=3)
    steps("set-alpha-to-one-off", dict(set_alpha_to_one=False), n=5)
    steps("steps-offset-1", dict(steps_offset=1), n=5)


def pair_cases(steps):
    for betas in BETAS:
        for prediction in PREDICTIONS:
            steps(dashed(betas, prediction), dict(beta_schedule=betas, prediction_type=prediction), n=7, count=3)
        config = dict(V, beta_schedule=betas, rescale_betas_zero_snr=True)
        for spacing in SPACINGS:
            steps(dashed("zero-snr", betas, spacing), dict(config, timestep_spacing=spacing), n=5)
    for spacing in SPACINGS:
        for prediction in PREDICTIONS:
            steps(dashed(spacing, prediction), dict(timestep_spacing=spacing, prediction_type=prediction), n=7, count=3)
        for one in (True, False):
            config = dict(V, timestep_spacing=spacing, set_alpha_to_one=one)
            steps(dashed("last-steps", spacing, "alpha", int(one)), config, n=12, first=9, count=3)
        steps(f"{spacing}-offset-3", dict(V, timestep_spacing=spacing, steps_offset=3), n=6, count=3)
    steps("zero-snr-sample", dict(REAL, prediction_type="sample"), n=5)
    steps("zero-snr-epsilon-leading", dict(rescale_betas_zero_snr=True), n=5)
    steps("real", REAL, n=50, count=5)
    steps("real-tail", REAL, n=50, first=46)


def count_cases(steps):
    for n in (1, 2, 3):
        for spacing in SPACINGS:
            steps(f"n-{n}-{spacing}", dict(V, timestep_spacing=spacing), n=n)
    steps("n-13", V, n=13, count=4)
    steps("n-20-all", V, n=20, count=20)
    for n in (999, 1000):
        for spacing in SPACINGS:
            config = dict(V, timestep_spacing=spacing)
            steps(f"n-{n}-{spacing}-head", config, n=n, count=3)
            steps(f"n-{n}-{spacing}-tail", config, n=n, first=n - 3)
    for n in (61, 103):  # numpy's arange overshoots: a further timestep, -1, which reads the noisiest entry
        steps(f"trailing-overshoot-{n}", dict(V, timestep_spacing="trailing"), n=n, first=n - 3, count=4)
    steps("img2img-strength-half", V, n=10, first=5, count=5)
    steps("set-timesteps-twice", V, n=5, earlier=[dict(request=dict(num_inference_steps=9), stepped=3)])


def shape_cases(recipe):
    steps = recipe.steps
    for name, shape in (("1x4x8x8", [1, 4, 8, 8]), ("2d", [3, 5]), ("3d", [1, 16, 7]), ("5d", [1, 3, 4, 5, 5])):
        steps(f"shape-{name}", V, n=4, shape=shape)
    for name, config in (("v", V), ("epsilon", {}), ("real", REAL)):
        steps(f"float16-{name}", config, n=5, dtype="float16")
    for call in (recipe.add_noise, recipe.velocity):
        kind = call.__name__.replace("_", "-")
        call(f"{kind}-batch", timesteps=[0, 10, 500, 999])
        call(f"{kind}-linear", dict(beta_schedule="linear"), timesteps=[999, 1])
        call(f"{kind}-zero-snr", REAL, timesteps=[999, 0])
        call(f"{kind}-after-steps", V, n=5, stepped=2, timesteps=[801, 3])
        call(f"{kind}-float16", timesteps=[20, 700], dtype="float16")
        call(f"{kind}-negative-timestep", timesteps=[-1, -1000])


def failure_cases(error):
    error("beta-schedule-unknown", "constructor", "CONFIG_INVALID", dict(beta_schedule="sigmoid"))
    error("n-over-train", "set_timesteps", "REQUEST_INVALID", n=1001)
    error("n-zero", "set_timesteps", "REQUEST_INVALID", n=0)
    error("n-zero-trailing", "set_timesteps", "REQUEST_INVALID", dict(timestep_spacing="trailing"), n=0)
    error("spacing-unknown", "set_timesteps", "CONFIG_INVALID", dict(timestep_spacing="karras"), n=5)
    error("timesteps-not-accepted", "set_timesteps", "REQUEST_INVALID", request=dict(timesteps=[999, 500]))
    error("step-without-set-timesteps", "step", "TIMESTEPS_NOT_SET", request=None)
    error("prediction-type-unknown", "step", "CONFIG_INVALID", dict(prediction_type="flow_prediction"), n=5)
    error("timestep-past-table", "step", "TIMESTEP_NOT_IN_PLAN", n=5, times=[1000])
    error("offset-past-table", "step", "TIMESTEP_NOT_IN_PLAN", dict(num_train_timesteps=100, steps_offset=10), n=10)
    error("zero-snr-epsilon", "step", "NUMERIC", dict(REAL, prediction_type="epsilon"), n=5)
    for call in ("add_noise", "get_velocity"):
        error(dashed(call, "past-table"), call, "TIMESTEP_NOT_IN_PLAN", call=call, timesteps=[1000, 3])


def shared_cases(recipe):
    small = partial(recipe.steps, shape=[2, 2, 3, 3])
    key_cases(small)
    pair_cases(small)
    count_cases(small)
    shape_cases(recipe)
    failure_cases(recipe.error)
