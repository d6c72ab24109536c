"""The judge of fashion-28: a small classifier whose last features also give a Frechet distance.

`python -m tools.train.classifier` trains it and writes it, with the features' mean and covariance over the test pictures, to
the folder `classifier` of the model's package. About two minutes on one core.
"""

import json
from dataclasses import dataclass

import numpy as np
import onnxruntime
import torch
from scipy import linalg
from torch import Tensor, nn
from torch.nn import functional as F

from .data import LOADERS, Split
from .export import PACKAGES, write_hashes
from .onnx_file import write_onnx

FOLDER = PACKAGES / "model-fashion-28/classifier"
FEATURES, BATCH, STEPS, PEAK, SEED = 64, 128, 3000, 3e-3, 0


class Classifier(nn.Module):
    """sample [b,1,28,28] -> (logits [b,10], features [b,64]). The features are bounded, so that no picture outweighs all others."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, 16, 3, stride=2, padding=1), nn.ReLU(),
            nn.Conv2d(16, 32, 3, stride=2, padding=1), nn.ReLU(),
            nn.Conv2d(32, 32, 3, stride=2, padding=1), nn.ReLU(),
            nn.Flatten(), nn.Linear(32 * 4 * 4, FEATURES), nn.Tanh(),
        )
        self.head = nn.Linear(FEATURES, 10)

    def forward(self, sample: Tensor) -> tuple[Tensor, Tensor]:
        features = self.body(sample)
        return self.head(features), features


def train(data: Split) -> Classifier:
    torch.manual_seed(SEED)
    model = Classifier()
    optimiser = torch.optim.AdamW(model.parameters(), lr=PEAK, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, PEAK, total_steps=STEPS)
    for _ in range(STEPS):
        pick = torch.randint(len(data.labels), (BATCH,))
        logits, _ = model(data.images[pick])
        optimiser.zero_grad()
        F.cross_entropy(logits, data.labels[pick], label_smoothing=0.05).backward()
        optimiser.step()
        schedule.step()
    return model.eval()


@dataclass(frozen=True)
class Statistics:
    """Mean [64] and covariance [64, 64] of the features of some pictures, in float64."""

    mean: np.ndarray
    covariance: np.ndarray

    def distance(self, other: "Statistics") -> float:
        """The Frechet distance |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2))."""
        root = linalg.sqrtm(self.covariance @ other.covariance).real
        apart = ((self.mean - other.mean) ** 2).sum()
        return float(apart + np.trace(self.covariance + other.covariance - 2 * root))


class Judge:
    """The shipped classifier, through onnxruntime."""

    def __init__(self) -> None:
        self.session = onnxruntime.InferenceSession(FOLDER / "model.onnx", providers=["CPUExecutionProvider"])

    def labels(self, images: Tensor) -> Tensor:
        return torch.from_numpy(self.session.run(["logits"], {"sample": images.numpy()})[0].argmax(1))

    def statistics(self, images: Tensor) -> Statistics:
        features = self.session.run(["features"], {"sample": images.numpy()})[0].astype(np.float64)
        return Statistics(features.mean(0), np.cov(features, rowvar=False))


def reference() -> Statistics:
    kept = json.loads((FOLDER / "reference-stats.json").read_text())
    return Statistics(np.array(kept["mean"]), np.array(kept["covariance"]))


def main() -> None:
    data = LOADERS["fashion-mnist"]()
    model = train(data.train)
    write_onnx(model, {"sample": data.test.images[:2]}, ["logits", "features"], FOLDER / "model.onnx")
    judge = Judge()
    accuracy = (judge.labels(data.test.images) == data.test.labels).double().mean().item()
    stats = judge.statistics(data.test.images)
    kept = {"count": len(data.test.labels), "accuracy": accuracy, "mean": stats.mean.tolist()}
    (FOLDER / "reference-stats.json").write_text(json.dumps(kept | {"covariance": stats.covariance.tolist()}) + "\n")
    write_hashes(FOLDER.parent)
    with torch.no_grad():
        wanted = model(data.test.images[:100])[0]
    [got] = judge.session.run(["logits"], {"sample": data.test.images[:100].numpy()})
    apart = (torch.from_numpy(got) - wanted).abs().max().item()
    count, size = sum(p.numel() for p in model.parameters()), (FOLDER / "model.onnx").stat().st_size
    print(f"{accuracy:.2%} of the test pictures, {count} parameters, {size} bytes, |ONNX - torch| {apart:.1e}")


if __name__ == "__main__":
    main()
