"""Runs one case on upstream: brings the scheduler into the state that the case asks for, steps it on the tape, and
returns the case's JSON and tensors. A failure counts as such only where the case declares one."""

import pinned  # noqa: F401  (first: fixes the instruction sets)

from contextlib import contextmanager

import torch

import store
from distance import RESULTS, Distance, noteworthy
from rounding import rounded
from tape import normal, recording, source

FLOATS = {"float32": torch.float32, "float16": torch.float16}
# Fields that steer the recording and are not part of the case: the tape of a tensor option, explicit timesteps, rows
# of the schedule, a variant of the model output, and another seed.
STEERING = ("tape", "times", "rows", "variant", "salt")
CALLS = {"add_noise": "add_noise", "velocity": "get_velocity", "scale_noise": "scale_noise"}


class Failure(Exception):
    """Upstream failed: carries where and how."""

    def __init__(self, at, type, text, **where):
        super().__init__(f"{at}: {type}: {text}")
        self.found = {"at": at, "type": type, "text": text.split("\n")[0][:200], **where}


@contextmanager
def stage(at, **where):
    """Names the call within which an exception of upstream arises."""
    try:
        yield
    except Failure:
        raise
    except Exception as problem:
        raise Failure(at, type(problem).__name__, str(problem), **where) from problem


def check_finite(results, at="step", **where):
    for name, value in results.items():
        bad = int((~torch.isfinite(value)).sum())
        if bad:
            raise Failure(at, "NaN", f"{bad} of {value.numel()} values of {name} are not finite", **where)


def record(recipe, case):
    """Runs the case. Returns its JSON and its tensors."""
    method = any(key in case for key in ("rows", "timesteps"))
    run = (NoiseCall if method else StepRun)(recipe, case)
    failure = None
    try:
        with rounded():
            run.go()
    except Failure as problem:
        failure = problem
    declared = case.get("error")
    if failure and not declared:
        raise failure
    if declared:
        assert failure and failure.found["at"] == declared["at"], f"no failure at {declared['at']}, but {failure}"
        run.case["error"] = {**declared, **failure.found}
    kept = {key: value for key, value in run.case.items() if key == "request" or not (value is None or key in STEERING)}
    return kept, run.tensors


class Run:
    """What both kinds of case need: the scheduler in the state that the case asks for."""

    def __init__(self, recipe, case):
        self.recipe, self.case, self.tensors = recipe, dict(case), {}

    def build(self):
        """Constructor, what happened earlier, set_shift, set_timesteps, set_begin_index."""
        case = self.case
        with stage("constructor"):
            scheduler = self.recipe.scheduler(**case["config"])
        for earlier in case.get("earlier", []):
            self.ready(scheduler, earlier)
            self.walk(scheduler, earlier.get("begin_index"), earlier.get("stepped", 0))
        if "set_shift" in case:
            scheduler.set_shift(case["set_shift"])
        self.ready(scheduler, case)
        return scheduler

    def ready(self, scheduler, wish):
        if wish["request"] is not None:
            with stage("set_timesteps"):
                scheduler.set_timesteps(**wish["request"])
        if wish.get("begin_index") is not None:
            scheduler.set_begin_index(wish["begin_index"])

    def walk(self, scheduler, begin_index, count):
        """Steps without keeping anything."""
        first = begin_index or 0
        for t in scheduler.timesteps[first : first + count]:
            sample = normal(self.case, "walk")
            scheduler.step(sample, t, sample)


