"""The cases that the samplers of k_diffusion_runs.py share: schedules, step counts, prediction types, noise, refusals."""

from k_style import COSINE, RESPACINGS, SD, SHORT, SPACINGS, V, respaced

SAMPLE = dict(prediction_type="sample")
CUSTOM = [14.6, 6.0, 2.5, 1.1, 0.4, 0.1]


def schedules(sampler, n=5):
    """Every config key alone, and the pairs that interact."""
    steps = sampler.steps
    steps("default", n=n)
    steps("num-train-timesteps-100", dict(num_train_timesteps=100), n=n)
    steps("beta-start", dict(beta_start=0.001), n=3)
    steps("beta-end", dict(beta_end=0.03), n=3)
    steps("beta-scaled-linear", SD, n=n)
    # evenly spaced timesteps of cosine betas halve their sigmas too often for float32: see README of 2S ancestral
    steps("beta-squaredcos", {**COSINE, **respaced("exponential")}, n=12)
    steps("trained-betas", dict(num_train_timesteps=8, trained_betas=SHORT), n=4)
    steps("steps-offset-1", dict(steps_offset=1), n=3)
    for spacing in SPACINGS:
        for name, config in (("epsilon", {}), ("sample", SAMPLE), ("v", V)):
            steps(f"{spacing}-{name}", {**SD, **config, "timestep_spacing": spacing}, n=n)
        for respacing in RESPACINGS:
            steps(f"{spacing}-{respacing}", {**SD, **respaced(respacing), "timestep_spacing": spacing}, n=4)
    for respacing in RESPACINGS:
        steps(f"{respacing}-v", {**SD, **V, **respaced(respacing)}, n=4)
    steps("trailing-overshoot", dict(SD, timestep_spacing="trailing", num_train_timesteps=103), n=7)


def custom(sampler):
    steps = sampler.steps
    steps("sigmas", SD, sigmas=[*CUSTOM, 0.0])
    steps("sigmas-positive-end", SD, sigmas=CUSTOM)
    steps("sigmas-beyond-training", SD, sigmas=[40.0, 10.0, 1.0, 0.01, 0.0])
    text = "ours: sigmas must be two at least, and descend"
    for name, sigmas in (("one", [3.0]), ("none", []), ("ascend", [1.0, 2.0]), ("twice", [2.0, 2.0, 0.0]), ("negative", [2.0, -1.0])):
        sampler.error(f"sigmas-{name}", "set_timesteps", "REQUEST_INVALID", text, sigmas=sigmas)


def counts(sampler, few=(1, 2, 3), many=(20, 50)):
    for n in (*few, *many):
        small = dict(shape=[1, 2, 3]) if n > 3 else {}
        sampler.steps(f"n-{n}", SD, n=n, **small)
        sampler.steps(f"n-{n}-karras", {**SD, **respaced("karras")}, n=n, **small)


def shapes(sampler):
    for name, shape in {"1x4x8x8": [1, 4, 8, 8], "2d": [3, 5], "3d": [1, 16, 7], "5d": [2, 4, 3, 5, 5], "1d": [7]}.items():
        sampler.steps(f"shape-{name}", SD, n=3, shape=shape)


def noise(sampler, etas=(0.0, 0.5, 1.0)):
    for eta in etas:
        for n in (3, 6):
            sampler.steps(f"eta-{eta:g}-n-{n}".replace(".", "-"), dict(SD, eta=eta), n=n)
        sampler.steps(f"eta-{eta:g}-karras".replace(".", "-"), {**SD, **respaced("karras"), "eta": eta}, n=5)
    for s_noise in (0.0, 0.9, 1.1):
        sampler.steps(f"s-noise-{s_noise:g}".replace(".", "-"), dict(SD, s_noise=s_noise, eta=1.0), n=4)
    for eta in (-0.1, 1.5):
        text = "ours: eta is a share"
        sampler.error(f"eta-{eta:g}".replace(".", "-"), "set_timesteps", "CONFIG_INVALID", text, dict(eta=eta), n=3)


def refusals(sampler):
    error = sampler.error
    error("beta-schedule-unknown", "constructor", "CONFIG_INVALID", "as LMS", dict(beta_schedule="cosine"))
    error("spacing-unknown", "constructor", "CONFIG_INVALID", "as LMS", dict(timestep_spacing="karras"))
    both = {**respaced("karras"), **respaced("beta")}
    error("karras-and-beta", "constructor", "CONFIG_CONFLICT", "as LMS", both)
    error("n-zero", "set_timesteps", "REQUEST_INVALID", "as LMS", n=0)
