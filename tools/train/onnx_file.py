"""What happens to an ONNX file between torch's exporter and the repository: half the bytes, nothing about this machine."""

from pathlib import Path

import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

WORTH_HALVING = 256  # elements; below this the Cast costs more than it saves


def write_onnx(
    model: nn.Module, inputs: dict[str, Tensor], outputs: list[str], path: Path, half: bool = True
) -> None:
    """Exports with a free batch axis and every other axis fixed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.onnx.export(
        model,
        tuple(inputs.values()),
        path,
        input_names=list(inputs),
        output_names=outputs,
        dynamic_axes={name: {0: "batch"} for name in (*inputs, *outputs)},
        opset_version=17,
        dynamo=False,
    )
    fold_constants(path)
    file = onnx.load(path)
    if half:
        halve_weights(file.graph)
    forget_origin(file)
    onnx.checker.check_model(file, full_check=True)
    onnx.save(file, path)


def fold_constants(path: Path) -> None:
    """Lets onnxruntime do what is known before the first call; at this level it writes standard operators only."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(path)
    onnxruntime.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])


def halve_weights(graph: onnx.GraphProto) -> None:
    """Stores large weights as float16, each behind one Cast, which a runtime folds away when it loads the file."""
    casts = []
    for weight in graph.initializer:
        values = numpy_helper.to_array(weight)
        if weight.data_type != TensorProto.FLOAT or values.size < WORTH_HALVING:
            continue
        name, stored = weight.name, f"{weight.name}.f16"
        weight.CopyFrom(numpy_helper.from_array(values.astype("float16"), stored))
        casts.append(helper.make_node("Cast", [stored], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)


def forget_origin(file: onnx.ModelProto) -> None:
    """Doc strings may hold source paths, names of nodes are of use to no one, and values between nodes need short ones."""
    file.doc_string = file.graph.doc_string = ""
    file.graph.name = "main"
    del file.metadata_props[:]
    del file.graph.value_info[:]
    standard = [opset for opset in file.opset_import if opset.domain in ("", "ai.onnx")]
    del file.opset_import[:]
    file.opset_import.extend(standard)
    kept = {value.name for value in (*file.graph.input, *file.graph.output, *file.graph.initializer)}
    short: dict[str, str] = {}
    for node in file.graph.node:
        node.doc_string = node.name = ""
        del node.metadata_props[:]
        for names in (node.input, node.output):
            for i, name in enumerate(names):
                names[i] = name if name in kept or not name else short.setdefault(name, f"v{len(short)}")
