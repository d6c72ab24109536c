"""Golden cases of methods beside step (kind "call"), and upstream classes whose step has another name or signature."""

import pinned  # noqa: F401  (first: fixes the instruction sets)

import torch

import store
from common import Recipe
from recording import FLOATS, Failure, Run, check_finite, stage
from rounding import rounded
from tape import normal, recording, source


def adapted(upstream, **methods):
    """The class with a few methods in the common signature, still under its own name."""
    return type(upstream.__name__, (upstream,), {"__module__": upstream.__module__, **methods})


def power(base, exponent):
    """The power of the float32 base in float64, rounded: torch's own depends on the make of the processor."""
    return torch.pow(torch.tensor(base, dtype=torch.float32).double(), exponent.double()).float()


def with_exact_powers(function):
    """Within it, number ** float32 tensor is correctly rounded."""

    def wrapped(*args, **kwargs):
        kept = torch.Tensor.__rpow__
        torch.Tensor.__rpow__ = lambda exponent, base: power(base, exponent)
        try:
            return function(*args, **kwargs)
        finally:
            torch.Tensor.__rpow__ = kept

    return wrapped


class SpecialRecipe(Recipe):
    """A recipe that also has cases of other methods."""

    def call(self, name, method, arguments, config=None, **fields):
        """`arguments` in upstream's order; a string is a tensor of the tape. `returns` names the parts of a tuple."""
        self.case("call", name, config, method=method, arguments=arguments, **fields)

    def write_one(self, folder, case):
        if case["kind"] != "call":
            return super().write_one(folder, case)
        try:
            store.write_case(folder, *record_call(self, case))
        except (Failure, AssertionError) as problem:
            return f"{case['id']}: {problem}"


def record_call(recipe, case):
    run, failure = MethodCall(recipe, case), None
    try:
        with rounded():
            run.go()
    except Failure as problem:
        failure = problem
    declared = case.get("error")
    if failure and not declared:
        raise failure
    if declared:
        assert failure, "no failure"
        run.case["error"] = {**declared, "type": failure.found["type"], "text": failure.found["text"]}
    dropped = ("returns", "zero", "salt")
    return {key: value for key, value in run.case.items() if key not in dropped}, run.tensors


class MethodCall(Run):
    def go(self):
        case, draws = self.case, []
        case["draws"] = []
        scheduler = self.build()
        given = [self.tensor(value) if isinstance(value, str) else value for value in case["arguments"]]
        options = {"generator": source(case, "generator")} if case.get("generator") else {}
        with stage("call"), recording(self.recipe.module, draws, source(case, "noise")):
            result = getattr(scheduler, case["method"])(*given, **options)
        self.tensors.update({f"noise.0.{j}": draw.float() for j, draw in enumerate(draws)})
        case["draws"] = [list(draw.shape) for draw in draws]
        case["results"] = {name: self.kept(name, value) for name, value in self.named(result).items()}

    def tensor(self, name):
        value = normal(self.case, name) * (name not in self.case.get("zero", ()))
        self.tensors[name] = value.to(FLOATS[self.case["dtype"]])
        return self.tensors[name]

    def named(self, result):
        if isinstance(result, tuple):
            return dict(zip(self.case["returns"], result))
        if isinstance(result, (torch.Tensor, float)):
            return {"result": result}
        return dict(result.items())

    def kept(self, name, value):
        if not isinstance(value, torch.Tensor):
            return float(value)
        check_finite({name: value}, "call")
        self.tensors[f"result.{name}"] = value
        return f"result.{name}"
