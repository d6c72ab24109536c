"""Golden cases of DDPMParallelScheduler: those of DDPM, and batch_step_no_noise."""

from diffusers import DDPMParallelScheduler

import ddpm
from common import dashed
from parallel import batch_cases, parallel

recipe = parallel(DDPMParallelScheduler, ddpm.recipe)
batch = batch_cases(recipe)
for variance in ("fixed_small", "fixed_large", "fixed_large_log"):
    batch(dashed("variance", variance), dict(variance_type=variance))
for betas in ("sigmoid", "laplace"):
    batch(dashed("beta", betas), dict(beta_schedule=betas, clip_sample=False))
batch("learned-range-single", dict(variance_type="learned_range"))
batch("without-set-timesteps", dict(clip_sample=False), n=None)
batch("custom-timesteps", dict(clip_sample=False), n=None, request=dict(timesteps=[999, 500, 20]))
