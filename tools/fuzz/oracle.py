"""Records random cases on real diffusers, in the form of golden cases: one folder per batch, announced on stdout when
it is whole. Comparing is the work of index.ts."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "golden"))

import pinned  # noqa: F401, E402  (first: fixes the instruction sets)

import argparse  # noqa: E402
import importlib  # noqa: E402
import json  # noqa: E402
import warnings  # noqa: E402

from draw import SEEDED, Draw, Vocabulary  # noqa: E402
from make import RECIPES  # noqa: E402
from measures import BuildOnce, Measured, fails_in_float32, overflows, with_measures  # noqa: E402
from recording import Failure, record  # noqa: E402
from special import record_call  # noqa: E402

import recording  # noqa: E402
import store  # noqa: E402

recording.Distance = Measured
recording.Run.build = BuildOnce(recording.Run.build)

# Their reference is k-diffusion: no classes of diffusers.
WITHOUT = ("dpm_adaptive", "dpm_fast", "dpmpp_2s_ancestral", "dpmpp_3m_sde", "restart")
BY_CLASS = {name: file for file, name in RECIPES.items() if name.endswith("Scheduler") and file not in WITHOUT}
CLASSES = dict(sorted(BY_CLASS.items()))


class Oracle:
    def __init__(self, seed, free):
        self.seed, self.free, self.known = seed, free, {}

    def vocabulary(self, name):
        if name not in self.known:
            self.known[name] = Vocabulary(self.tolerant(importlib.import_module(CLASSES[name]).recipe))
        return self.known[name]

    @staticmethod
    def tolerant(recipe):
        """A noise level that a random config does not have is no failure of upstream: the tape then takes another."""
        upstream = recipe.level

        def level(scheduler, t):
            try:
                alpha, sigma = (float(value) for value in upstream(scheduler, t))
            except Exception:
                return 0.6, 0.8
            return (alpha, sigma) if 0 < alpha < 1e4 and 0 <= sigma < 1e4 else (0.6, 0.8)

        recipe.level = level
        return recipe

    def write(self, folder, number):
        """Records case `number`; returns why it cannot be a case, if so."""
        name = list(CLASSES)[number % len(CLASSES)]
        vocabulary = self.vocabulary(name)
        case = Draw(vocabulary, self.seed, number).case()
        try:
            store.write_case(folder, *self.recorded(vocabulary.recipe, case))
            return None
        except Exception as problem:  # the recipe cannot say this, e.g. a tape that does not fit the shape
            return {"id": case["id"], "reason": f"{type(problem).__name__}: {problem}"[:300]}

    def recorded(self, recipe, case):
        call = case["kind"] == "call"
        try:
            kept, tensors = (record_call if call else record)(recipe, case)
            # whole runs with a Brownian path cannot be repeated in float64: its sampler repeats the last draw only
            return with_measures(recipe, case, kept, tensors, self.free and case["class"] not in SEEDED), tensors
        except Failure as problem:
            found = problem.found
        if overflows(found, case):
            case = {**case, "fails_in_float32": fails_in_float32(recipe, case)}
        if call and found["at"] == "call":
            return record_call(recipe, {**case, "error": {"at": "call"}})
        kind = {"add_noise": "add_noise", "velocity": "get_velocity", "scale_noise": "scale_noise"}.get(case["kind"])
        failing = {**case, "kind": "error", "error": {"at": found["at"]}}
        return record(recipe, {**failing, "call": kind} if kind else failing)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--numbers", help="first:end, or numbers with commas between", required=True)
    parser.add_argument("--batch", type=int, default=250)
    parser.add_argument("--classes", default="", help="comma-separated; default: all")
    parser.add_argument("--free-runs", action="store_true", help="measure how exact whole runs in float32 are: slow")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    wanted = given.classes.split(",") if given.classes else list(CLASSES)
    numbers = [k for k in asked(given.numbers) if list(CLASSES)[k % len(CLASSES)] in wanted]
    oracle = Oracle(given.seed, given.free_runs)
    for start in range(0, len(numbers), given.batch):
        batch(oracle, given.folder / f"batch-{start}", numbers[start : start + given.batch])


def asked(numbers):
    first, _, end = numbers.partition(":")
    return range(int(first), int(end)) if end else [int(number) for number in numbers.split(",")]


def batch(oracle, folder, numbers):
    folder.mkdir(parents=True)
    unusable = [problem for number in numbers if (problem := oracle.write(folder, number))]
    store.write_index(folder)
    store.write_recipe(folder, "fuzz", [Path(__file__).resolve()])
    print(json.dumps({"folder": str(folder), "cases": len(numbers), "unusable": unusable}), flush=True)


if __name__ == "__main__":
    main()
