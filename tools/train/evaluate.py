"""How good a shipped model is: `python -m tools.train.evaluate digits-8`. Held-out loss, and whether a judge that never saw
a sample recognises the class that was asked for."""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import torch
from diffusers import DPMSolverMultistepScheduler
from torch import Tensor, nn

from .classifier import Judge as FashionJudge, reference
from .data import LOADERS, DataSet, Split
from .export import PACKAGES
from .presets import PRESETS, Preset
from .sample import generate, image_shape, load_denoiser
from .train import draw_batch, trained, v_loss

Judge = Callable[[Tensor], Tensor]  # [n, c, h, w] -> labels [n]
PER_CLASS, FIRST_UNSEEN_BATCH = 51, 10_000_000


def digits_judge(data: DataSet) -> Judge:
    from sklearn.svm import SVC

    machine = SVC(gamma=0.02).fit(data.train.images.flatten(1), data.train.labels)
    return lambda images: torch.from_numpy(machine.predict(images.flatten(1)))


def judge_of(name: str, data: DataSet) -> Judge:
    return digits_judge(data) if name == "digits" else FashionJudge().labels


def accuracy(judge: Judge, images: Tensor, labels: Tensor) -> float:
    return (judge(images) == labels).float().mean().item()


def held_out_loss(model: nn.Module, preset: Preset, data: DataSet, batches: int = 50) -> tuple[float, float]:
    """The running average's loss on the pictures it was trained on, and on those it never saw."""
    with torch.no_grad():
        losses = [
            [v_loss(model, preset, draw_batch(split, preset, FIRST_UNSEEN_BATCH + i), bf16=False) for i in range(batches)]
            for split in (data.train, data.test)
        ]
    return tuple(sum(map(float, each)) / batches for each in losses)


def samples(folder: Path, labels: Tensor, guidance: float) -> Tensor:
    scheduler = DPMSolverMultistepScheduler.from_pretrained(folder / "scheduler")
    return generate(load_denoiser(folder, guidance), scheduler, labels, image_shape(folder), seed=1, steps=20)


def balanced(split: Split, classes: int) -> Tensor:
    """The first pictures of each class, as many as there are samples of it: what distance sampling alone leaves."""
    return torch.cat([split.images[split.labels == label][:PER_CLASS] for label in range(classes)])


def frechet(images: Tensor) -> str:
    return f"Frechet distance to the test pictures {FashionJudge().statistics(images).distance(reference()):.2f}"


def milliseconds(folder: Path, batch: int, calls: int = 100) -> float:
    """The best of `calls` calls on one thread: what the work costs, not what else the machine was doing."""
    denoise, shape = load_denoiser(folder), image_shape(folder)
    sample, labels = torch.randn(batch, *shape), torch.zeros(batch, dtype=torch.int64)
    times = []
    for _ in range(calls):
        begun = time.perf_counter()
        denoise(sample, 500.0, labels)
        times.append(time.perf_counter() - begun)
    return 1000 * min(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("preset", choices=PRESETS)
    name = parser.parse_args().preset
    preset, folder = PRESETS[name], PACKAGES / f"model-{name}"
    data = LOADERS[preset.data]()
    model, progress = trained(name)
    print(progress)
    print("loss: trained on {:.4f}, held out {:.4f}".format(*held_out_loss(model, preset, data)))
    judge, labels = judge_of(preset.data, data), torch.arange(preset.shape.num_classes).repeat(PER_CLASS)
    print(f"judge, on held-out pictures: {accuracy(judge, data.test.images, data.test.labels):.1%}")
    for guidance in (1.0, 2.0):
        images = samples(folder, labels, guidance)
        print(f"judge, on {len(labels)} samples, guidance {guidance:g}: {accuracy(judge, images, labels):.1%}")
        if preset.data == "fashion-mnist":
            print(frechet(images))
    if preset.data == "fashion-mnist":
        print(f"{len(labels)} real test pictures: {frechet(balanced(data.test, preset.shape.num_classes))}")
    print("ms a call, one thread: " + ", ".join(f"batch {b} {milliseconds(folder, b):.2f}" for b in (1, 2, 16)))


if __name__ == "__main__":
    main()
