"""Golden cases that the two parallel schedulers share: those of the class whose step they have, and steps of many samples at once."""

import torch

from common import dashed
from special import SpecialRecipe, adapted

SMALL = [2, 2, 3, 3]
TIMES = [801, 401, 1, 999]


def parallel(upstream, sister):
    """A recipe with cases of the sister class on small samples: every other run, and all else."""
    batch = upstream.batch_step_no_noise
    batch_step = lambda self, out, times, sample, options={}: batch(self, out, torch.tensor(times), sample, **options)
    recipe = SpecialRecipe(adapted(upstream, batch_step_no_noise=batch_step), sister.level, outputs=sister.outputs)
    name = lambda case: f"{upstream.__name__}/{case['id'].split('/')[1]}"
    few = lambda case: (case["request"] or {}).get("num_inference_steps", 0) < 999
    # With as many steps, x0 magnifies rounding: its tolerance note is an estimate that wants the sister's larger samples.
    small = lambda case: SMALL if case["shape"] == [2, 3, 4, 4] and few(case) else case["shape"]
    runs = [case for case in sister.cases if case["kind"] == "steps"][1::2]
    recipe.cases = [
        {**case, "id": name(case), "class": upstream.__name__, "shape": small(case)}
        for case in sister.cases
        if case["kind"] != "steps" or case in runs
    ]
    return recipe


def batch_cases(recipe, n=5):
    """Batch steps that both classes take."""

    def batch(name, config=None, times=TIMES, n=n, **fields):
        shape = fields.pop("shape", [len(times), *SMALL[1:]])
        recipe.call(f"batch-{name}", "batch_step_no_noise", ["out", times, "x"], config, n=n, shape=shape, **fields)

    batch("default")
    for prediction in ("epsilon", "sample", "v_prediction"):
        for spacing in ("leading", "trailing"):
            config = dict(prediction_type=prediction, timestep_spacing=spacing, clip_sample=False)
            batch(dashed(prediction, spacing), config)
    for betas in ("linear", "scaled_linear", "squaredcos_cap_v2"):
        batch(dashed("beta", betas), dict(beta_schedule=betas, clip_sample=False))
    batch("clip-range", dict(clip_sample_range=0.3))
    batch("thresholding", dict(thresholding=True, sample_max_value=1.5))
    batch("same-timestep", times=[400, 400])
    batch("one", times=[400])
    batch("one-timestep-for-all", times=[400], shape=SMALL)
    batch("any-timestep", times=[0, 7, 333, 998])
    batch("last-steps", dict(clip_sample=False), times=[0, 1, 100, 199])
    batch("negative-timestep", dict(clip_sample=False), times=[-1, -500])
    batch("zero-snr-v", dict(rescale_betas_zero_snr=True, prediction_type="v_prediction"))
    for count in (1, 2, 50, 1000):
        batch(f"n-{count}", dict(clip_sample=False), n=count, times=[0, 500, 999])
    batch("2d", shape=[4, 5])
    batch("5d", shape=[4, 2, 2, 3, 3])
    batch("float16", dict(clip_sample=False), dtype="float16")
    refuse = lambda name, code, config=None, **fields: batch(name, config, error={"code": code}, **fields)
    refuse("past-table", "TIMESTEP_NOT_IN_PLAN", times=[3, 1000])
    refuse("prediction-unknown", "CONFIG_INVALID", dict(prediction_type="flow_prediction"))
    refuse("zero-snr-epsilon", "NUMERIC", dict(rescale_betas_zero_snr=True, clip_sample=False), times=[1, 999])
    refuse("counts-differ", "SHAPE_MISMATCH", times=[3, 4, 5], shape=SMALL)
    return batch
