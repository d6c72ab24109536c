"""Golden sigmas of k-diffusion's get_sigmas_*, for packages/core/test/schedule/sigma-schedules.test.ts.

Run from the repository root:  .venv/bin/python tools/golden/sigma_schedules.py
Writes conformance/golden/tables/sigma-schedules/sigmas.json. Numbers are float32.
"""

import pinned  # noqa: F401  (first: fixes the instruction sets)

import hashlib
import json
import pathlib
from importlib.metadata import version

from k_diffusion_runs import sampling

OUT = pathlib.Path("conformance/golden/tables/sigma-schedules")
COUNTS = (1, 2, 5, 20, 100)
RANGES = ((14.6146, 0.0292), (80.0, 0.002))
RHOS = {"karras": (7.0, 3.0), "exponential": (None,), "polyexponential": (1.0, 0.7, 2.5)}
TIMES = ({}, dict(beta_d=12.0, beta_min=0.5, eps_s=0.01))


def ranged(name, steps, limits, rho):
    highest, lowest = limits
    given = {} if rho is None else {"rho": rho}
    sigmas = getattr(sampling, f"get_sigmas_{name}")(steps, lowest, highest, **given)
    return {"schedule": name, "steps": steps, "max": highest, "min": lowest, **given, "sigmas": sigmas.tolist()}


def cases():
    timed = [{"schedule": "vp", "steps": n, **options, "sigmas": sampling.get_sigmas_vp(n, **options).tolist()}
             for n in COUNTS for options in TIMES]  # fmt: skip
    return [*(ranged(name, n, limits, rho) for name, rhos in RHOS.items() for n in COUNTS for limits in RANGES for rho in rhos), *timed]


def recipe():
    return {
        "recipe": "tools/golden/sigma_schedules.py",
        "sha256": hashlib.sha256(pathlib.Path(__file__).read_bytes()).hexdigest(),
        **{name: version(name).split("+")[0] for name in ("k_diffusion", "torch")},
    }


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(json.dumps(case) for case in cases())
    (OUT / "sigmas.json").write_text(f"[\n{lines}\n]\n")
    (OUT / "recipe.json").write_text(json.dumps(recipe(), indent=1) + "\n")


if __name__ == "__main__":
    main()
