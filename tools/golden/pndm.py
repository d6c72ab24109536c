"""Golden cases of PNDMScheduler: Runge-Kutta and repeated starts, the previous timestep t - N//n, and each way to fail."""

from diffusers import PNDMScheduler

from common import Recipe, dashed


def level(scheduler, t):
    alpha2 = scheduler.alphas_cumprod[int(t)]
    return alpha2**0.5, (1 - alpha2) ** 0.5


recipe = Recipe(PNDMScheduler, level)
steps, error = recipe.steps, recipe.error
SHORT = [0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4]
SD = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", skip_prk_steps=True, steps_offset=1)
SPACINGS = ("leading", "linspace", "trailing")
STARTS = {"prk": {}, "plms": dict(skip_prk_steps=True)}

# ---- each config key alone, with both starts ----
for start, skip in STARTS.items():
    steps(f"{start}-default", skip, n=6, count=15)
    steps(f"{start}-num-train-timesteps-100", dict(skip, num_train_timesteps=100), n=5, count=14)
    steps(f"{start}-num-train-timesteps-37", dict(skip, num_train_timesteps=37), n=5, count=14)
    steps(f"{start}-beta-start", dict(skip, beta_start=0.001), n=4, count=13)
    steps(f"{start}-beta-end", dict(skip, beta_end=0.03), n=4, count=13)
    steps(f"{start}-beta-scaled-linear", dict(skip, beta_schedule="scaled_linear"), n=4, count=13)
    steps(f"{start}-beta-squaredcos", dict(skip, beta_schedule="squaredcos_cap_v2"), n=4, count=13)
    betas = dict(trained_betas=SHORT)
    steps(f"{start}-trained-betas", dict(skip, num_train_timesteps=8, **betas), n=4, count=13)
    steps(f"{start}-trained-betas-longer-than-n", dict(skip, num_train_timesteps=6, **betas), n=6, count=15)
    steps(f"{start}-set-alpha-to-one", dict(skip, set_alpha_to_one=True), n=5, count=14)
    steps(f"{start}-prediction-v", dict(skip, prediction_type="v_prediction"), n=6, count=15)
    for offset in (1, 3):
        steps(f"{start}-steps-offset-{offset}", dict(skip, steps_offset=offset), n=5, count=14)
    for spacing in ("linspace", "trailing"):
        steps(f"{start}-spacing-{spacing}", dict(skip, timestep_spacing=spacing), n=5, count=14)

# ---- pairs that interact ----
for start, skip in STARTS.items():
    for spacing in SPACINGS:
        config = dict(skip, timestep_spacing=spacing)
        for prediction in ("epsilon", "v_prediction"):
            steps(dashed(start, spacing, prediction, "7"), dict(config, prediction_type=prediction), n=7, count=16)
        for one in (True, False):
            whole = dict(config, set_alpha_to_one=one, beta_schedule="squaredcos_cap_v2")
            steps(dashed(start, spacing, "squaredcos-one", int(one)), whole, n=4, count=13)
        steps(dashed(start, spacing, "offset-2"), dict(config, steps_offset=2), n=6, count=15)
    steps(f"{start}-sd", dict(SD, skip_prk_steps=start == "plms"), n=20, count=29)
    v = dict(prediction_type="v_prediction", beta_schedule="squaredcos_cap_v2", set_alpha_to_one=True)
    steps(f"{start}-v-squaredcos-one", dict(skip, **v), n=8, count=17)

# ---- step counts ----
for n in (1, 2, 3):
    for spacing in SPACINGS:
        steps(f"plms-n-{n}-{spacing}", dict(SD, timestep_spacing=spacing), n=n)
for n in (4, 5, 10, 13):
    for start, skip in STARTS.items():
        steps(f"{start}-n-{n}", skip, n=n, count=22)
for start, skip in STARTS.items():
    steps(f"{start}-n-50", skip, n=50, count=16)
    for n in (999, 1000):
        for spacing in SPACINGS:
            steps(f"{start}-n-{n}-{spacing}", dict(skip, timestep_spacing=spacing), n=n, count=14)
    for n in (61, 103):  # numpy's arange overshoots: a further timestep, -1, which reads the noisiest entry
        steps(f"{start}-trailing-overshoot-{n}", dict(skip, timestep_spacing="trailing"), n=n, count=13)
    # More steps than were trained have stride 0 in leading: nothing moves.
    steps(f"{start}-n-1001", skip, n=1001, count=13)
    steps(f"{start}-n-1001-linspace", dict(skip, timestep_spacing="linspace"), n=1001, count=13)
