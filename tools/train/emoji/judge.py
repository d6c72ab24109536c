"""The judge of emoji-ldm-64: what kind of thing a picture shows and in which style; its features give a Frechet distance.

`python -m tools.train.emoji.judge --out packages/model-emoji-ldm-64` trains it and writes `classifier/`: the graph, the
features' statistics over the real pictures, and the prompts that an evaluation draws. About three minutes on one core.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..classifier import FEATURES, Statistics
from ..data import WORK
from ..onnx_file import write_onnx
from .pictures import STYLES, Pictures, load_pictures, prompt_of
from .train import moved, seeded

BATCH, STEPS, PEAK, SEED, PROMPTS = 128, 2500, 3e-3, 0, 512


class Judge(nn.Module):
    """sample [b,3,64,64] -> (category logits, style logits, features [b,64]), the features bounded."""

    def __init__(self, categories: int) -> None:
        super().__init__()
        widths = (3, 16, 32, 48, 48)
        halvings = [
            layer
            for inputs, outputs in zip(widths, widths[1:])
            for layer in (nn.Conv2d(inputs, outputs, 3, stride=2, padding=1), nn.ReLU())
        ]
        self.body = nn.Sequential(*halvings, nn.Flatten(), nn.Dropout(0.3), nn.Linear(48 * 16, FEATURES), nn.Tanh())
        self.category, self.style = nn.Linear(FEATURES, categories), nn.Linear(FEATURES, len(STYLES))

    def forward(self, sample: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        features = self.body(sample)
        return self.category(features), self.style(features), features


def labels_of(values: tuple[str, ...], names: list[str]) -> Tensor:
    """-1 for what is not among the names: such pictures are out of focus."""
    return torch.tensor([names.index(value) if value in names else -1 for value in values])


def train(pictures: Pictures, categories: Tensor, styles: Tensor) -> Judge:
    torch.manual_seed(SEED)
    judge = Judge(int(categories.max()) + 1)
    optimiser = torch.optim.AdamW(judge.parameters(), lr=PEAK, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, PEAK, total_steps=STEPS)
    rows = (~pictures.held_out & pictures.in_focus).nonzero()[:, 0]
    for step in range(STEPS):
        generator = seeded(SEED + 7, step)
        pick = rows[torch.randint(len(rows), (BATCH,), generator=generator)]
        category, style, _ = judge(moved(pictures.images(pick), generator))
        wanted = F.cross_entropy(category, categories[pick], label_smoothing=0.1) + F.cross_entropy(style, styles[pick])
        optimiser.zero_grad()
        wanted.backward()
        optimiser.step()
        schedule.step()
    return judge.eval()


@torch.no_grad()
def judged(judge: Judge, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    parts = [judge(part) for part in images.split(256)]
    return tuple(torch.cat(column) for column in zip(*parts))


def evaluation_prompts(pictures: Pictures, categories: Tensor, styles: Tensor) -> list[dict[str, object]]:
    """Of pictures in focus, a fixed choice; held-out ones among them."""
    rows = pictures.in_focus.nonzero()[:, 0]
    chosen = rows[torch.randperm(len(rows), generator=torch.Generator().manual_seed(SEED))[:PROMPTS]].tolist()
    return [
        {
            "prompt": prompt_of(pictures.names[row], pictures.styles[row]),
            "category": int(categories[row]),
            "style": int(styles[row]),
            "heldOut": bool(pictures.held_out[row]),
        }
        for row in chosen
    ]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.train.emoji.judge", description=__doc__)
    parser.add_argument("--out", type=Path, default=WORK / "emoji-ldm-64")
    folder = parser.parse_args().out / "classifier"
    pictures = load_pictures()
    names = sorted({c for c, kept in zip(pictures.categories, pictures.in_focus.tolist()) if kept})
    categories, styles = labels_of(pictures.categories, names), labels_of(pictures.styles, list(STYLES.values()))
    judge = train(pictures, categories, styles)
    folder.mkdir(parents=True, exist_ok=True)
    outputs = ["category", "style", "features"]
    write_onnx(judge, {"sample": pictures.images(torch.arange(2))}, outputs, folder / "model.onnx")
    held, real = pictures.held_out & pictures.in_focus, pictures.images(pictures.in_focus.nonzero()[:, 0])
    category, style, _ = judged(judge, pictures.images(held.nonzero()[:, 0]))
    right = [(logits.argmax(1) == wanted[held]).double().mean().item() for logits, wanted in ((category, categories), (style, styles))]
    session = onnxruntime.InferenceSession(folder / "model.onnx", providers=["CPUExecutionProvider"])
    features = np.concatenate([session.run(["features"], {"sample": part.numpy()})[0] for part in real.split(256)])
    stats = Statistics(features.astype(np.float64).mean(0), np.cov(features.astype(np.float64), rowvar=False))
    kept = {"count": len(real), "categories": names, "styles": list(STYLES.values()), "accuracy": dict(zip(outputs, right))}
    kept |= {"mean": stats.mean.tolist(), "covariance": stats.covariance.tolist()}
    (folder / "reference-stats.json").write_text(json.dumps(kept) + "\n")
    prompts = evaluation_prompts(pictures, categories, styles)
    (folder / "prompts.json").write_text(json.dumps(prompts, indent=0) + "\n")
    apart = np.abs(judged(judge, real[:64])[2].numpy() - features[:64]).max()
    print(f"held out: category {right[0]:.1%}, style {right[1]:.1%}; |ONNX - torch| {apart:.1e}")


if __name__ == "__main__":
    main()
