"""Names of upstream's schedulers for packages/core/test/scheduler/upstream.json: the enum with its numbers, and for every class
its module and constructor keys. Run by hand: python tools/golden/names.py
"""

import hashlib
import importlib
import inspect
import json
import pkgutil
from pathlib import Path

import diffusers
from diffusers import schedulers
from diffusers.schedulers.scheduling_utils import KarrasDiffusionSchedulers

OUT = Path(__file__).parents[2] / "packages/core/test/scheduler/upstream.json"


def classes():
    """Every PyTorch scheduler class, exported or not, with its module."""
    for module in pkgutil.walk_packages(schedulers.__path__, "diffusers.schedulers."):
        if "flax" in module.name:
            continue
        for name, member in vars(importlib.import_module(module.name)).items():
            if inspect.isclass(member) and name.endswith("Scheduler") and member.__module__ == module.name:
                yield name, module.name.split(".")[-1].removeprefix("scheduling_"), member


def keys(scheduler):
    names = inspect.signature(scheduler.__init__).parameters
    return " ".join(name for name in names if name not in ("self", "args", "kwargs"))


table = {name: {"module": module, "keys": keys(member)} for name, module, member in sorted(classes(), key=lambda row: row[0])}
enum = {entry.name: entry.value for entry in KarrasDiffusionSchedulers}
OUT.write_text(json.dumps({"diffusers": diffusers.__version__, "enum": enum, "classes": table}, indent=2) + "\n")
recipe = {"tools/golden/names.py": hashlib.sha256(Path(__file__).read_bytes()).hexdigest(), "versions": {"diffusers": diffusers.__version__}}
OUT.with_name("recipe.json").write_text(json.dumps(recipe, indent=2) + "\n")
print(f"{OUT}: {len(table)} classes of diffusers {diffusers.__version__}")
