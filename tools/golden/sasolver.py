"""Golden cases of SASolverScheduler: orders of predictor and corrector, both algorithms, tau, every schedule, and each way to fail."""

from diffusers import SASolverScheduler

from common import Recipe, dashed

construct = SASolverScheduler.__init__


def with_numbers(self, *args, tau_func=None, **kwargs):
    """Upstream takes a function; a case holds a number, for the function of that value."""
    construct(self, *args, tau_func=(lambda t: tau_func) if isinstance(tau_func, (int, float)) else tau_func, **kwargs)


SASolverScheduler.__init__ = with_numbers


def level(scheduler, t):
    """(alpha, sigma) at the index that step will use."""
    index = scheduler.step_index
    if index is None:
        index = scheduler.index_for_timestep(t) if scheduler.begin_index is None else scheduler.begin_index
    return scheduler._sigma_to_alpha_sigma_t(scheduler.sigmas[index])


class SmallRecipe(Recipe):
    def steps(self, name, config=None, shape=(1, 2, 3, 3), **fields):
        super().steps(name, config, shape=list(shape), **fields)


recipe = SmallRecipe(SASolverScheduler, level)
steps, error, add_noise = recipe.steps, recipe.error, recipe.add_noise
SD = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
SHORT = [0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4]
COSINE = dict(beta_schedule="squaredcos_cap_v2")
FLOW = dict(use_flow_sigmas=True, prediction_type="flow_prediction")
NOISE = dict(algorithm_type="noise_prediction")
RESPACINGS = {
    "karras": "use_karras_sigmas",
    "exponential": "use_exponential_sigmas",
    "beta": "use_beta_sigmas",
    "flow": "use_flow_sigmas",
}

# ---- each config key alone ----
steps("default", n=10)
steps("num-train-timesteps-100", dict(num_train_timesteps=100), n=5)
steps("beta-start", dict(beta_start=0.001), n=3)
steps("beta-end", dict(beta_end=0.03), n=3)
steps("beta-scaled-linear", dict(beta_schedule="scaled_linear"), n=4)
steps("beta-squaredcos", COSINE, n=5)
steps("trained-betas", dict(num_train_timesteps=8, trained_betas=SHORT), n=4)
for order in (1, 3, 4):
    steps(dashed("predictor", order), dict(predictor_order=order), n=6)
    steps(dashed("corrector", order), dict(corrector_order=order), n=6)
for prediction in ("sample", "v_prediction"):
    steps(dashed("prediction", prediction), dict(prediction_type=prediction), n=4)
steps("prediction-flow-without-flow-sigmas", dict(SD, prediction_type="flow_prediction"), n=4)
for tau in (0.0, 0.5, 1.0):
    steps(dashed("tau", tau), dict(SD, tau_func=tau), n=4)
steps("thresholding", dict(thresholding=True), n=4)
steps("thresholding-ratio", dict(thresholding=True, dynamic_thresholding_ratio=0.5, sample_max_value=10.0), n=3)
for top in (1.5, 0.8):
    steps(dashed("thresholding-max", top), dict(thresholding=True, sample_max_value=top), n=3)
steps("noise-prediction", NOISE, n=5)
steps("lower-order-final-off", dict(lower_order_final=False), n=5)
for name, key in RESPACINGS.items():
    steps(name, {key: True}, n=5)
steps("flow-shift-without-flow", dict(flow_shift=3.0), n=3)
steps("lambda-min-clipped", dict(lambda_min_clipped=-5.1), n=3)
for variance in ("learned", "learned_range"):
    steps(dashed("variance", variance), dict(SD, variance_type=variance), n=3, shape=[1, 3, 3, 3])
for spacing in ("leading", "trailing"):
    steps(dashed("spacing", spacing), dict(timestep_spacing=spacing), n=4)
steps("steps-offset-1", dict(steps_offset=1), n=3)
steps("leading-offset-1", dict(timestep_spacing="leading", steps_offset=1), n=4)

# ---- predictor x corrector x algorithm x tau ----
for algorithm in ("data_prediction", "noise_prediction"):
    for predictor in (1, 2, 3, 4):
        for corrector in (1, 2, 3, 4):
            config = dict(SD, algorithm_type=algorithm, predictor_order=predictor, corrector_order=corrector)
            name = dashed(algorithm.split("_")[0], predictor, corrector)
            steps(name, dict(config, tau_func=(0.0, 0.7, 1.0)[(predictor + corrector) % 3]), n=6, count=6)
    for prediction in ("epsilon", "sample", "v_prediction"):
        for tau in (0.0, 1.0):
            config = dict(SD, algorithm_type=algorithm, prediction_type=prediction, tau_func=tau)
            steps(dashed(algorithm.split("_")[0], prediction, "tau", tau), config, n=5)
    for order in (2, 3, 4):
        config = dict(SD, algorithm_type=algorithm, predictor_order=order, corrector_order=order)
        steps(dashed(algorithm.split("_")[0], order, "not-lowered"), dict(config, lower_order_final=False), n=6)

# ---- spacing x sigma option x order ----
for spacing in ("linspace", "leading", "trailing"):
    for name, key in {"plain": None, **RESPACINGS}.items():
        config = {**SD, "timestep_spacing": spacing, "predictor_order": 3, **({key: True} if key else {})}
        steps(dashed(spacing, name), config, n=6, count=6 if spacing == "linspace" else 3)
    steps(
        dashed(spacing, "cosine-lambda"),
        dict(COSINE, timestep_spacing=spacing, lambda_min_clipped=-5.1),
        n=5,
        count=3,
    )