steps("plms-trailing-ends-below-zero", dict(SD, timestep_spacing="trailing"), n=61, first=58)

# ---- where a run starts, and what is called twice: the calls are counted from the first ----
for first in (1, 4, 7):
    steps(f"plms-img2img-{first}", SD, n=10, first=first)
    steps(f"plms-img2img-{first}-v", dict(SD, prediction_type="v_prediction"), n=10, first=first, count=4)
for first in (1, 4, 13):
    steps(f"prk-img2img-{first}", n=10, first=first, count=14)
for start, skip in STARTS.items():
    steps(f"{start}-timesteps-between", skip, n=10, times=[750, 700, 333, 10, 800, 0])
    steps(f"{start}-past-the-end", skip, n=4, times=[750, 700, 500, 500] * 4)
    steps(f"{start}-set-timesteps-twice", skip, n=5, earlier=[dict(request=dict(num_inference_steps=9), stepped=3)], count=6)
steps("plms-set-timesteps-early", SD, n=5, earlier=[dict(request=dict(num_inference_steps=9), stepped=1)])

# ---- shapes and dtypes ----
for name, shape in (("1x4x8x8", [1, 4, 8, 8]), ("1d", [5]), ("2d", [3, 5]), ("3d", [1, 16, 7]), ("5d", [2, 4, 3, 5, 5])):
    steps(f"shape-{name}", SD, n=5, shape=shape)
for start, skip in STARTS.items():
    steps(f"float16-{start}", skip, n=6, dtype="float16", count=15)
    steps(f"float16-{start}-v", dict(skip, prediction_type="v_prediction"), n=6, dtype="float16", count=15)

# ---- add_noise: by the timestep itself, whatever the schedule ----
def noise(name, config=None, **fields):
    recipe.add_noise(name, config, **{"n": 5, **fields})  # upstream has no timesteps before set_timesteps


noise("add-noise-batch", SD, timesteps=[0, 10, 500, 999])
noise("add-noise-default-betas", timesteps=[999, 1])
noise("add-noise-squaredcos", dict(beta_schedule="squaredcos_cap_v2"), timesteps=[999, 400])
noise("add-noise-after-steps", SD, n=5, stepped=2, timesteps=[801, 3])
noise("add-noise-float16", SD, timesteps=[20, 700], dtype="float16")
noise("add-noise-5d", SD, timesteps=[20, 700], shape=[2, 4, 3, 5, 5])
noise("add-noise-negative-timestep", SD, timesteps=[-1, -1000])

# ---- failures ----
error("beta-schedule-unknown", "constructor", "CONFIG_INVALID", dict(beta_schedule="sigmoid"))
for n in (1, 2, 3):
    error(f"prk-n-{n}", "set_timesteps", "REQUEST_INVALID", n=n)
for spacing in ("leading", "trailing"):
    config = dict(timestep_spacing=spacing, skip_prk_steps=True)
    error(f"n-zero-{spacing}", "set_timesteps", "REQUEST_INVALID", config, n=0)
error("spacing-unknown", "set_timesteps", "CONFIG_INVALID", dict(timestep_spacing="karras"), n=5)
error("timesteps-not-accepted", "set_timesteps", "REQUEST_INVALID", request=dict(timesteps=[999, 500]))
error("sigmas-not-accepted", "set_timesteps", "REQUEST_INVALID", request=dict(sigmas=[10.0, 1.0, 0.0]))
for start, skip in STARTS.items():
    for prediction in ("sample", "flow_prediction"):
        error(dashed(start, prediction), "step", "CONFIG_INVALID", dict(skip, prediction_type=prediction), n=5)
    offset = dict(skip, num_train_timesteps=100, steps_offset=10)
    error(f"{start}-offset-past-table", "step", "TIMESTEP_NOT_IN_PLAN", offset, n=10)
    full = dict(skip, num_train_timesteps=4, trained_betas=[0.1, 0.2, 0.5, 1.0])
    error(f"{start}-alpha-zero", "step", "NUMERIC", full, n=4)
    clean = dict(skip, num_train_timesteps=4, trained_betas=[0.0, 0.0, 0.0, 0.0])
    error(f"{start}-no-noise", "step", "NUMERIC", clean, n=4)
error("plms-timestep-past-table", "step", "TIMESTEP_NOT_IN_PLAN", SD, n=5, times=[1000])
error("plms-repeated-step-past-table", "step", "TIMESTEP_NOT_IN_PLAN", SD, n=5, times=[801, 900])
error("add-noise-past-table", "add_noise", "TIMESTEP_NOT_IN_PLAN", n=5, call="add_noise", timesteps=[1000, 3])