class StepRun(Run):
    """A run of steps, each fed with the previous result."""

    def go(self):
        case = self.case
        scheduler = self.build()
        case["expect"] = expectation(scheduler)
        passed = self.timesteps(scheduler)
        case["count"] = len(passed)
        self.noise = source(case, "noise")
        judged = case["kind"] == "steps" and self.recipe.judged
        self.distance = Distance(self.recipe.module, self.build, case) if judged else None
        sample = self.first_sample(scheduler, passed[0])
        for i, t in enumerate(passed):
            sample = self.step(scheduler, i, t, sample)
        if judged and self.distance.notes:
            case["tolerance_note"] = self.distance.notes

    def timesteps(self, scheduler):
        """The timesteps to pass: the schedule's from `first` on, or those the case lists."""
        if "times" in self.case:
            return list(self.case["times"])
        first = self.case.setdefault("first", self.case.get("begin_index", 0))
        return list(scheduler.timesteps[first:][: self.case.get("count", 10)])

    def level(self, scheduler, t):
        try:
            alpha, sigma = self.recipe.level(scheduler, t)
        except (IndexError, ValueError, TypeError):
            alpha, sigma = 0, 1  # the scheduler is about to refuse this timestep
        return (float(alpha), float(sigma)) if alpha > 0 else (0.6, 0.8)  # at zero SNR epsilon must not be x itself

    def first_sample(self, scheduler, t):
        sample = self.recipe.start(self.recipe, self.case, self.level(scheduler, t)[0])
        self.tensors["x.0"] = sample.to(FLOATS[self.case["dtype"]]) if sample.is_floating_point() else sample
        return self.tensors["x.0"]

    def step(self, scheduler, i, t, sample):
        tensors, draws, where = self.tensors, [], {"step": i, "t": plain_time(t)}
        out = self.recipe.outputs(self.recipe, self.case, i, sample, *self.level(scheduler, t))
        out = tensors[f"out.{i}"] = out.to(FLOATS[self.case["dtype"]])
        options = self.options(i)
        with stage("step", **where), recording(self.recipe.module, draws, self.noise):
            if self.recipe.space == "ve":
                tensors[f"scaled.{i}"] = scheduler.scale_model_input(sample, t)
            result = scheduler.step(out, t, sample, **options)
        tensors.update({f"noise.{i}.{j}": draw.float() for j, draw in enumerate(draws)})
        results = {name: result[key] for name, key in RESULTS if result.get(key) is not None}
        facts = self.probe(scheduler, out, t, sample, draws, results, where)
        check_finite({name: results[name] for name, _ in RESULTS if name in results}, **where)
        step = {
            "t": where["t"],
            "draws": [list(draw.shape) for draw in draws],
            "step_index": getattr(scheduler, "step_index", None),
        }
        self.case["expect"]["steps"].append({**step, **facts})
        tensors.update({f"{name}.{i}": value for name, value in results.items()})
        if self.distance:
            self.distance.measure(i, (out, t, sample, options, draws), results)
        return result.prev_sample

    def options(self, i):
        """step's keyword arguments; a string names a tensor of the tape, `<name>.<i>` for step i."""
        options = dict(self.case.get("options", {}))
        for key, value in options.items():
            if isinstance(value, str):
                options[key] = self.tensors[f"{value}.{i}"] = self.case["tape"](self.case, i)
        return {**options, "generator": source(self.case, "generator")} if "generator" in options else options

    def probe(self, scheduler, out, t, sample, draws, results, where):
        """Further facts and tensors that a recipe asks for. The tensors may be -inf (log-probabilities), not NaN."""
        if not self.recipe.probe:
            return {}
        facts, extra = self.recipe.probe(scheduler, out, t, sample, draws)
        check_finite({name: value.nan_to_num(nan=float("nan"), neginf=0) for name, value in extra.items()}, **where)
        results.update(extra)
        return facts


class NoiseCall(Run):
    """add_noise, get_velocity or scale_noise, one timestep per batch item, in the index state that the case asks
    for."""

    def go(self):
        case = self.case
        scheduler = self.build()
        self.walk(scheduler, case.get("begin_index"), case.get("stepped", 0))
        times = scheduler.timesteps[case["rows"]] if "rows" in case else torch.tensor(case["timesteps"])
        case["timesteps"] = times.tolist()
        case["shape"] = [len(times), *case["shape"][1:]]
        original, noise = (normal(case, name).to(FLOATS[case["dtype"]]) for name in ("original", "noise"))
        self.tensors = {"original": original, "noise": noise}
        call = CALLS.get(case["kind"]) or case["call"]
        with stage(call):
            blend = lambda x, z: getattr(scheduler, call)(*((x, times, z) if call == "scale_noise" else (x, z, times)))
            result = blend(original, noise)
            exact = blend(original.double(), noise.double())
        check_finite({"result": result}, call)
        self.tensors["result"] = result
        if note := noteworthy(case["dtype"], result, exact):
            case["tolerance_note"] = {"result": note}


def plain_time(t):
    return t.item() if isinstance(t, torch.Tensor) else t


def expectation(scheduler):
    value = lambda name: getattr(scheduler, name, None)
    sigmas, noise = value("sigmas"), value("init_noise_sigma")
    return {
        "timesteps": store.table(scheduler.timesteps),
        "sigmas": None if sigmas is None else store.table(sigmas),
        "init_noise_sigma": None if noise is None else float(noise),
        "num_inference_steps": value("num_inference_steps"),
        "order": scheduler.order,
        "steps": [],
    }
