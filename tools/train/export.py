"""Writes a trained preset as a model folder in diffusers' layout: `python -m tools.train.export fashion-28`.

Beside the ONNX file it writes the configs and `sha256.json`, and it refuses a file that disagrees with torch.
"""

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

import diffusers
import onnxruntime
import torch
from torch import Tensor

from .data import LOADERS
from .onnx_file import write_onnx
from .presets import PRESETS, Preset
from .train import trained
from .unet import UNet

PACKAGES = Path(__file__).parents[2] / "packages"
LARGEST_DIFFERENCE = 2e-3  # float16 weights against float32; without halving it is about 2e-6
PARTS = ("classifier", "scheduler", "unet")


def example_inputs(preset: Preset, batch: int, seed: int) -> dict[str, Tensor]:
    shape, generator = preset.shape, torch.Generator().manual_seed(seed)
    return {
        "sample": torch.randn(batch, shape.image_channels, shape.sample_size, shape.sample_size, generator=generator),
        "timestep": torch.rand(batch, generator=generator) * 999,
        "class_labels": torch.randint(shape.null_label + 1, (batch,), generator=generator),
    }


def model_index(preset: Preset) -> dict[str, Any]:
    """`id2label` as in diffusers' DiTPipeline; `null_class_label` is the one that guidance takes for "any class"."""
    names = LOADERS[preset.data]().class_names
    return {
        "_class_name": "DDPMPipeline",
        "_diffusers_version": diffusers.__version__,
        "id2label": {str(i): name for i, name in enumerate(names)},
        "null_class_label": preset.shape.null_label,
        "scheduler": ["diffusers", "DDPMScheduler"],
        "unet": ["diffusers", "UNet2DModel"],
    }


def unet_config(preset: Preset) -> dict[str, Any]:
    shape = preset.shape
    return {
        "_class_name": "UNet2DModel",
        "_diffusers_version": diffusers.__version__,
        "block_out_channels": list(shape.channels),
        "in_channels": shape.image_channels,
        "layers_per_block": shape.blocks,
        "norm_num_groups": shape.groups,
        "num_class_embeds": shape.num_classes + 1,
        "out_channels": shape.image_channels,
        "sample_size": shape.sample_size,
    }


def write_json(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2) + "\n")


def write_hashes(folder: Path, parts: tuple[str, ...] = PARTS) -> None:
    """`sha256.json`: every file of the model, and nothing that only describes it."""
    files = [folder / "model_index.json", *sorted(file for part in parts for file in (folder / part).glob("*"))]
    hashes = {file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    write_json(folder / "sha256.json", hashes)


def difference(model: UNet, preset: Preset, path: Path) -> float:
    """The largest |ONNX - torch| over batches of 1 to 8 at timesteps over the whole range."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    worst = 0.0
    for batch in range(1, 9):
        inputs = example_inputs(preset, batch, seed=batch)
        with torch.no_grad():
            wanted = model(**inputs)
        [got] = session.run(["out_sample"], {name: value.numpy() for name, value in inputs.items()})
        worst = max(worst, (torch.from_numpy(got) - wanted).abs().max().item())
    return worst


def export(name: str) -> None:
    preset, folder = PRESETS[name], PACKAGES / f"model-{name}"
    model, progress = trained(name)
    file = folder / "unet/model.onnx"
    inputs = example_inputs(preset, batch=2, seed=0)
    write_onnx(model, inputs, ["out_sample"], file, half=False)
    exact = difference(model, preset, file)
    write_onnx(model, inputs, ["out_sample"], file)
    halved = difference(model, preset, file)
    if halved > LARGEST_DIFFERENCE:
        raise SystemExit(f"{file} differs from torch by {halved:.1e}, more than {LARGEST_DIFFERENCE:.0e}")
    write_json(folder / "model_index.json", model_index(preset))
    write_json(folder / "unet/config.json", unet_config(preset))
    preset.scheduler().save_pretrained(folder / "scheduler")
    write_hashes(folder)
    size, count = file.stat().st_size, sum(p.numel() for p in model.parameters())
    print(f"{progress}\n{count} parameters, {size} bytes, |ONNX - torch| {exact:.1e} as float32, {halved:.1e} as shipped")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("preset", choices=PRESETS)
    export(parser.parse_args().preset)


if __name__ == "__main__":
    main()
