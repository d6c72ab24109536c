"""Trains one preset: `python -m tools.train.train fashion-28`. Stop it whenever you like, run it again, and it goes on.

Batch k depends on (seed, k) alone, so a run in pieces sees the same pictures, noise and timesteps as a run in one.
"""

import argparse
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .data import LOADERS, WORK, Split
from .presets import PRESETS, Preset
from .resumable import Progress, Run, load_average
from .unet import UNet


def draw_batch(data: Split, preset: Preset, step: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """(images, labels, timesteps, noise); some labels are dropped, so that the net also learns the unconditional model."""
    generator = torch.Generator().manual_seed(preset.seed * 1_000_003 + step)
    pick = torch.randint(len(data.labels), (preset.batch,), generator=generator)
    images, labels = data.images[pick], data.labels[pick]
    dropped = torch.rand(preset.batch, generator=generator) < preset.label_dropout
    labels = labels.masked_fill(dropped, preset.shape.null_label)
    # stratified: one timestep from each of `batch` equal slices, which steadies the loss
    strata = (torch.arange(preset.batch) + torch.rand(preset.batch, generator=generator)) / preset.batch
    return images, labels, (strata * 1000).long(), torch.randn(images.shape, generator=generator)


def v_loss(model: nn.Module, preset: Preset, batch: tuple[Tensor, Tensor, Tensor, Tensor], bf16: bool) -> Tensor:
    images, labels, timesteps, noise = batch
    scheduler = preset.scheduler()
    noisy = scheduler.add_noise(images, noise, timesteps).contiguous(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        out = model(noisy, timesteps.float(), labels)
    return F.mse_loss(out.float(), scheduler.get_velocity(images, noise, timesteps))


class Trainer(Run):
    """The network of a preset on its data set."""

    def __init__(self, name: str, fast: bool):
        self.preset, self.fast = PRESETS[name], fast
        self.rate, self.ema = self.preset.learning_rate, self.preset.ema
        self.data = LOADERS[self.preset.data]()
        torch.manual_seed(self.preset.seed)
        super().__init__(WORK / f"{name}.pt", UNet(self.preset.shape))

    def loss(self, step: int) -> Tensor:
        return v_loss(self.model, self.preset, draw_batch(self.data.train, self.preset, step), self.fast)


def trained(name: str, path: Path | None = None) -> tuple[UNet, Progress]:
    """The running average of a checkpoint, ready for use."""
    model = UNet(PRESETS[name].shape)
    return model, load_average(path or WORK / f"{name}.pt", model)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("preset", choices=PRESETS)
    parser.add_argument("--steps", type=int, help="length of the whole run, all pieces together")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop this piece after so many minutes")
    parser.add_argument("--fast", action="store_true", help="bfloat16 in the network: twice as fast where the CPU has it")
    options = parser.parse_args()
    trainer = Trainer(options.preset, options.fast)
    trainer.stop_on_signals()
    trainer.run(options.steps or PRESETS[options.preset].steps, options.minutes)


if __name__ == "__main__":
    main()
