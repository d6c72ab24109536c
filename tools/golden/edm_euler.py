"""Golden cases of EDMEulerScheduler: those of both EDM schedulers, churn, positions instead of a count, a given x0, and each way to
fail."""

import torch
from diffusers import EDMEulerScheduler

from edm import COSXL, EXPONENTIAL, SIGMA_MIN, V, EDMRecipe, common
from tape import normal

set_timesteps = EDMEulerScheduler.set_timesteps


def with_lists(self, *args, sigmas=None, **kwargs):
    """Upstream takes a tensor; a case holds its numbers."""
    given = torch.tensor(sigmas, dtype=torch.float64) if isinstance(sigmas, list) else sigmas
    set_timesteps(self, *args, sigmas=given, **kwargs)


EDMEulerScheduler.set_timesteps = with_lists

recipe = EDMRecipe(EDMEulerScheduler)
steps, error = recipe.steps, recipe.error
common(recipe)

# ---- churn ----
CHURN = dict(s_churn=2.0)
steps("churn", n=5, options=CHURN)
steps("churn-v", V, n=4, options=CHURN)
steps("churn-at-its-limit", n=3, options=dict(s_churn=1000.0))
steps("churn-between", n=8, options=dict(s_churn=3.0, s_tmin=0.05, s_tmax=50.0))
steps("churn-noise", n=4, options=dict(s_churn=2.0, s_noise=1.003))
steps("churn-without-noise", n=4, options=dict(s_churn=2.0, s_noise=0.0))
steps("churn-tmin-alone", n=3, options=dict(s_tmin=1.0))
steps("churn-tmax-alone", n=3, options=dict(s_tmax=1.0))
steps("churn-edm", n=50, count=4, options=dict(s_churn=40.0, s_tmin=0.05, s_tmax=50.0, s_noise=1.003))
steps("churn-generator", n=3, options=dict(s_churn=2.0, generator=True))
steps("churn-float16", n=4, dtype="float16", options=CHURN)

# ---- positions on the curve ----
steps("sigmas", request=dict(sigmas=[0.0, 0.3, 0.5, 0.9, 1.0]))
steps("sigmas-one", request=dict(sigmas=[0.25]))
steps("sigmas-not-to-the-ends", SIGMA_MIN, request=dict(sigmas=[0.1, 0.6, 0.8]))
steps("sigmas-past-the-ends", request=dict(sigmas=[-0.1, 0.5, 1.02]))
steps("sigmas-twice-the-same", request=dict(sigmas=[0.0, 0.5, 0.5, 1.0]))
steps("sigmas-ascending-levels", request=dict(sigmas=[1.0, 0.5]))
steps("sigmas-exponential-counts", EXPONENTIAL, request=dict(sigmas=[0.0, 0.9, 0.95]))
steps("sigmas-and-n", n=5, request=dict(sigmas=[0.0, 0.5, 1.0]))
recipe.add_noise("add-noise-duplicates", request=dict(sigmas=[0.0, 0.5, 0.5, 1.0]), rows=[1, 3])

# ---- a given x0 ----
def given(case, i):
    return normal(case, f"pred_original_sample.{i}")


X0 = dict(options=dict(pred_original_sample="pred_original_sample"), tape=given)
steps("x0-given", n=4, **X0)
steps("x0-given-cosxl", COSXL, n=3, **X0)
steps("x0-given-churn", n=3, tape=given, options=dict(s_churn=2.0, pred_original_sample="pred_original_sample"))

# ---- before set_timesteps ----
steps("without-set-timesteps", request=None, count=3)
steps("without-set-timesteps-tail", SIGMA_MIN, request=None, begin_index=999)
steps("without-set-timesteps-exponential", COSXL, request=None, begin_index=500, count=2)
steps("begin-index-overrides-timestep", n=5, begin_index=2, times=[1.0, 1.0])
steps("timestep-only-matters-once", n=5, times=[1.0955066680908203, 1.0, 1.0])

# ---- failures (integer timesteps, which upstream refuses, cannot be told from others in JavaScript) ----
error("final-sigmas-type-unknown", "constructor", "CONFIG_INVALID", dict(final_sigmas_type="one"), n=2)
error("timestep-foreign", "step", "TIMESTEP_NOT_IN_PLAN", n=5, times=[0.123])
error("add-noise-foreign-timestep", "add_noise", "TIMESTEP_NOT_IN_PLAN", n=5, call="add_noise", timesteps=[0.123])
error("karras-to-zero", "step", "NUMERIC", dict(sigma_min=0.0), n=3, begin_index=2)
