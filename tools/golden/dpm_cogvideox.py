"""Golden cases of CogVideoXDPMScheduler: those of both CogVideoX schedulers, its history given or kept, and get_variables and
get_mult."""

import torch
from diffusers import CogVideoXDPMScheduler
from diffusers.schedulers.scheduling_dpm_cogvideox import DDIMSchedulerOutput

from cogvideox import REAL, V, level, shared_cases
from special import SpecialRecipe, adapted
from tape import normal


def set_timesteps(self, **request):
    CogVideoXDPMScheduler.set_timesteps(self, **request)
    self.back = {}


def step(self, out, t, sample, **options):
    """As the pipeline calls it: with the last step's prediction and timestep, unless the case gives them."""
    old = {"old_pred_original_sample": None, "timestep_back": None, **getattr(self, "back", {}), **options}
    prev, x0 = CogVideoXDPMScheduler.step(self, out, timestep=t, sample=sample, **old)
    self.back = {"old_pred_original_sample": x0, "timestep_back": t}
    return DDIMSchedulerOutput(prev_sample=prev, pred_original_sample=x0)


def exact(numbers):
    return [None if number is None else torch.tensor(number, dtype=torch.float64) for number in numbers]


def get_variables(self, *levels):
    """Numbers for numbers; `step` calls it with tensors."""
    if isinstance(levels[0], torch.Tensor):
        return CogVideoXDPMScheduler.get_variables(self, *levels)
    found = zip(("h", "r", "lamb", "lamb_next"), CogVideoXDPMScheduler.get_variables(self, *exact(levels)))
    return {name: value.item() for name, value in found if value is not None}


def get_mult(self, h, r, *levels):
    """The same. Upstream asks for the level before only to know that there is an r."""
    if isinstance(h, torch.Tensor):
        return CogVideoXDPMScheduler.get_mult(self, h, r, *levels)
    back = None if r is None else 0.5
    return {str(i): x.item() for i, x in enumerate(CogVideoXDPMScheduler.get_mult(self, *exact([h, r, *levels, back])))}


ADAPTED = adapted(
    CogVideoXDPMScheduler, set_timesteps=set_timesteps, step=step, get_variables=get_variables, get_mult=get_mult
)
recipe = SpecialRecipe(ADAPTED, level)
steps, error = recipe.steps, recipe.error
shared_cases(recipe)


def old(case, i):
    return normal(case, f"old.{i}")


# ---- arguments of step ----
GIVEN = dict(old_pred_original_sample="old")
steps("eta-unused", V, n=3, options=dict(eta=1.0))
steps("use-clipped-unused", V, n=3, options=dict(use_clipped_model_output=True))
for back in (999, 900, 820):
    steps(f"old-given-back-{back}", V, n=5, count=1, options=dict(GIVEN, timestep_back=back), tape=old)
steps("old-given-back-is-now", V, n=5, count=1, first=1, options=dict(GIVEN, timestep_back=601), tape=old)
steps("old-given-real", REAL, n=5, first=1, count=1, options=dict(GIVEN, timestep_back=999), tape=old)
steps("old-given-last-step", V, n=5, first=4, options=dict(GIVEN, timestep_back=200), tape=old)
error("old-without-timestep", "step", "REQUEST_INVALID", V, n=5, count=1, options=GIVEN, tape=old)
error(
    "timestep-back-past-table",
    "step",
    "TIMESTEP_NOT_IN_PLAN",
    V,
    n=5,
    count=1,
    options=dict(GIVEN, timestep_back=1000),
    tape=old,
)

# ---- the numbers of a step ----
for name, levels in (("", [0.2, 0.5]), ("-back", [0.2, 0.5, 0.1]), ("-adjacent", [0.5, 0.501, 0.498])):
    recipe.call(f"get-variables{name}", "get_variables", levels, request=None)
    recipe.call(f"get-mult{name}", "get_mult", [0.7, 0.9 if name else None, *levels[:2]])
