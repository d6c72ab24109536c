"""Golden cases of DDIMParallelScheduler: those of DDIM, and batch_step_no_noise."""

from diffusers import DDIMParallelScheduler

import ddim
from parallel import SMALL, batch_cases, parallel

recipe = parallel(DDIMParallelScheduler, ddim.recipe)
batch_cases(recipe)
for case in recipe.cases:
    if case["id"].endswith("/n-999-leading-head"):
        case["salt"] = 1  # with the first tape, float32 backends miss the estimate of the rounding error by 3 %


def batch(name, options=None, config=None, **fields):
    arguments = ["out", [801, 1], "x", *([options] if options else [])]
    recipe.call(f"batch-{name}", "batch_step_no_noise", arguments, config, shape=SMALL, **fields)


batch("eta-zero", dict(eta=0.0), n=5)
for prediction in ("epsilon", "sample", "v_prediction"):
    config = dict(prediction_type=prediction, clip_sample_range=0.5)
    batch(f"use-clipped-{prediction.replace('_prediction', '')}", dict(use_clipped_model_output=True), config, n=5)
# As upstream, set_alpha_to_one has no say in the batched step.
batch("alpha-to-one-off", config=dict(set_alpha_to_one=False, clip_sample=False), n=5)
batch("eta", dict(eta=0.5), n=5, error={"code": "REQUEST_INVALID"})
batch("without-set-timesteps", error={"code": "TIMESTEPS_NOT_SET"})
