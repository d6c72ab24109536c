"""What a recipe file needs: the list of cases of one scheduler class. Running a case is recording.py's business,
writing it store.py's."""

import pinned  # noqa: F401  (first: fixes the instruction sets)

import sys

from diffusers.utils import logging

import store
from recording import Failure, record
from tape import model_output, start_sample

logging.set_verbosity_error()

SHAPE = (2, 3, 4, 4)


def dashed(*words):
    """A case's name of several values: "sde-dpmsolver++", 0.5 gives sde-dpmsolverpp-0-5."""
    texts = (f"{word:g}" if isinstance(word, float) else str(word) for word in words)
    return "-".join(
        text.replace("_prediction", "").replace("++", "pp").replace("_", "-").replace(".", "-") for text in texts
    )


class Recipe:
    """The cases of one scheduler class. Each method appends one case; see README.md for the fields.

    `level(scheduler, t)` gives (alpha, sigma) of the sample at timestep t, so that the tape can be a plausible model
    output; `space` is "vp" for x = alpha x0 + sigma noise, "ve" for that divided by alpha. `start` and `outputs`
    replace the tape's first sample and model outputs; `probe` returns further facts and tensors of a step; `judged`
    asks for tolerance notes.
    """

    def __init__(self, scheduler, level, space="vp", start=start_sample, outputs=model_output, probe=None, judged=True):
        self.scheduler, self.level, self.space = scheduler, level, space
        self.start, self.outputs, self.probe, self.judged = start, outputs, probe, judged
        self.module = sys.modules[scheduler.__module__]
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
        assert len(set(ids)) == len(ids), f"two cases of one name: {sorted({id for id in ids if ids.count(id) > 1})}"
        problems = [problem for case in self.cases if (problem := self.write_one(folder, case))]
        assert not problems, "\n".join(["", *problems])

    def write_one(self, folder, case):
        """Writes one case, or says why it cannot be recorded."""
        try:
            store.write_case(folder, *record(self, case))
        except (Failure, AssertionError) as problem:
            return f"{case['id']}: {problem}"