for name, key in RESPACINGS.items():
    for n in (1, 2, 3):
        steps(f"{name}-n-{n}", {**SD, key: True}, n=n)
    steps(f"{name}-cosine", {**COSINE, key: True}, n=5, begin_index=0, count=3)
    steps(f"{name}-noise-order-3", {**SD, **NOISE, key: True, "predictor_order": 3, "corrector_order": 3}, n=6)
    steps(f"{name}-not-lowered", {**SD, key: True, "lower_order_final": False}, n=5)
for shift in (0.5, 3.0):
    steps(dashed("flow-shift", shift), dict(FLOW, flow_shift=shift), n=5)
for prediction in ("epsilon", "sample", "v_prediction"):
    steps(dashed("flow", prediction), dict(use_flow_sigmas=True, prediction_type=prediction), n=4)
steps("flow-thresholding", dict(FLOW, thresholding=True, sample_max_value=2.0), n=4)
steps("thresholding-v", dict(thresholding=True, prediction_type="v_prediction"), n=3)

# ---- step counts ----
for n in (1, 2, 3, 5):
    steps(f"n-{n}", SD, n=n)
for n in (20, 50, 999, 1000):
    steps(f"n-{n}-head", SD, n=n, count=3)
    steps(f"n-{n}-middle", SD, n=n, begin_index=n // 2, count=4)
    steps(f"n-{n}-tail", SD, n=n, begin_index=n - 4)
steps("n-999-order-3-middle", dict(SD, predictor_order=3, corrector_order=3), n=999, begin_index=500, count=5)
steps("n-12-all", SD, n=12, count=12)
steps("trailing-overshoot-61", dict(SD, timestep_spacing="trailing"), n=61, begin_index=58)
steps("n-over-train", dict(num_train_timesteps=20, use_karras_sigmas=True), n=40, begin_index=0, count=3)

# ---- where a run starts, and what is called twice ----
steps("begin-index-3", SD, n=8, begin_index=3, count=4)
steps("img2img-by-timestep", SD, n=8, first=4)
steps("timestep-foreign-is-the-last", SD, n=4, times=[12])
steps("set-timesteps-twice", SD, n=4, earlier=[dict(request=dict(num_inference_steps=6), stepped=3)])
steps("set-timesteps-clears-begin-index", SD, n=3, earlier=[dict(request=dict(num_inference_steps=6), begin_index=4)])
steps("generator", SD, n=3, options=dict(generator=True))

# ---- shapes and dtypes ----
for name, shape in (("2x3x4x4", [2, 3, 4, 4]), ("2d", [3, 5]), ("3d", [1, 5, 7]), ("5d", [2, 2, 3, 2, 3])):
    steps(f"shape-{name}", SD, n=3, shape=shape)
for name, config in (("data", {}), ("noise", NOISE), ("flow", FLOW)):
    steps(f"float16-{name}", dict(SD, **config), n=5, dtype="float16")

# ---- add_noise goes by the trained timestep ----
add_noise("add-noise-before-set-timesteps", SD, request=None, timesteps=[0, 500, 999])
add_noise("add-noise-fresh", SD, n=5, rows=[0, 4])
add_noise("add-noise-begin-index", SD, n=5, begin_index=2, rows=[0, 4])
add_noise("add-noise-after-steps", SD, n=5, stepped=2, rows=[0, 4])
add_noise("add-noise-foreign-timestep", SD, n=5, timesteps=[123, 7])
add_noise("add-noise-flow", FLOW, n=5, rows=[1, 3])
add_noise("add-noise-float16", SD, n=5, rows=[1, 3], dtype="float16")

# ---- failures ----
names = list(RESPACINGS)[:3]
for first, second in ((names[0], names[1]), (names[0], names[2]), (names[1], names[2])):
    error(f"{first}-and-{second}", "constructor", "CONFIG_CONFLICT", {RESPACINGS[first]: True, RESPACINGS[second]: True})
error("algorithm-unknown", "constructor", "CONFIG_INVALID", dict(algorithm_type="dpmsolver++"))
error("beta-schedule-unknown", "constructor", "CONFIG_INVALID", dict(beta_schedule="sigmoid"))
error("spacing-unknown", "set_timesteps", "CONFIG_INVALID", dict(timestep_spacing="even"), n=3)
error("prediction-unknown", "step", "CONFIG_INVALID", dict(prediction_type="x0"), n=3)
error("prediction-unknown-noise", "step", "CONFIG_INVALID", dict(NOISE, prediction_type="x0"), n=3)
error("flow-noise-prediction", "step", "CONFIG_CONFLICT", dict(NOISE, **FLOW), n=3)
error("thresholding-noise-prediction", "step", "CONFIG_CONFLICT", dict(NOISE, thresholding=True), n=3)
error("thresholding-2d", "step", "SHAPE_MISMATCH", dict(thresholding=True), n=3, shape=[3, 5])
error("without-set-timesteps", "step", "TIMESTEPS_NOT_SET", request=None, count=1)
error("predictor-order-0", "step", "CONFIG_INVALID", dict(predictor_order=0), n=3)
error("corrector-order-0", "step", "CONFIG_INVALID", dict(corrector_order=0), n=3)
error("predictor-order-5", "step", "CONFIG_INVALID", dict(predictor_order=5), n=12)
error("corrector-order-5", "step", "CONFIG_INVALID", dict(corrector_order=5), n=12)
error("past-the-end", "step", "RUN_EXHAUSTED", SD, n=1, times=[999, 1])
error("variance-learned-6-channels", "step", "SHAPE_MISMATCH", dict(SD, variance_type="learned"), n=2, shape=[1, 6, 3, 3])
error("add-noise-past-the-table", "add_noise", "TIMESTEP_NOT_IN_PLAN", SD, n=3, call="add_noise", timesteps=[1000])
