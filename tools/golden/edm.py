"""What the recipes of the EDM schedulers share: the model's output, levels of noise, and the cases that both have."""

from contextlib import contextmanager

import torch

from common import Recipe, dashed
from tape import normal

V = dict(prediction_type="v_prediction")
SIGMA_MIN = dict(final_sigmas_type="sigma_min")
EXPONENTIAL = dict(sigma_schedule="exponential")
COSXL = dict(sigma_max=120.0, sigma_data=1.0, **EXPONENTIAL, **V)
PLAYGROUND = dict(sigma_data=0.5, sigma_max=80.0, rho=7.0)
LIMITS = {"sigma-min": dict(sigma_min=0.03), "sigma-max": dict(sigma_max=20.0), "sigma-data": dict(sigma_data=1.0)}


def level(scheduler, t):
    """alpha and sigma of the sample scaled to unit size."""
    sigma = float(torch.exp(4 * torch.as_tensor(t, dtype=torch.float64)))
    return (sigma**2 + 1) ** -0.5, sigma * (sigma**2 + 1) ** -0.5


def outputs(recipe, case, i, sample, alpha, sigma):
    return normal(case, f"out.{i}")  # F is of unit size at every level


class EDMRecipe(Recipe):
    """Runs on small samples."""

    def __init__(self, scheduler):
        super().__init__(scheduler, level, space="ve", outputs=outputs)

    def steps(self, name, config=None, shape=(1, 2, 4, 4), **fields):
        super().steps(name, config, shape=list(shape), **fields)


@contextmanager
def nearest_power():
    """Tensor ** of float32 numbers, rounded to the nearest: torch's is a unit in the last place off in one of 60, and
    which ones depends on the width of its vectors."""
    upstream = torch.Tensor.__pow__
    nearest = lambda x, exponent: upstream(x.double(), exponent).to(x.dtype)
    torch.Tensor.__pow__ = nearest
    try:
        yield
    finally:
        torch.Tensor.__pow__ = upstream


def round_powers(scheduler):
    """Makes the karras levels of a class those of correct rounding."""
    upstream = scheduler._compute_karras_sigmas

    def levels(self, *args, **kwargs):
        with nearest_power():
            return upstream(self, *args, **kwargs)

    scheduler._compute_karras_sigmas = levels


def common(recipe):
    """The cases that both schedulers have."""
    steps, error, add_noise = recipe.steps, recipe.error, recipe.add_noise

    # ---- each config key alone ----
    steps("default", n=6)
    for name, config in LIMITS.items():
        steps(name, config, n=4)
    for rho in (1.0, 3.0, 7.5):
        steps(dashed("rho", rho), dict(rho=rho), n=4)
    steps("exponential", EXPONENTIAL, n=5)
    steps("num-train-timesteps", dict(num_train_timesteps=20), n=3)
    steps("v", V, n=5)
    steps("final-sigma-min", SIGMA_MIN, n=4)

    # ---- pairs that interact ----
    for schedule in ("karras", "exponential"):
        for final in ("zero", "sigma_min"):
            for prediction in ("epsilon", "v_prediction"):
                config = dict(sigma_schedule=schedule, final_sigmas_type=final, prediction_type=prediction)
                steps(dashed("set", schedule, final, prediction), config, n=4)
    steps("cosxl", COSXL, n=5)
    steps("playground", PLAYGROUND, n=5)
    steps("exponential-limits", dict(EXPONENTIAL, sigma_min=0.01, sigma_max=500.0), n=4)

    # ---- step counts ----
    for n in (1, 2, 3, 5, 10, 20):
        for name, config in (("karras", {}), ("exponential", EXPONENTIAL)):
            steps(f"n-{n}-{name}", config, n=n, count=min(n, 3))
    for n in (50, 999, 1000):
        for name, config in (("karras", {}), ("exponential", EXPONENTIAL), ("sigma-min", SIGMA_MIN)):
            steps(f"n-{n}-{name}-head", config, n=n, count=2)
            steps(f"n-{n}-{name}-tail", config, n=n, begin_index=n - 3)
    steps("n-12-all", n=12, count=12)

    # ---- where a run starts, and what is called twice ----
    steps("begin-index-3", n=6, begin_index=3)
    steps("img2img-by-timestep", n=6, first=3)
    steps("set-timesteps-twice", n=3, earlier=[dict(request=dict(num_inference_steps=6), stepped=2)])
    steps(
        "set-timesteps-clears-begin-index",
        n=3,
        earlier=[dict(request=dict(num_inference_steps=6), begin_index=4)],
    )

    # ---- shapes and dtypes ----
    for name, shape in (("2x3x4x4", [2, 3, 4, 4]), ("2d", [3, 5]), ("3d", [1, 5, 7]), ("5d", [2, 2, 3, 2, 3])):
        steps(f"shape-{name}", n=2, shape=shape)
    for name, config in (("karras", {}), ("cosxl", COSXL)):
        steps(f"float16-{name}", config, n=4, dtype="float16")

    # ---- add_noise in every index state ----
    add_noise("add-noise-before-set-timesteps", rows=[0, 500, 999])
    add_noise("add-noise-fresh", n=6, rows=[0, 3, 5])
    add_noise("add-noise-exponential", COSXL, n=6, rows=[2, 4])
    add_noise("add-noise-begin-index", n=6, begin_index=4, rows=[0, 5])
    add_noise("add-noise-begin-index-after-steps", n=6, begin_index=2, stepped=2, rows=[0, 5])
    add_noise("add-noise-after-steps", n=6, stepped=3, rows=[0, 5])
    add_noise("add-noise-float16", n=6, rows=[1, 5], dtype="float16")
    add_noise("add-noise-5d", n=6, rows=[1, 4], shape=[2, 2, 3, 2, 3])

    # ---- failures ----
    error("prediction-type-unknown", "step", "CONFIG_INVALID", dict(prediction_type="sample"), n=2)
    error("sigma-schedule-unknown", "constructor", "CONFIG_INVALID", dict(sigma_schedule="linear"), n=2)
    error("rho-zero", "constructor", "CONFIG_INVALID", dict(rho=0.0), n=2)
    error("exponential-to-zero", "constructor", "NUMERIC", dict(EXPONENTIAL, sigma_min=0.0), n=2)
    error("n-negative", "set_timesteps", "REQUEST_INVALID", n=-1)
    error("request-empty", "set_timesteps", "REQUEST_INVALID", request={})
    error("n-zero", "step", "REQUEST_INVALID", n=0, times=[1.0])
    error("past-the-end", "step", "RUN_EXHAUSTED", n=1, times=[1.0955066680908203, 1.0])
    error("begin-index-past-the-end", "step", "RUN_EXHAUSTED", n=2, begin_index=3, times=[1.0])
