"""Golden cases of DPMAdaptiveScheduler: k-diffusion's sample_dpm_adaptive, from the largest to the smallest trained sigma. Only the
first attempt is planned; the recorded steps are the calls that k-diffusion made."""

import k_sampler_cases as shared
from dpm_fast import ends, through_log
from k_diffusion_runs import Sampler, sampling
from k_style import COSINE, SD, SHORT, V

KEYS = ("order", "rtol", "atol", "h_init", "pcoeff", "icoeff", "dcoeff", "accept_safety")


def run(model, x, sigmas, config, noise, request):
    eta = config.get("eta", 0.0)
    options = {key: config[key] for key in KEYS if key in config}
    options.update(eta=eta, s_noise=config.get("s_noise", 1.0), disable=True)
    silent = noise if eta else lambda *_: 0.0  # what is multiplied by 0 is not drawn here
    high, low = sigmas
    return sampling.sample_dpm_adaptive(model, x, low, high, noise_sampler=silent, **options)


def planned(case):
    return case["config"].get("order", 3)


own = ("eta", "sigma_min", "sigma_max", "max_calls", *KEYS)
recipe = Sampler("DPMAdaptiveScheduler", run, own=own, schedule=ends, end=through_log, planned=planned)
steps, error = recipe.steps, recipe.error
SMALL = dict(shape=[2, 3, 2])
WIDE = dict(SD, sigma_max=3.0, sigma_min=0.3)
steps("default", n=5, **SMALL)
steps("sd", SD, n=5, **SMALL)
steps("order-2", dict(SD, order=2), n=5, **SMALL)
for key, values in dict(rtol=(0.01, 0.2), atol=(0.001,), h_init=(2.5, -0.1), accept_safety=(0.5,)).items():
    for value in values:
        for order in (2, 3):
            name = f"{key}-{value:g}-order-{order}".replace("_", "-").replace(".", "-").replace("--", "-minus-")
            steps(name, {**WIDE, key: value, "order": order}, n=5, **SMALL)
for name, pid in dict(p=dict(pcoeff=0.3), d=dict(dcoeff=0.2), pid=dict(pcoeff=0.4, icoeff=0.3, dcoeff=0.1)).items():
    steps(f"control-{name}", {**WIDE, **pid}, n=5, **SMALL)
steps("sigma-max", dict(SD, sigma_max=5.0), n=5, **SMALL)
steps("sigma-min", dict(SD, sigma_min=0.2), n=5, **SMALL)
steps("beta-squaredcos", dict(COSINE, sigma_max=20.0), n=5, **SMALL)
steps("num-train-timesteps-100", dict(num_train_timesteps=100), n=5, **SMALL)
steps("trained-betas", dict(num_train_timesteps=8, trained_betas=SHORT), n=5, **SMALL)
# Without noise: there one rounding of a time moves the noise of a short step by more than the bound.
for name, config in (("sample", shared.SAMPLE), ("v", V)):
    steps(name, {**WIDE, **config}, n=5, **SMALL)
for eta in (0.5, 1.0):
    for order in (2, 3):
        steps(f"eta-{eta:g}-order-{order}".replace(".", "-"), dict(WIDE, eta=eta, order=order), n=5, **SMALL)
steps("s-noise-0-9", dict(WIDE, s_noise=0.9, eta=1.0), n=5, **SMALL)
for name, shape in {"1x4x8x8": [1, 4, 8, 8], "2d": [3, 5], "1d": [7]}.items():
    steps(f"shape-{name}", WIDE, n=5, shape=shape)
error("order-1", "constructor", "CONFIG_INVALID", "order should be 2 or 3", dict(order=1), n=5)
error("sigma-min-zero", "set_timesteps", "CONFIG_INVALID", "sigma_min and sigma_max must not be 0", dict(sigma_min=0.0), n=5)
error("eta-1-5", "constructor", "CONFIG_INVALID", "ours: eta is a share", dict(eta=1.5), n=5)
error("max-calls", "set_timesteps", "NUMERIC", "ours: a limit", dict(max_calls=2), n=5)
