"""How exact a float32 or float16 result can be at all: the measure behind a case's tolerance_note."""

import pinned  # noqa: F401  (first: fixes the instruction sets)

import torch

from tape import replaying_in_float64, source

# A tensor that arithmetic gets less exact than this (relative to its largest value) gets a note in the case.
NOTEWORTHY = {"float32": 1e-6, "float16": 1e-3}
ROUNDING = {"float32": 2**-24, "float16": 2**-11}
RESULTS = (("prev", "prev_sample"), ("x0", "pred_original_sample"))


def wide(value):
    return value.double() if isinstance(value, torch.Tensor) else value


class Exact:
    """The scheduler of the same case, promoted: its float32 tables become float64 tensors of the same values and its
    module's torch.float32 becomes torch.float64. Fed with upstream's own samples, so errors do not add up."""

    def __init__(self, module, scheduler):
        self.module, self.scheduler = module, scheduler
        for name, value in vars(scheduler).items():
            if isinstance(value, torch.Tensor) and value.is_floating_point() and name != "timesteps":
                setattr(scheduler, name, value.double())

    def step(self, out, t, sample, options, draws, change):
        changed = {key: change(value) for key, value in options.items()}
        with replaying_in_float64(self.module, [change(draw) for draw in draws]):
            return self.scheduler.step(change(out), t, change(sample), **changed)


class Distance:
    """How far a result may be from the truth: the larger of upstream's distance from float64 arithmetic, and the effect
    of rounding in the inputs (so that an unlucky tensor is not judged by a lucky upstream run)."""

    def __init__(self, module, build, case):
        self.exact, self.rounded = (Exact(module, build()) for _ in range(2))
        self.rounding = source(case, "rounding")
        self.dtype, self.unit = case["dtype"], ROUNDING[case["dtype"]]
        self.notes = {}

    def perturbed(self, value):
        """Every element half a unit in the last place off, up or down."""
        if not isinstance(value, torch.Tensor):
            return value
        return value.double() * (
            1 + self.unit * (2 * torch.rand(value.shape, generator=self.rounding).double() - 1).sign()
        )

    def measure(self, i, inputs, results):
        exact = self.exact.step(*inputs, wide)
        rounded = self.rounded.step(*inputs, self.perturbed)
        for name, key in RESULTS:
            if name in results:
                self.compare(f"{name}.{i}", results[name].double(), exact[key], rounded[key])

    def compare(self, name, found, exact, rounded):
        if note := noteworthy(self.dtype, found, exact, rounded):
            self.notes[name] = note


def noteworthy(dtype, found, exact, *others):
    """The largest distance of the other tensors from the exact one, relative to its largest entry, where it matters."""
    largest = exact.abs().max().clamp(min=1e-30)
    distance = max(float((value.double() - exact).abs().max() / largest) for value in (found, *others))
    return float(f"{distance:.2g}") if distance > NOTEWORTHY[dtype] else None
