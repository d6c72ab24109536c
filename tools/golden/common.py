"""Runs a diffusers scheduler on a recorded tape and keeps what it did: the golden cases. Which cases exist is the business
of the recipe files beside it (ddim.py, ...); how they lie on disk is store.py's."""

import pinned  # noqa: F401  (first: fixes the instruction sets)

import hashlib
import sys
from contextlib import contextmanager

import torch
from diffusers.utils import logging

import store

logging.set_verbosity_error()

SHAPE = (2, 3, 4, 4)
FLOATS = {"float32": torch.float32, "float16": torch.float16}
# Fields that steer the recording and are not part of the case: the tape of a tensor option, explicit timesteps, rows of the
# schedule, the noise method that fails, a variant of the model output, and another seed.
STEERING = ("tape", "times", "rows", "call", "variant", "salt")
CALLS = {"add_noise": "add_noise", "velocity": "get_velocity", "scale_noise": "scale_noise"}
# A tensor that float32 arithmetic gets less exact than this (relative to its largest value) gets a note in the case.
NOTEWORTHY = 1e-6


class Recipe:
    """The list of cases of one scheduler class. Each method appends one case; see README.md for the fields.

    `level(scheduler, t)` gives (alpha, sigma) of the sample at timestep t, so that the tape can be a plausible model output
    (the sample stays of unit size) whatever the prediction type; `space` is "vp" for x = alpha x0 + sigma noise, "ve" for
    that divided by alpha.
    """

    def __init__(self, scheduler, level, space="vp", start=None, outputs=None, probe=None, judged=True):
        self.scheduler = scheduler
        self.module = sys.modules[scheduler.__module__]
        self.level = level
        self.space = space
        self.start = start or start_sample
        self.outputs = outputs or model_output
        self.probe = probe
        self.judged = judged
        self.cases = []

    def case(self, kind, name, config, n=None, request=None, **fields):
        if n is not None:
            request = {"num_inference_steps": n, **(request or {})}
        id = f"{self.scheduler.__name__}/{name}"
        case = {"id": id, "class": self.scheduler.__name__, "kind": kind, "config": config or {}, "request": request}
        self.cases.append({"dtype": "float32", "shape": list(SHAPE), **case, **fields})

    def steps(self, name, config=None, **fields):
        """A run of `count` steps from index `first`, each fed with the previous result."""
        self.case("steps", name, config, **fields)

    def error(self, name, at, code, config=None, **fields):
        """The same, but upstream raises or returns NaN at `at`; `code` is the DiffusionError we shall raise."""
        self.case("error", name, config, error={"at": at, "code": code}, **fields)

    def add_noise(self, name, config=None, **fields):
        self.case("add_noise", name, config, **fields)

    def velocity(self, name, config=None, **fields):
        self.case("velocity", name, config, **fields)

    def scale_noise(self, name, config=None, **fields):
        self.case("scale_noise", name, config, **fields)

    def write(self, folder):
        ids = [case["id"] for case in self.cases]
        assert len(set(ids)) == len(ids), f"two cases of one name: {sorted(id for id in ids if ids.count(id) > 1)}"
        problems = [problem for case in self.cases if (problem := self.write_one(folder, case))]
        assert not problems, "\n".join(["", *problems])

    def write_one(self, folder, case):
        """Writes one case, or says why it cannot be recorded."""
        try:
            store.write_case(folder, *record(self, case))
        except (Failure, AssertionError) as problem:
            return f"{case['id']}: {problem}"


# ---- the tape --------------------------------------------------------------------------------------------------------


