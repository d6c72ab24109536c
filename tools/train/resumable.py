"""Training that may stop at any time and go on. One checkpoint holds the network, its running average and the optimiser.

What the loss of a step is, a subclass says. It must depend on the seed and the number of the step alone: then a run in
pieces is the same run.
"""

import signal
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

WARM_UP, DECAY_FROM = 200, 0.6
CHECKPOINT_SECONDS = 180


@dataclass
class Progress:
    step: int = 0
    loss: float = 1.0
    seconds: float = 0.0
    cpu_seconds: float = 0.0

    def __str__(self) -> str:
        return f"step {self.step}, loss {self.loss:.4f}, {self.seconds:.0f} s, {self.cpu_seconds:.0f} s of CPU"


def learning_rate(step: int, steps: int) -> float:
    """Warm-up, flat, then linearly to zero. Flat first: the number of steps may be settled under way."""
    left = (steps - step) / (steps * (1 - DECAY_FROM))
    return min((step + 1) / WARM_UP, 1.0, left)


class Run(ABC):
    """A network, its running average, the optimiser and how far they are."""

    rate: float = 2e-3
    ema: float = 0.9995

    def __init__(self, path: Path, model: nn.Module):
        self.path, self.model = path, model.to(memory_format=torch.channels_last)
        self.average = {key: value.clone() for key, value in model.state_dict().items()}
        self.optimiser = torch.optim.AdamW(model.parameters(), betas=(0.9, 0.99), weight_decay=0.01)
        self.progress = Progress()
        self.asked_to_stop = False
        if path.exists():
            self.load()

    @abstractmethod
    def loss(self, step: int) -> Tensor:
        """The loss of the batch of this step."""

    def run(self, steps: int, minutes: float = float("inf")) -> bool:
        """Trains up to `steps` in all pieces together, or for so many minutes; true when all steps are done."""
        begun, cpu_begun, saved = time.monotonic(), time.process_time(), time.monotonic()
        before = Progress(**vars(self.progress))
        while self.progress.step < steps and time.monotonic() - begun < 60 * minutes and not self.asked_to_stop:
            self.advance(steps)
            self.progress.seconds = before.seconds + time.monotonic() - begun
            self.progress.cpu_seconds = before.cpu_seconds + time.process_time() - cpu_begun
            if self.progress.step % 100 == 0:
                print(self.progress, flush=True)
            if time.monotonic() - saved > CHECKPOINT_SECONDS:
                self.save()
                saved = time.monotonic()
        if self.progress.step > before.step:
            self.save()
        return self.progress.step >= steps

    def advance(self, steps: int) -> None:
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate * learning_rate(self.progress.step, steps)
        loss = self.loss(self.progress.step)
        self.optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.progress.step += 1
        self.progress.loss += (loss.item() - self.progress.loss) / min(self.progress.step, 100)
        self.follow()

    def follow(self) -> None:
        """The running average forgets its start: a short memory at first, `ema` in the end."""
        n = self.progress.step
        decay = min(self.ema, (1 + n) / (10 + n))
        with torch.no_grad():
            for key, value in self.model.state_dict().items():
                self.average[key].lerp_(value, 1 - decay)

    def stop_on_signals(self) -> None:
        """Ctrl-C or a polite kill: finish the step, save, leave."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self.stop)

    def stop(self, *_: object) -> None:
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


def load_average(path: Path, model: nn.Module) -> Progress:
    """Puts the running average of a checkpoint into `model`, ready for use."""
    state: dict[str, Any] = torch.load(path, weights_only=True)
    model.load_state_dict(state["average"])
    model.eval()
    return Progress(**state["progress"])
