"""Tiny ONNX graphs with the inputs of real exports: every dtype and rank of timestep, float16, fixed batches, learned
variances, external data. packages/pipelines/test/fixtures keeps them; tests compute what they give by hand. Beside them,
pixels.tsv: what diffusers' image processor makes of numbers, halves above all.

    python tools/golden/onnx_fixtures.py           writes
    python tools/golden/onnx_fixtures.py --check   makes them again and compares byte for byte

All predict x / 2 + t / 1000 (+ label / 100 where there are labels, + the mean of the embeddings where there are any);
further planes are the negative of that.
"""

import argparse
import hashlib
import json
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np
import onnx
import torch
from diffusers.image_processor import VaeImageProcessor
from onnx import TensorProto, helper, numpy_helper
from onnx.external_data_helper import set_external_data

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "packages/pipelines/test/fixtures"
FLOAT, HALF, DOUBLE, INT32, INT64 = (
    TensorProto.FLOAT,
    TensorProto.FLOAT16,
    TensorProto.DOUBLE,
    TensorProto.INT32,
    TensorProto.INT64,
)
IMAGE = ["batch", 1, 2, 2]


class Graph:
    """A graph under construction. Everything inside is float32; edges are cast."""

    def __init__(self):
        self.nodes, self.constants, self.inputs = [], [], []

    def node(self, op, *inputs, **attributes):
        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [name], **attributes))
        return name

    def constant(self, values, dtype=np.float32):
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.array(values, dtype=dtype), name))
        return name

    def input(self, name, dtype, shape):
        self.inputs.append(helper.make_tensor_value_info(name, dtype, shape))
        return self.node("Cast", name, to=FLOAT)

    def along_batch(self, value, dtype=np.int64):
        """[batch], [1] or a scalar as [-1, 1, 1, 1]."""
        return self.node("Reshape", value, self.constant([-1, 1, 1, 1], dtype))

    def model(self, value, name, dtype, shape):
        self.nodes.append(helper.make_node("Cast", [value], [name], to=dtype))
        output = helper.make_tensor_value_info(name, dtype, shape)
        graph = helper.make_graph(self.nodes, "fixture", self.inputs, [output], self.constants)
        opset = [helper.make_opsetid("", 17)]
        model = helper.make_model(graph, producer_name="unnoise", opset_imports=opset, ir_version=9)
        onnx.checker.check_model(model, full_check=True)
        return model


def denoiser(
    timestep=(FLOAT, ["batch"]),
    sample=(FLOAT, IMAGE),
    labels=None,
    embeddings=None,
    planes=1,
    names=("sample", "timestep", "out_sample"),
):
    graph = Graph()
    x = graph.input(names[0], *sample)
    t = graph.along_batch(graph.input(names[1], *timestep))
    value = graph.node("Mul", x, graph.constant([[[[0.5]]]]))
    value = graph.node("Add", value, graph.node("Mul", t, graph.constant(0.001)))
    if labels:
        label = graph.along_batch(graph.input("class_labels", *labels))
        value = graph.node("Add", value, graph.node("Mul", label, graph.constant(0.01)))
    if embeddings:
        mean = graph.node("ReduceMean", graph.input("encoder_hidden_states", *embeddings), axes=[1, 2], keepdims=0)
        value = graph.node("Add", value, graph.along_batch(mean))
    dtype, (batch, channels, *sides) = sample
    if planes > 1:
        value = graph.node("Concat", value, *[graph.node("Neg", value)] * (planes - 1), axis=1)
    return graph.model(value, names[2], dtype, [batch, planes * channels, *sides])


