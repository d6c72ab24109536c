"""Trains one preset: `python -m tools.train.train fashion-28`. Stop it whenever you like, run it again, and it goes on.

Batch k depends on (seed, k) alone, so a run in pieces sees the same pictures, noise and timesteps as a run in one.
"""

import argparse
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .data import LOADERS, WORK, Split
from .presets import PRESETS, Preset
from .unet import UNet

WARM_UP, DECAY_FROM = 200, 0.6
CHECKPOINT_SECONDS = 180


@dataclass
class Progress:
    step: int = 0
    loss: float = 1.0
    seconds: float = 0.0
    cpu_seconds: float = 0.0


def learning_rate(step: int, steps: int) -> float:
    """Warm-up, flat, then linearly to zero. Flat first: the number of steps may be settled while the run is under way."""
    left = (steps - step) / (steps * (1 - DECAY_FROM))
    return min((step + 1) / WARM_UP, 1.0, left)


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


class Trainer:
    """The network, its running average, the optimiser and how far they are."""

    def __init__(self, name: str, fast: bool):
        self.preset, self.fast, self.path = PRESETS[name], fast, WORK / f"{name}.pt"
        self.data = LOADERS[self.preset.data]()
        torch.manual_seed(self.preset.seed)
        self.model = UNet(self.preset.shape).to(memory_format=torch.channels_last)
        self.average = {k: v.clone() for k, v in self.model.state_dict().items()}
        self.optimiser = torch.optim.AdamW(self.model.parameters(), betas=(0.9, 0.99), weight_decay=0.01)
        self.progress = Progress()
        self.asked_to_stop = False
        if self.path.exists():
            self.load()

    def step(self, steps: int) -> None:
        for group in self.optimiser.param_groups:
            group["lr"] = self.preset.learning_rate * learning_rate(self.progress.step, steps)
        batch = draw_batch(self.data.train, self.preset, self.progress.step)
        loss = v_loss(self.model, self.preset, batch, self.fast)
        self.optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.progress.step += 1
        self.progress.loss += 0.01 * (loss.item() - self.progress.loss)
        self.follow()

    def follow(self) -> None:
        """The running average forgets its start: a short memory at first, `preset.ema` in the end."""
        n = self.progress.step
        decay = min(self.preset.ema, (1 + n) / (10 + n))
        with torch.no_grad():
            for key, value in self.model.state_dict().items():
                self.average[key].lerp_(value, 1 - decay)

    def run(self, steps: int, minutes: float) -> None:
        begun, cpu_begun, saved = time.monotonic(), time.process_time(), time.monotonic()
        before = Progress(**vars(self.progress))
        while self.progress.step < steps and time.monotonic() - begun < 60 * minutes and not self.asked_to_stop:
            self.step(steps)
            self.progress.seconds = before.seconds + time.monotonic() - begun
            self.progress.cpu_seconds = before.cpu_seconds + time.process_time() - cpu_begun
            if self.progress.step % 100 == 0:
                print("step {step} loss {loss:.4f} {seconds:.0f} s".format(**vars(self.progress)), flush=True)
            if time.monotonic() - saved > CHECKPOINT_SECONDS:
                self.save()
                saved = time.monotonic()
        self.save()

    def stop(self, *_: object) -> None:
        """A signal handler: finish the step, save, leave."""
        self.asked_to_stop = True

    def save(self) -> None:
        """Written beside, then moved: an interrupted save leaves the last checkpoint whole."""
        beside = self.path.with_suffix(".part")
        beside.parent.mkdir(parents=True, exist_ok=True)
        state = {"model": self.model.state_dict(), "average": self.average, "progress": vars(self.progress)}
        torch.save(state | {"optimiser": self.optimiser.state_dict()}, beside)
        beside.replace(self.path)

    def load(self) -> None:
        state = torch.load(self.path, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.average = state["average"]
        self.optimiser.load_state_dict(state["optimiser"])
        self.progress = Progress(**state["progress"])


def trained(name: str, path: Path | None = None) -> tuple[UNet, Progress]:
    """The running average of a checkpoint, ready for use."""
    state = torch.load(path or WORK / f"{name}.pt", weights_only=True)
    model = UNet(PRESETS[name].shape)
    model.load_state_dict(state["average"])
    return model.eval(), Progress(**state["progress"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("preset", choices=PRESETS)
    parser.add_argument("--steps", type=int, help="length of the whole run, all pieces together")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop this piece after so many minutes")
    parser.add_argument("--fast", action="store_true", help="bfloat16 in the network: twice as fast where the CPU has it")
    options = parser.parse_args()
    trainer = Trainer(options.preset, options.fast)
    signal.signal(signal.SIGINT, trainer.stop)
    signal.signal(signal.SIGTERM, trainer.stop)
    trainer.run(options.steps or PRESETS[options.preset].steps, options.minutes)


if __name__ == "__main__":
    main()
