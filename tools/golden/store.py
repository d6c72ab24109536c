"""How a golden case lies on disk: compact but diffable JSON, safetensors, the index and the recipe hashes. It knows no
scheduler."""

import pinned  # noqa: F401  (first: fixes the instruction sets)

import hashlib
import json
import math
import struct
from importlib.metadata import version
from pathlib import Path

import numpy
import torch
from safetensors.torch import save_file

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "conformance" / "golden"
LIST_LIMIT = 64


def plain(value):
    """JSON without NaN and infinities (they become strings), without tensors, arrays and tuples."""
    if isinstance(value, (torch.Tensor, numpy.ndarray, numpy.generic)):
        return plain(value.tolist())
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def table(values):
    """A short table as it is, a long one as its hash with head and tail."""
    numbers = values.tolist()
    if len(numbers) <= LIST_LIMIT:
        return numbers
    digest = hashlib.sha256(struct.pack(f"<{len(numbers)}d", *numbers)).hexdigest()
    return {"length": len(numbers), "sha256": digest, "head": numbers[:8], "tail": numbers[-8:]}


def inline(value):
    return json.dumps(value, sort_keys=True, allow_nan=False, ensure_ascii=False)


def block(entries, indent):
    """An object with one line per key."""
    pad = " " * indent
    lines = [f"{pad}  {inline(key)}: {entries[key]}" for key in sorted(entries)]
    return "{\n" + ",\n".join(lines) + f"\n{pad}}}"


def rows(items):
    """A list with one line per item, at the depth of expect.steps."""
    return "[\n" + ",\n".join(f"      {inline(item)}" for item in items) + "\n    ]" if items else "[]"


def render(case):
    entries = {key: inline(value) for key, value in case.items() if key != "expect"}
    if "expect" in case:
        expect = case["expect"]
        inner = {key: rows(value) if key == "steps" else inline(value) for key, value in expect.items()}
        entries["expect"] = block(inner, 2)
    return block(entries, 0) + "\n"


def write_case(folder, case, tensors):
    """Writes <folder>/<id>.json and, if there are tensors, <folder>/<id>.safetensors with its hash in the JSON."""
    path = folder / case["id"]
    path.parent.mkdir(parents=True, exist_ok=True)
    case = plain(case)
    if tensors:
        file = path.with_name(path.name + ".safetensors")
        save_file({name: tensor.clone().contiguous() for name, tensor in tensors.items()}, file)
        case["sha256"] = hashlib.sha256(file.read_bytes()).hexdigest()
    path.with_name(path.name + ".json").write_text(render(case))


def write_index(folder):
    """Lists every case of the folder; rng, tables and pipeline keep their own lists."""
    files = folder.glob("*/*.json")
    ids = sorted(str(file.relative_to(folder).with_suffix("")) for file in files if '"kind":' in file.read_text())
    (folder / "index.json").write_text(json.dumps(ids, indent=0) + "\n")


def versions():
    names = ["diffusers", "torch", "numpy", "scipy", "safetensors"]
    found = {name: version(name).split("+")[0] for name in names}
    return {**found, "cpu_capability": torch.backends.cpu.get_cpu_capability()}


def recipe_hashes(files):
    return {f"tools/golden/{file.name}": hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def write_recipe(folder, section, files):
    """Notes which recipe files made which section; tools/golden/check.mjs fails when one has changed since."""
    path = folder / "recipe.json"
    recipe = json.loads(path.read_text()) if path.exists() else {}
    recipe.update({section: recipe_hashes(files), "versions": versions()})
    path.write_text(json.dumps(recipe, indent=2, sort_keys=True) + "\n")
