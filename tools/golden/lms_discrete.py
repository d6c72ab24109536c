"""Golden cases of LMSDiscreteScheduler: the shared ones, the order argument, and runs that begin without a history."""

from diffusers import LMSDiscreteScheduler

from common import Recipe
from k_style import RESPACINGS, SD, SHORT, SPACINGS, V, Common, level, respaced

recipe = Recipe(LMSDiscreteScheduler, level, space="ve")
steps, error = recipe.steps, recipe.error
Common(recipe, twice=False).write()

# ---- the order, step by step and in whole runs ----
for order in (1, 2, 3, 5, 6):
    steps(f"order-{order}", SD, n=8, options=dict(order=order))
steps("order-2-v", {**SD, **V}, n=5, options=dict(order=2))
steps("order-3-sample", dict(SD, prediction_type="sample"), n=5, options=dict(order=3))
for spacing in SPACINGS:
    steps(f"whole-{spacing}", dict(SD, timestep_spacing=spacing), n=12, count=12)
for name in RESPACINGS:
    steps(f"whole-{name}", {**SD, **respaced(name)}, n=12, count=12)
    steps(f"{name}-order-2", {**SD, **respaced(name)}, n=6, options=dict(order=2))
steps("float16-order-2", SD, n=4, dtype="float16", options=dict(order=2))

# ---- a run that begins late has fewer derivatives than its order asks for, and the sum is cut short ----
steps("begin-index-1", SD, n=10, begin_index=1, count=5)
steps("begin-index-9", SD, n=10, begin_index=9)
steps("begin-index-order-2", SD, n=10, begin_index=5, count=4, options=dict(order=2))

# ---- failures ----
FEW = dict(num_train_timesteps=12, trained_betas=SHORT)  # timesteps beyond the eight trained ones have the largest sigma
error("sigma-twice", "step", "NUMERIC", FEW, n=6)
steps("sigma-twice-order-1", FEW, n=6, options=dict(order=1))
error("spacing-unknown", "constructor", "CONFIG_INVALID", dict(timestep_spacing="karras"))
for spacing in ("leading", "trailing"):
    error(f"n-zero-{spacing}", "set_timesteps", "REQUEST_INVALID", dict(timestep_spacing=spacing), n=0)
for name in RESPACINGS:
    error(f"n-zero-{name}", "set_timesteps", "REQUEST_INVALID", respaced(name), n=0)
error("order-of-a-half", "step", "REQUEST_INVALID", SD, n=3, options=dict(order=1.5))
