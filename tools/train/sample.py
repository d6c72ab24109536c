"""Draws the picture of a model card: `python -m tools.train.sample fashion-28`, one row per class, eight columns.

It uses the shipped files alone: the ONNX network through onnxruntime and the scheduler config through diffusers.
"""

import argparse
import inspect
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from diffusers import DPMSolverMultistepScheduler, SchedulerMixin
from PIL import Image
from torch import Tensor

from .export import PACKAGES

Denoiser = Callable[[Tensor, float, Tensor], Tensor]


def load_denoiser(folder: Path, guidance: float = 1.0, threads: int = 1) -> Denoiser:
    """(sample, timestep, labels) -> model output; guidance 1 asks the conditional model only."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(folder / "unet/model.onnx", options, providers=["CPUExecutionProvider"])
    null_label = json.loads((folder / "model_index.json").read_text())["null_class_label"]

    def run(sample: Tensor, timestep: float, labels: Tensor) -> Tensor:
        inputs = {
            "sample": sample.numpy(),
            "timestep": np.full(len(sample), timestep, dtype=np.float32),
            "class_labels": labels.numpy(),
        }
        return torch.from_numpy(session.run(["out_sample"], inputs)[0])

    def guided(sample: Tensor, timestep: float, labels: Tensor) -> Tensor:
        both = torch.cat([torch.full_like(labels, null_label), labels])
        unconditional, conditional = run(torch.cat([sample, sample]), timestep, both).chunk(2)
        return unconditional + guidance * (conditional - unconditional)

    return run if guidance == 1 else guided


def generate(
    denoise: Denoiser, scheduler: SchedulerMixin, labels: Tensor, image_shape: tuple[int, ...], seed: int, steps: int
) -> Tensor:
    """The plain sampling loop; noise of the start and of the steps comes from one generator."""
    generator = torch.Generator().manual_seed(seed)
    scheduler.set_timesteps(steps)
    sample = torch.randn((len(labels), *image_shape), generator=generator) * scheduler.init_noise_sigma
    extra = {"generator": generator} if "generator" in inspect.signature(scheduler.step).parameters else {}
    for timestep in scheduler.timesteps:
        output = denoise(scheduler.scale_model_input(sample, timestep), float(timestep), labels)
        sample = scheduler.step(output, timestep, sample, **extra).prev_sample
    return sample


def image_shape(folder: Path) -> tuple[int, int, int]:
    config = json.loads((folder / "unet/config.json").read_text())
    return config["in_channels"], config["sample_size"], config["sample_size"]


def grid(images: Tensor, columns: int, zoom: int) -> Image.Image:
    """[n, 1 or 3, h, w] in [-1, 1] -> one picture with white lines between its cells."""
    pixels = ((images.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()
    large = pixels.repeat(zoom, axis=1).repeat(zoom, axis=2)
    cells = np.pad(large, ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=255)
    rows = [np.hstack(cells[i : i + columns]) for i in range(0, len(cells), columns)]
    picture = np.vstack(rows)
    return Image.fromarray(picture[..., 0] if picture.shape[2] == 1 else picture)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("preset")
    parser.add_argument("--guidance", type=float, default=1.0)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="default: samples.png of the package")
    options = parser.parse_args()
    folder = PACKAGES / f"model-{options.preset}"
    shape = image_shape(folder)
    classes = len(json.loads((folder / "model_index.json").read_text())["id2label"])
    scheduler = DPMSolverMultistepScheduler.from_pretrained(folder / "scheduler")
    labels = torch.arange(classes).repeat_interleave(8)
    denoise = load_denoiser(folder, options.guidance)
    images = generate(denoise, scheduler, labels, shape, options.seed, options.steps)
    zoom = max(2, 40 // shape[1])
    grid(images, columns=8, zoom=zoom).save(options.out or folder / "samples.png", optimize=True)


if __name__ == "__main__":
    main()
