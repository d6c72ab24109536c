"""Golden cases of DPMFastScheduler: k-diffusion's sample_dpm_fast, from the largest to the smallest trained sigma."""

import torch

import k_sampler_cases as shared
from k_diffusion_runs import Sampler, sampling
from k_style import COSINE, SD, SHORT, V


def ends(schedule, case):
    """The two ends of a run, as its sigmas."""
    high, low = (case["config"].get(key) for key in ("sigma_max", "sigma_min"))
    trained = schedule.trained
    return torch.tensor([trained[-1] if high is None else high, trained[0] if low is None else low], dtype=torch.float32)


def through_log(sigma):
    return float(sigma.log().exp())


def run(model, x, sigmas, config, noise, request):
    eta = config.get("eta", 0.0)
    options = dict(eta=eta, s_noise=config.get("s_noise", 1.0), disable=True)
    silent = noise if eta else lambda *_: 0.0  # what is multiplied by 0 is not drawn here
    high, low = sigmas
    return sampling.sample_dpm_fast(model, x, low, high, request["num_inference_steps"], noise_sampler=silent, **options)


recipe = Sampler("DPMFastScheduler", run, own=("eta", "sigma_min", "sigma_max"), schedule=ends, end=through_log)
steps, error = recipe.steps, recipe.error
for n in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 30):
    small = dict(shape=[1, 2, 3]) if n > 10 else {}
    steps(f"n-{n}", SD, n=n, **small)
    steps(f"n-{n}-eta-1", dict(SD, eta=1.0), n=n, **small)
steps("default", n=6)
steps("num-train-timesteps-100", dict(num_train_timesteps=100), n=6)
steps("beta-start", dict(beta_start=0.001), n=4)
steps("beta-end", dict(beta_end=0.03), n=4)
steps("beta-squaredcos", dict(COSINE, sigma_max=100.0), n=9)
steps("trained-betas", dict(num_train_timesteps=8, trained_betas=SHORT), n=6)
steps("sigma-max", dict(SD, sigma_max=5.0), n=6)
steps("sigma-min", dict(SD, sigma_min=0.2), n=6)
steps("sigma-ends-eta", dict(SD, sigma_min=0.01, sigma_max=30.0, eta=0.5), n=9)
for name, config in (("sample", shared.SAMPLE), ("v", V)):
    for eta in (0.0, 1.0):
        steps(f"{name}-eta-{eta:g}", {**SD, **config, "eta": eta}, n=6)
shared.shapes(recipe)
for eta in (0.3, 0.7):
    steps(f"eta-{eta:g}".replace(".", "-"), dict(SD, eta=eta), n=7)
for s_noise in (0.0, 0.9, 1.1):
    steps(f"s-noise-{s_noise:g}".replace(".", "-"), dict(SD, s_noise=s_noise, eta=1.0), n=6)
error("beta-schedule-unknown", "constructor", "CONFIG_INVALID", "as LMS", dict(beta_schedule="cosine"))
error("n-zero", "set_timesteps", "REQUEST_INVALID", "ours: at least one call", n=0)
for name, config in (("sigma-min-zero", dict(sigma_min=0.0)), ("sigma-max-below", dict(sigma_max=0.01))):
    error(name, "set_timesteps", "CONFIG_INVALID", "sigma_min and sigma_max must not be 0", config, n=3)
error("eta-1-5", "set_timesteps", "CONFIG_INVALID", "ours: eta is a share", dict(eta=1.5), n=3)
