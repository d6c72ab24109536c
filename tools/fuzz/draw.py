"""Draws one random case of a scheduler class from (seed, number). Its vocabulary is what the golden recipe of the class
says and upstream's signatures; running the case is recording.py's business."""

import inspect
import math
import random
import zlib

BETAS = ("beta_start", "beta_end", "trained_betas")
SHAPES = ([2, 3, 4, 4], [1, 3, 8, 8], [2, 3, 5, 7], [1, 3, 1, 1], [3, 3, 2, 2], [1, 3, 2, 4, 4])
JUNK = ("nonsense", -1, 0, 1e9, [])
PLAIN = ("steps", "add_noise", "velocity", "scale_noise")
# Their samples have one meaning per axis: the recipe's shapes stay.
FIXED_SHAPE = ("VQDiffusionScheduler", "AmusedScheduler", "ConsistencyDecoderScheduler", "RePaintScheduler")

# Their options say where the noise comes from: they stay.
SEEDED = ("DPMSolverSDEScheduler", "CosineDPMSolverMultistepScheduler")
# Their config does: without a seed the noise would be upstream's global one.
SEED_KEY = {"DPMSolverSDEScheduler": "noise_sampler_seed"}
# Options that are given as tensors of the sample's dtype.
OF_SAMPLE_DTYPE = ("variance_noise", "old_pred_original_sample", "pred_original_sample")
# It knows one and two steps.
SHORT = ("ConsistencyDecoderScheduler",)


def parameters(method):
    """Name and default of the keyword parameters."""
    found = inspect.signature(method).parameters.values()
    return {one.name: one.default for one in found if one.kind is one.POSITIONAL_OR_KEYWORD and one.name != "self"}


def settings(scheduler):
    """The config keys with upstream's defaults; a recipe's adapted class has them further up."""
    signatures = [parameters(base.__init__) for base in scheduler.__mro__ if "__init__" in vars(base)]
    return max(signatures[:-1], key=len)


def halved(tape):
    """Tensors that are given have the dtype of the sample, as those of a loop have."""
    return lambda case, i: tape(case, i).half()


class Vocabulary:
    """All values that a class's recipe gives to each config key, and its cases by kind."""

    def __init__(self, recipe):
        self.recipe, self.scheduler = recipe, recipe.scheduler
        self.cases = [case for case in recipe.cases if case["kind"] in (*PLAIN, "call")]
        self.defaults = settings(self.scheduler)
        self.values = {key: self.choices(key, default) for key, default in self.defaults.items()}
        self.request = parameters(self.scheduler.set_timesteps) if hasattr(self.scheduler, "set_timesteps") else {}

    def choices(self, key, default):
        found = [case["config"][key] for case in self.cases if key in case["config"]]
        if isinstance(default, bool):
            return [True, False]
        unique = [value for i, value in enumerate(found) if value not in found[:i]]
        return unique or [default]