def source(case, name):
    """A generator that depends on the case's id and the tensor's name only, so that cases never disturb each other."""
    digest = hashlib.sha256(f"{case['id']}{case.get('salt', '')}/{name}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:4], "little"))


def normal(case, name, shape=None):
    return torch.randn(tuple(shape or case["shape"]), generator=source(case, name))


def start_sample(recipe, case, alpha):
    sample = normal(case, "x")
    return sample / alpha if recipe.space == "ve" else sample


def model_output(recipe, case, i, sample, alpha, sigma):
    """What a model would say if the velocity were white noise: x0 and epsilon then have unit size at every noise level."""
    v = normal(case, f"out.{i}")
    x = sample.float() * alpha if recipe.space == "ve" else sample.float()
    kind = case["config"].get("prediction_type", "epsilon")
    if kind == "epsilon":
        return sigma * x + alpha * v
    return alpha * x - sigma * v if kind in ("sample", "original_sample") else v


class Torch:
    """The torch module as a scheduler sees it, with a few names replaced."""

    def __init__(self, **names):
        self.__dict__.update(names)

    def __getattr__(self, name):
        return getattr(torch, name)


@contextmanager
def replaced(module, **names):
    """Replaces the names that the module has, for a while."""
    kept = {name: getattr(module, name) for name in names if hasattr(module, name)}
    for name in kept:
        setattr(module, name, names[name])
    try:
        yield
    finally:
        for name, value in kept.items():
            setattr(module, name, value)


# ---- one case --------------------------------------------------------------------------------------------------------


class Failure(Exception):
    """Upstream failed: carries where and how."""

    def __init__(self, at, type, text, **where):
        super().__init__(f"{at}: {type}: {text}")
        self.found = {"at": at, "type": type, "text": text.split("\n")[0][:200], **where}


@contextmanager
def stage(at, **where):
    try:
        yield
    except Failure:
        raise
    except Exception as problem:
        raise Failure(at, type(problem).__name__, str(problem), **where) from problem


def build(recipe, case):
    """The scheduler, made ready as the case says: constructor, earlier calls, set_timesteps, set_begin_index."""
    with stage("constructor"):
        scheduler = recipe.scheduler(**case["config"])
    for earlier in case.get("earlier", []):
        ready(scheduler, {**case, "request": earlier["request"], "begin_index": earlier.get("begin_index")})
        walk(recipe, scheduler, case, earlier.get("stepped", 0))
    if "set_shift" in case:
        scheduler.set_shift(case["set_shift"])
    ready(scheduler, case)
    return scheduler


def ready(scheduler, case):
    if case["request"] is not None:
        with stage("set_timesteps"):
            scheduler.set_timesteps(**case["request"])
    if case.get("begin_index") is not None:
        scheduler.set_begin_index(case["begin_index"])


def walk(recipe, scheduler, case, count):
    """Steps without keeping anything, to bring the object into the state "after some steps"."""
    first = case.get("begin_index") or 0
    for t in scheduler.timesteps[first : first + count]:
        sample = normal(case, "walk")
        scheduler.step(sample, t, sample, **tensor_options(case, 0))


def tensor_options(case, i):
    """step's keyword arguments; a string names a tensor of the tape, `<name>.<i>` for step i."""
    options = {key: case["tape"](i) if isinstance(value, str) else value for key, value in case.get("options", {}).items()}
    return {**options, "generator": source(case, "generator")} if "generator" in options else options


def level(recipe, scheduler, t):
    try:
        alpha, sigma = recipe.level(scheduler, t)
    except (IndexError, ValueError, TypeError):
        alpha, sigma = 0, 1  # the scheduler is about to refuse this timestep
    return (float(alpha), float(sigma)) if alpha > 0 else (0.6, 0.8)  # at zero SNR epsilon must not be x itself


def timesteps_of(scheduler, case):
    """The timesteps to pass: the schedule's from `first`, or those the case lists."""
    if "times" in case:
        return list(case["times"])
    first = case.get("first", case.get("begin_index", 0))
    return list(scheduler.timesteps[first:][: case.get("count", 10)])


def record(recipe, case):
    """Runs the case. Returns its JSON and its tensors."""
    case = dict(case)
    expected = case.pop("error", None)
    tape = case.pop("tape", None)
    tensors = {}
    running = {**case, "tape": lambda i: keep(tensors, case, tape, i)}
    try:
        run = record_noise if "rows" in case or "timesteps" in case else record_steps
        found = run(recipe, running, case, tensors)
    except Failure as failure:
        if expected is None:
            raise
        found = failure.found
    if expected is not None:
        check_failure(expected, found)
        case["error"] = {**expected, **found}
    return tidy(case), tensors


def keep(tensors, case, tape, i):
    name, value = tape(case, i)
    tensors[f"{name}.{i}"] = value
    return value


def check_failure(expected, found):
    if not found or found["at"] != expected["at"]:
        raise AssertionError(f"expected a failure at {expected['at']}, found {found}")


def tidy(case):
    """The case as written: without what only steers the recording."""
    return {key: value for key, value in case.items() if key == "request" or not (value is None or key in STEERING)}


def record_steps(recipe, running, case, tensors):
    scheduler = build(recipe, running)
    case["expect"] = expectation(scheduler)
    passed = timesteps_of(scheduler, case)
    if "times" not in case:
        case.setdefault("first", case.get("begin_index", 0))
    case["count"] = len(passed)
    judged = case["dtype"] == "float32" and case["kind"] == "steps" and recipe.judged
    distance = Distance(recipe, running) if judged else None
    sample = recipe.start(recipe, case, level(recipe, scheduler, passed[0])[0])
    sample = sample.to(FLOATS[case["dtype"]]) if sample.is_floating_point() else sample
    tensors["x.0"] = sample
    for i, t in enumerate(passed):
        sample = record_step(recipe, running, case, tensors, scheduler, i, t, sample, distance)
    if distance and distance.notes:
        case["tolerance_note"] = distance.notes


def expectation(scheduler):
    has = lambda name: getattr(scheduler, name, None)
    noise = has("init_noise_sigma")
    return {
        "timesteps": store.table(scheduler.timesteps),
        "sigmas": None if has("sigmas") is None else store.table(scheduler.sigmas),
        "init_noise_sigma": None if noise is None else float(noise),
        "num_inference_steps": has("num_inference_steps"),
        "order": scheduler.order,
        "steps": [],
    }


def record_step(recipe, running, case, tensors, scheduler, i, t, sample, distance):
    draws = []
    generator = running.setdefault("noise", source(case, "noise"))
    alpha, sigma = level(recipe, scheduler, t)
    out = recipe.outputs(recipe, case, i, sample, alpha, sigma).to(FLOATS[case["dtype"]])
    tensors[f"out.{i}"] = out
    with stage("step", step=i, t=plain_time(t)), replaced(recipe.module, **recorders(recipe.module, draws, generator)):
        if recipe.space == "ve":
            tensors[f"scaled.{i}"] = scheduler.scale_model_input(sample, t)
        options = tensor_options(running, i)
        result = scheduler.step(out, t, sample, **options)
    results = {"prev": result.prev_sample, "x0": result.get("pred_original_sample")}
    results = {name: value for name, value in results.items() if value is not None}
    for j, draw in enumerate(draws):
        tensors[f"noise.{i}.{j}"] = draw.float()
    step = {"t": plain_time(t), "draws": [list(draw.shape) for draw in draws], "step_index": getattr(scheduler, "step_index", None)}
    facts, extra = recipe.probe(recipe, scheduler, out, t, sample, draws) if recipe.probe else ({}, {})
    check_finite({name: value.nan_to_num(nan=float("nan"), neginf=0) for name, value in extra.items()}, step=i, t=plain_time(t))
    check_finite(results, step=i, t=plain_time(t))
    case["expect"]["steps"].append({**step, **facts})
    results.update(extra)
    tensors.update({f"{name}.{i}": value for name, value in results.items()})
    if distance:
        distance.measure(i, out, t, sample, options, draws, results)
    return result.prev_sample


def plain_time(t):
    return t.item() if isinstance(t, torch.Tensor) else t


def check_finite(results, at="step", **where):
    for name, value in results.items():
        bad = int((~torch.isfinite(value)).sum())
        if bad:
            raise Failure(at, "NaN", f"{bad} of {value.numel()} values of {name} are not finite", **where)


def recorders(module, draws, generator):
    """Stand-ins for upstream's two sources of noise; both keep what they drew."""

    def randn_tensor(shape, generator=None, device=None, dtype=None, layout=None, original=module.__dict__.get("randn_tensor")):
        draws.append(original(tuple(shape), generator=source_of_noise, dtype=dtype))
        return draws[-1]

    def rand(shape, **_):
        draws.append(torch.rand(tuple(shape), generator=source_of_noise))
        return draws[-1]

    source_of_noise = generator
    return {"randn_tensor": randn_tensor, "torch": Torch(rand=rand)}


class Exact:
    """The scheduler of the same case, promoted: its float32 tables become float64 tensors of the same values and its
    module's torch.float32 becomes torch.float64. Fed with upstream's own samples, so errors do not add up."""

    def __init__(self, recipe, case):
        self.module = recipe.module
        self.scheduler = build(recipe, case)
        for name, value in vars(self.scheduler).items():
            if isinstance(value, torch.Tensor) and value.is_floating_point() and name != "timesteps":
                setattr(self.scheduler, name, value.double())

    def step(self, out, t, sample, options, draws):
        draws = iter(draws)
        names = {"randn_tensor": lambda *_, **__: next(draws), "torch": Torch(float32=torch.float64)}
        with replaced(self.module, **names):
            return self.scheduler.step(out, t, sample, **options)


class Distance:
    """How far a float32 result may be from the truth: the larger of upstream's distance from float64 arithmetic, and the
    effect of float32 rounding in the inputs (so that an unlucky tensor is not judged by a lucky upstream run)."""

    def __init__(self, recipe, case):
        self.exact, self.rounded = Exact(recipe, case), Exact(recipe, case)
        self.rounding = source(case, "rounding")
        self.notes = {}

    def perturbed(self, value):
        if not isinstance(value, torch.Tensor):
            return value
        return value.double() * (1 + 2**-24 * (2 * torch.rand(value.shape, generator=self.rounding).double() - 1).sign())

    def measure(self, i, out, t, sample, options, draws, results):
        wide = lambda value: value.double() if isinstance(value, torch.Tensor) else value
        for twin, change in ((self.exact, wide), (self.rounded, self.perturbed)):
            changed = {key: change(value) for key, value in options.items()}
            twin.result = twin.step(change(out), t, change(sample), changed, [change(draw) for draw in draws])
        for name, key in (("prev", "prev_sample"), ("x0", "pred_original_sample")):
            if name in results:
                self.compare(f"{name}.{i}", results[name].double(), self.exact.result[key], self.rounded.result[key])

    def compare(self, name, found, exact, rounded):
        largest = exact.abs().max().clamp(min=1e-30)
        distance = max(float((value - exact).abs().max() / largest) for value in (found, rounded))
        if distance > NOTEWORTHY:
            self.notes[name] = float(f"{distance:.2g}")


def record_noise(recipe, running, case, tensors):
    """add_noise, get_velocity and scale_noise, one timestep per batch item, in the index state that the case asks for."""
    scheduler = build(recipe, running)
    walk(recipe, scheduler, running, case.get("stepped", 0))
    rows = case.get("rows")
    times = scheduler.timesteps[rows] if rows is not None else torch.tensor(case["timesteps"])
    case["timesteps"] = times.tolist()
    shape = [len(case["timesteps"]), *case["shape"][1:]] if case["shape"][0] != len(case["timesteps"]) else case["shape"]
    case["shape"] = shape
    dtype = FLOATS[case["dtype"]]
    original, noise = (normal(case, name, shape).to(dtype) for name in ("original", "noise"))
    tensors.update(original=original, noise=noise)
    call = CALLS.get(case["kind"]) or case["call"]
    with stage(call):
        arguments = (original, times, noise) if call == "scale_noise" else (original, noise, times)
        tensors["result"] = getattr(scheduler, call)(*arguments)
    check_finite({"result": tensors["result"]}, call)