LABELS = (INT64, ["batch"])
FIXTURES = {
    "timestep-int64-batch": lambda: denoiser(timestep=(INT64, ["batch"])),
    "timestep-int64-one": lambda: denoiser(timestep=(INT64, [1])),
    "timestep-int32-batch": lambda: denoiser(timestep=(INT32, ["batch"])),
    "timestep-float-batch": lambda: denoiser(timestep=(FLOAT, ["batch"])),
    "timestep-float-one": lambda: denoiser(timestep=(FLOAT, [1])),
    "timestep-float-scalar": lambda: denoiser(timestep=(FLOAT, [])),
    "timestep-double-scalar": lambda: denoiser(timestep=(DOUBLE, [])),
    "timestep-float16-one": lambda: denoiser(timestep=(HALF, [1])),
    "sample-float16": lambda: denoiser(timestep=(HALF, [1]), sample=(HALF, IMAGE)),
    "sample-double": lambda: denoiser(sample=(DOUBLE, IMAGE)),
    "transformer": lambda: denoiser(names=("hidden_states", "timestep", "out_hidden_states")),
    "labels": lambda: denoiser(labels=LABELS),
    "labels-int32": lambda: denoiser(labels=(INT32, ["batch"])),
    "labels-batch-1": lambda: denoiser((FLOAT, [1]), (FLOAT, [1, 1, 2, 2]), (INT64, [1])),
    "labels-batch-2": lambda: denoiser((INT64, [2]), (HALF, [2, 1, 2, 2]), (INT64, [2])),
    "labels-variance": lambda: denoiser(labels=LABELS, planes=2),
    "labels-three-planes": lambda: denoiser(labels=LABELS, planes=3),
    "embeddings": lambda: denoiser(embeddings=(FLOAT, ["batch", "sequence", 4])),
    "colour": lambda: denoiser(sample=(FLOAT, ["batch", 3, "height", "width"])),
    "unnamed-sizes": lambda: denoiser(timestep=(FLOAT, [None]), sample=(FLOAT, [None, 1, None, None])),
    "no-timestep": lambda: denoiser(names=("sample", "clock", "out_sample")),
}
EXTERNAL = {"external": "model.onnx_data", "external-weights-pb": "weights.pb"}


def pixels():
    """The bytes of samples halfway between two of them, of round numbers, and of numbers out of range."""
    values = [(byte + 0.5) / 255 * 2 - 1 for byte in range(255)] + [i / 16 for i in range(-20, 21)] + [-1e30, 1e30]
    x = torch.tensor(values, dtype=torch.float32)
    image = VaeImageProcessor().postprocess(x.reshape(1, 1, 1, -1), output_type="np")
    rows = zip(x.tolist(), (image * 255).round().astype("uint8").flatten().tolist())
    return "".join(f"{value!r}\t{byte}\n" for value, byte in rows)


def write(folder):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pixels.tsv").write_text(pixels())
    for name, make in FIXTURES.items():
        onnx.save(make(), folder / f"{name}.onnx")
    for name, location in EXTERNAL.items():
        (folder / name).mkdir(exist_ok=True)
        for old in (folder / name).iterdir():
            old.unlink()  # onnx appends to data files
        model = denoiser()
        for constant in model.graph.initializer:
            if constant.data_type == FLOAT:  # shapes stay inside, as in real exports
                set_external_data(constant, location)
        onnx.save(model, folder / name / "model.onnx")
        (folder / name / location).chmod(0o644)
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "recipe.json")
    made = {f"{(FOLDER / path.relative_to(folder)).relative_to(ROOT)}": sha256(path) for path in files}
    versions = {name: version(name) for name in ("diffusers", "onnx", "torch")}
    recipe = {"tools/golden/onnx_fixtures.py": sha256(Path(__file__)), "files": made, "versions": versions}
    (folder / "recipe.json").write_text(json.dumps(recipe, indent=2) + "\n")
    return recipe


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def check():
    with tempfile.TemporaryDirectory() as folder:
        same = write(Path(folder)) == json.loads((FOLDER / "recipe.json").read_text())
    print("the same" if same else "other files come out: write again")
    return 0 if same else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare with what is there instead of writing")
    if parser.parse_args().check:
        sys.exit(check())
    print(f"{len(write(FOLDER)['files'])} files")
