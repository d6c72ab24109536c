"""How exact upstream is itself, where the tolerances of a golden case cannot say it: results of which float32 keeps no digit, whole
runs, and loops of float16. Recorded with the case, so that what explains a disagreement is a measured number."""

from copy import deepcopy

from distance import Distance, Exact, wide
from recording import Failure, StepRun, record
from rounding import rounded
from special import MethodCall, record_call
from tape import replaying_in_float64

# Below it a note of the case says it all.
NO_DIGIT = 0.25


class BuildOnce:
    """`build` of a run, which upstream takes long for: the first scheduler is kept, and every call gets a copy of it."""

    def __init__(self, upstream):
        self.upstream = upstream

    def __get__(self, run, _):
        return lambda: self.copy(run)

    def copy(self, run):
        built = run.built = vars(run)["built"] if "built" in vars(run) else self.upstream(run)
        config = built._internal_dict  # frozen, which deepcopy cannot make
        return deepcopy(built, {id(config): config})


class Measured(Distance):
    """Also keeps the absolute distance of tensors that are wrong by a quarter of their size or more."""

    def __init__(self, *given):
        super().__init__(*given)
        self.absolute = {}
        Measured.last = self

    def compare(self, name, found, exact, rounded):
        super().compare(name, found, exact, rounded)
        if self.notes.get(name, 0) >= NO_DIGIT:
            self.absolute[name] = max(float((value.double() - exact).abs().max()) for value in (found, rounded))


def with_measures(recipe, asked, case, tensors, free):
    """The recorded case with what is measured of it, run as it was asked for; `free` wants whole runs too."""
    if case["kind"] == "steps" and recipe.judged:
        found = {"no_digit": Measured.last.absolute or None, "free_run_error": free and free_run_error(recipe, asked, case, tensors)}
        return {**case, **{key: value for key, value in found.items() if value}}
    if case["kind"] == "call":
        return {**case, "call_errors": call_errors(recipe, asked, case, tensors)}
    return case


def free_run_error(recipe, asked, case, tensors):
    """How far upstream's run ends from one in float64, or that one from another whose every input is rounded to float32."""
    steps = case["expect"]["steps"]
    if len(steps) < 2:
        return None
    try:
        with rounded():
            exact, disturbed = ends(StepRun(recipe, asked), steps, tensors)
    except Exception:  # then nothing is known, and nothing explained
        return None
    found = tensors[f"prev.{len(steps) - 1}"].double()
    return max(float((found - exact).abs().max()), float((disturbed - exact).abs().max()))


def ends(run, steps, tensors):
    times = run.timesteps(run.build())
    distance = Distance(run.recipe.module, run.build, run.case)
    exact = disturbed = tensors["x.0"].double()
    for i, (t, step) in enumerate(zip(times, steps)):
        out, draws = tensors[f"out.{i}"], [tensors[f"noise.{i}.{j}"] for j in range(len(step["draws"]))]
        options = run.options(i)
        exact = distance.exact.step(out, t, exact, options, draws, wide)["prev_sample"]
        disturbed = distance.rounded.step(out, t, disturbed, options, draws, distance.perturbed)["prev_sample"]
    return exact, disturbed


def call_errors(recipe, asked, case, tensors):
    """How far each result is from the same call in float64; nothing where there is no such call."""
    run = MethodCall(recipe, asked)
    draws = [tensors[f"noise.0.{j}"].double() for j in range(len(case["draws"]))]
    given = [tensors[value].double() if isinstance(value, str) else value for value in case["arguments"]]
    options = {"generator": None} if case.get("generator") else {}
    try:
        scheduler = Exact(recipe.module, run.build()).scheduler
        with replaying_in_float64(recipe.module, draws):
            exact = run.named(getattr(scheduler, case["method"])(*given, **options))
    except Exception:
        return {}
    found = {name: tensors.get(f"result.{name}") for name in exact}
    return {name: float((value.double() - exact[name]).abs().max()) for name, value in found.items() if value is not None}


def fails_in_float32(recipe, case):
    """Whether upstream also fails with float32 samples, which rules out that float16 is all there is to it."""
    try:
        (record_call if case["kind"] == "call" else record)(recipe, {**case, "dtype": "float32"})
        return False
    except Failure:
        return True


def overflows(failure, case):
    return failure["type"] == "NaN" and case["dtype"] == "float16"