class Draw:
    """One case. `random` is its own stream: (seed, number) says all."""

    def __init__(self, vocabulary, seed, number):
        self.vocabulary, self.random = vocabulary, random.Random(f"{seed}/{number}")
        self.name = f"{vocabulary.scheduler.__name__}/seed-{seed}-case-{number}"

    def case(self):
        model = self.random.choice(self.vocabulary.cases)
        case = {**model, "id": self.name, "config": self.seeded(self.config(model["config"]))}
        case.pop("error", None)  # how the model fails says nothing of this case
        if not self.fixed:
            case["dtype"] = self.random.choice(["float32", "float32", "float32", "float16"])
            case["shape"] = self.random.choice([case["shape"], *SHAPES])
        if case["kind"] == "steps":
            self.run(case)
        elif self.often(0.5) and case["request"] and "num_inference_steps" in case["request"]:
            top = max([0, *case.get("rows", [])])
            case["request"] = {**case["request"], "num_inference_steps": max(self.count(), top + 1)}
        if case["dtype"] == "float16" and any(key in case.get("options", {}) for key in OF_SAMPLE_DTYPE):
            case["tape"] = halved(case["tape"])
        return case

    @property
    def fixed(self):
        return self.vocabulary.scheduler.__name__ in FIXED_SHAPE

    def often(self, probability):
        return self.random.random() < probability

    # ---- config

    def config(self, model):
        config = dict(model) if self.often(0.6) else {}
        for key in self.random.sample(sorted(self.vocabulary.values), self.changes()):
            config[key] = self.value(key)
        return config

    def seeded(self, config):
        key = SEED_KEY.get(self.vocabulary.scheduler.__name__)
        if key is None or config.get(key) is not None:
            return config
        return {**config, key: zlib.crc32(self.name.encode())}

    def changes(self):
        return min(self.random.choice([0, 1, 1, 2, 2, 3, 4, 6]), len(self.vocabulary.values))

    def value(self, key):
        if self.often(0.01):
            return self.random.choice(JUNK)
        value = self.random.choice([*self.vocabulary.values[key], self.vocabulary.defaults[key]])
        if key == "num_train_timesteps":
            return self.random.choice([1000, 1000, 500, 100, 50, self.random.randint(2, 1200)])
        if isinstance(value, float) and math.isfinite(value) and self.often(0.5):
            return round(value * self.random.uniform(0.5, 1.5), 6)
        return value

    # ---- request and run

    def count(self):
        if self.vocabulary.scheduler.__name__ in SHORT:
            return self.random.randint(1, 2)
        low, high = self.random.choice([(1, 10)] * 12 + [(11, 50)] * 5 + [(51, 200)] * 2 + [(201, 1000)])
        return self.random.randint(low, high)

    def run(self, case):
        case["request"] = self.schedule(case)
        case["count"] = min(case.get("count", 10), self.random.choice([2, 3, 4, 6]))
        case.pop("earlier", None)
        if self.often(0.6):
            self.start(case)
        if self.often(0.3) and self.vocabulary.scheduler.__name__ not in SEEDED:
            self.options(case)
        self.trim(case)

    def schedule(self, case):
        request = dict(case["request"] or {})
        known = self.vocabulary.request
        draw = self.random.random()
        if draw < 0.1 and "timesteps" in known:
            return {"timesteps": self.timesteps(case)}
        if draw < 0.2 and "sigmas" in known:
            kept = {key: request[key] for key in ("mu",) if key in request}
            return {"sigmas": self.sigmas(), **kept}
        if draw < 0.8 and "num_inference_steps" in request:
            return {**request, "num_inference_steps": self.count()}
        return request if case["request"] is not None else None

    def timesteps(self, case):
        top = case["config"].get("num_train_timesteps", 1000)
        top = top if isinstance(top, int) and top > 1 else 1000
        return sorted(self.random.sample(range(top), min(self.random.randint(1, 8), top)), reverse=True)

    def sigmas(self):
        top = 1.0 if "FlowMatch" in self.vocabulary.scheduler.__name__ or self.often(0.2) else 14.0
        return sorted((round(top * self.random.uniform(0.001, 1) ** 2, 4) for _ in range(self.random.randint(1, 8))), reverse=True)

    def start(self, case):
        """Where the run starts: at an index, as image-to-image does for a strength, or without saying so."""
        for key in ("first", "begin_index", "times"):
            case.pop(key, None)
        n = (case["request"] or {}).get("num_inference_steps")
        if not isinstance(n, int) or n < 2 or self.often(0.5):
            return
        strength = self.random.uniform(0.05, 1)
        index = max(n - int(n * strength), 0)
        ways = ["first", "begin_index"] if hasattr(self.vocabulary.scheduler, "set_begin_index") else ["first"]
        case[self.random.choice(ways)] = min(index, n - 1)

    @staticmethod
    def trim(case):
        """A start that the new request does not reach is dropped."""
        request = case["request"] or {}
        given = request.get("timesteps", request.get("sigmas"))
        length = len(given) if given is not None else request.get("num_inference_steps")
        for key in ("first", "begin_index"):
            if isinstance(length, int) and case.get(key, 0) >= length:
                case.pop(key, None)

    def options(self, case):
        other = self.random.choice([one for one in self.vocabulary.cases if one["kind"] == "steps"])
        for key in ("options", "tape"):
            case.pop(key, None)
            if key in other:
                case[key] = other[key]
        numbers = {key: value for key, value in case.get("options", {}).items() if type(value) is float}
        if numbers and math.isfinite(sum(numbers.values())) and self.often(0.5):
            scaled = {key: round(value * self.random.uniform(0.2, 1), 4) for key, value in numbers.items()}
            case["options"] = {**case["options"], **scaled}
