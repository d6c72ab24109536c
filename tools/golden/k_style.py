"""The cases that Euler's relatives share (Heun, Euler ancestral, LMS, KDPM2): schedules in sigma, step counts, where a run
starts, shapes, noising and failures. What is particular to a class is in the recipe of that class."""

SD = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
SHORT = [0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4]
SPACINGS = ("linspace", "leading", "trailing")
RESPACINGS = ("karras", "exponential", "beta")
COSINE = dict(beta_schedule="squaredcos_cap_v2")
V = dict(prediction_type="v_prediction")


def index_of(scheduler, t):
    """The position that step will use."""
    if scheduler.step_index is not None:
        return scheduler.step_index
    return scheduler.index_for_timestep(t) if scheduler.begin_index is None else scheduler.begin_index


def alpha_sigma(sigma):
    alpha = 1 / (sigma**2 + 1) ** 0.5
    return alpha, sigma * alpha


def level(scheduler, t):
    """(alpha, sigma) at the position that step will use."""
    return alpha_sigma(scheduler.sigmas[index_of(scheduler, t)])


def respaced(name):
    return {f"use_{name}_sigmas": True}


class Common:
    """The shared cases of one recipe. `order` is the number of model calls per step, `predictions` what step accepts beside
    epsilon, `respacings` the re-spacings that the class has; `twice` says whether a schedule may hold a sigma twice."""

    def __init__(self, recipe, order=1, predictions=("sample", "v_prediction"), respacings=RESPACINGS, twice=True):
        self.recipe, self.order, self.predictions, self.respacings = recipe, order, predictions, respacings
        self.twice = twice
        self.steps, self.error = recipe.steps, recipe.error

    def tail(self, n, steps):
        """The begin index of the last steps of n."""
        return self.order * (n - steps)

    def write(self):
        for part in (self.keys, self.pairs, self.counts, self.states, self.shapes, self.noising, self.failures):
            part()

    def keys(self):
        steps = self.steps
        steps("default", n=10, count=19)
        steps("num-train-timesteps-100", dict(num_train_timesteps=100), n=10)
        steps("beta-start", dict(beta_start=0.001), n=4)
        steps("beta-end", dict(beta_end=0.03), n=4)
        steps("beta-scaled-linear", dict(beta_schedule="scaled_linear"), n=4)
        steps("beta-squaredcos", COSINE, n=10)
        steps("trained-betas", dict(num_train_timesteps=8, trained_betas=SHORT), n=4)
        if self.twice:  # the timesteps beyond the eight trained ones have the largest sigma
            steps("trained-betas-fewer-than-n", dict(num_train_timesteps=12, trained_betas=SHORT), n=6, count=11)
        for prediction in self.predictions:
            steps(f"prediction-{prediction}".replace("_", "-"), dict(prediction_type=prediction), n=4)
        for name in self.respacings:
            steps(name, respaced(name), n=5)
        steps("spacing-leading", dict(timestep_spacing="leading"), n=5)
        steps("spacing-trailing", dict(timestep_spacing="trailing"), n=5)
        steps("steps-offset-1", dict(steps_offset=1), n=4)

    def pairs(self):
        steps = self.steps
        for spacing in SPACINGS:
            for prediction in ("epsilon", *self.predictions):
                config = dict(SD, timestep_spacing=spacing, prediction_type=prediction)
                steps(f"sd-{spacing}-{prediction.replace('_prediction', '')}", config, n=7, count=4)
            for name in self.respacings:
                steps(f"{spacing}-{name}", {**SD, **respaced(name), "timestep_spacing": spacing}, n=8, count=4)
            steps(f"{spacing}-offset-1", dict(SD, timestep_spacing=spacing, steps_offset=1), n=5, count=3)
            last = self.tail(20, 3)
            steps(f"{spacing}-last-steps", dict(SD, timestep_spacing=spacing), n=20, begin_index=last)
            steps(f"{spacing}-squaredcos", dict(COSINE, timestep_spacing=spacing), n=5)
        for name in self.respacings:
            steps(f"{name}-squaredcos-v", {**respaced(name), **COSINE, **V}, n=12, count=6)
            steps(f"{name}-trained-betas", {**respaced(name), "trained_betas": SHORT, "num_train_timesteps": 8}, n=4)
            for n in (1, 2, 20):
                steps(f"{name}-n-{n}", {**SD, **respaced(name)}, n=n, count=4)
            for n in (100, 500):
                steps(f"{name}-n-{n}", {**SD, **respaced(name)}, n=n, count=3)
                steps(f"{name}-n-{n}-tail", {**SD, **respaced(name)}, n=n, begin_index=self.tail(n, 3))

    def counts(self):
        steps = self.steps
        for n in (1, 2, 3):
            for spacing in SPACINGS:
                steps(f"n-{n}-{spacing}", dict(SD, timestep_spacing=spacing), n=n)
        steps("n-13", SD, n=13, count=4)
        steps("n-20-all", SD, n=20, count=39)
        steps("n-50", SD, n=50, count=4)
        steps("n-50-tail", SD, n=50, begin_index=self.tail(50, 3))
        for n in (999, 1000):
            for spacing in SPACINGS:
                config = dict(SD, timestep_spacing=spacing)
                steps(f"n-{n}-{spacing}-head", config, n=n, count=4)
                steps(f"n-{n}-{spacing}-tail", config, n=n, begin_index=self.tail(n, 3))
        for n in (61, 103):  # numpy's arange overshoots: a further timestep, -1, whose sigma is that at 0
            config = dict(SD, timestep_spacing="trailing")
            steps(f"trailing-overshoot-{n}", config, n=n, begin_index=self.tail(n, 2))
            for name in self.respacings[:1]:
                tail = self.tail(n, 2)
                steps(f"trailing-overshoot-{n}-{name}", {**config, **respaced(name)}, n=n, begin_index=tail)
        steps("n-over-train", dict(num_train_timesteps=20), n=40, count=4)

    def states(self):
        steps, order = self.steps, self.order
        steps("begin-index", SD, n=10, begin_index=4, count=4)
        steps("img2img-by-timestep", SD, n=10, first=6 * order)
        steps("begin-index-overrides-timestep", SD, n=10, begin_index=2, times=[999.0, 999.0])
        steps("timestep-only-matters-once", SD, n=5, times=[999.0, 0.0, 0.0])
        steps("without-set-timesteps", SD, request=None, count=3)
        steps("without-set-timesteps-tail", SD, request=None, begin_index=self.tail(1000, 2))
        for name in self.respacings[:1]:
            steps(f"without-set-timesteps-{name}", {**SD, **respaced(name)}, request=None, count=2)
        half_way = dict(request=dict(num_inference_steps=9), stepped=3)
        steps("set-timesteps-twice", SD, n=5, earlier=[half_way])
        begun = dict(request=dict(num_inference_steps=9), begin_index=4)
        steps("set-timesteps-clears-begin-index", SD, n=5, count=3, earlier=[begun])

    def shapes(self):
        shapes = {"1x4x8x8": [1, 4, 8, 8], "2d": [3, 5], "3d": [1, 16, 7], "5d": [2, 4, 3, 5, 5], "1d": [7]}
        for name, shape in shapes.items():
            self.steps(f"shape-{name}", SD, n=3, shape=shape)
        self.steps("float16-epsilon", SD, n=4, dtype="float16")
        for prediction in self.predictions:
            name = prediction.replace("_prediction", "")
            self.steps(f"float16-{name}", dict(SD, prediction_type=prediction), n=4, dtype="float16")
        for name in self.respacings[:1]:
            self.steps(f"float16-{name}", {**SD, **respaced(name)}, n=4, dtype="float16")

    def noising(self):
        add_noise = self.recipe.add_noise
        add_noise("add-noise-before-set-timesteps", SD, rows=[0, 500, 998])
        add_noise("add-noise-fresh", SD, n=10, rows=[0, 3, 9])
        for name in self.respacings[:1]:
            add_noise(f"add-noise-{name}", {**SD, **respaced(name)}, n=10, rows=[2, 7])
        add_noise("add-noise-begin-index", SD, n=10, begin_index=4, rows=[0, 9])
        add_noise("add-noise-begin-index-foreign-timestep", SD, n=10, begin_index=4, timesteps=[123.0, 5.0])
        add_noise("add-noise-begin-index-after-steps", SD, n=10, begin_index=4, stepped=3, rows=[0, 9])
        add_noise("add-noise-after-steps", SD, n=10, stepped=3, rows=[0, 9])
        add_noise("add-noise-float16", SD, n=10, rows=[0, 9], dtype="float16")
        add_noise("add-noise-5d", SD, n=10, rows=[1, 8], shape=[2, 4, 3, 5, 5])

    def failures(self):
        error = self.error
        error("beta-schedule-unknown", "constructor", "CONFIG_INVALID", dict(beta_schedule="cosine"))
        for first, second in (("karras", "exponential"), ("karras", "beta"), ("exponential", "beta")):
            if self.respacings:
                both = {**respaced(first), **respaced(second)}
                error(f"{first}-and-{second}", "constructor", "CONFIG_CONFLICT", both)
        error("prediction-type-unknown", "step", "CONFIG_INVALID", dict(prediction_type="flow_prediction"), n=5)
        if "sample" not in self.predictions:
            error("prediction-type-sample", "step", "CONFIG_INVALID", dict(prediction_type="sample"), n=5)
        error("timestep-foreign", "step", "TIMESTEP_NOT_IN_PLAN", SD, n=5, times=[123.0])
        error("past-the-end", "step", "RUN_EXHAUSTED", SD, n=2, times=[999.0, *[0.0] * 2 * self.order])
        error("begin-index-past-the-end", "step", "RUN_EXHAUSTED", SD, n=3, begin_index=3 * self.order, times=[999.0])
        foreign = dict(call="add_noise", timesteps=[123.0])
        error("add-noise-foreign-timestep", "add_noise", "TIMESTEP_NOT_IN_PLAN", SD, n=5, **foreign)
        zero = dict(num_train_timesteps=5, trained_betas=[0.0, 0.1, 0.2, 0.3, 0.4])
        error("sigma-zero-in-training", "step", "NUMERIC", zero, n=3)
