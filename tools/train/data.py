"""The training sets: pictures in [-1, 1], their labels and the names of the labels. To train on another set, add a loader."""

import gzip
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

WORK = Path(__file__).parents[2] / ".train"


@dataclass(frozen=True)
class Split:
    images: Tensor  # float32 [n, channels, size, size] in [-1, 1]
    labels: Tensor  # int64 [n]


@dataclass(frozen=True)
class DataSet:
    train: Split
    test: Split
    class_names: tuple[str, ...]


def fashion_mnist() -> DataSet:
    """60,000 + 10,000 grey 28x28 pictures of clothes (MIT, Zalando), from the Debian package dataset-fashion-mnist."""
    folder = WORK / "fashion-mnist/usr/share/datasets/fashion-mnist"
    if not folder.exists():
        unpack_debian("dataset-fashion-mnist", WORK / "fashion-mnist")
    names = ("t-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot")
    return DataSet(idx_split(folder, "train"), idx_split(folder, "t10k"), names)


def digits() -> DataSet:
    """1,797 grey 8x8 handwritten digits with 17 levels (UCI, CC BY 4.0), as scikit-learn ships them; every 10th is kept out."""
    from sklearn.datasets import load_digits

    source = load_digits()
    images = torch.from_numpy(source.images.astype(np.float32) / 8 - 1)[:, None]
    labels = torch.from_numpy(source.target.astype(np.int64))
    kept_out = torch.arange(len(labels)) % 10 == 0
    train, test = Split(images[~kept_out], labels[~kept_out]), Split(images[kept_out], labels[kept_out])
    return DataSet(train, test, tuple("0123456789"))


LOADERS: dict[str, Callable[[], DataSet]] = {"fashion-mnist": fashion_mnist, "digits": digits}


def idx_split(folder: Path, prefix: str) -> Split:
    pixels = read_idx(folder / f"{prefix}-images-idx3-ubyte.gz", header=16).reshape(-1, 1, 28, 28)
    labels = read_idx(folder / f"{prefix}-labels-idx1-ubyte.gz", header=8)
    return Split(torch.from_numpy(pixels / np.float32(127.5) - 1), torch.from_numpy(labels.astype(np.int64)))


def read_idx(path: Path, header: int) -> np.ndarray:
    return np.frombuffer(gzip.decompress(path.read_bytes()), dtype=np.uint8, offset=header)


def unpack_debian(package: str, into: Path) -> None:
    """Fetches a Debian package and unpacks it without installing it; elsewhere, put the same files there by hand."""
    into.mkdir(parents=True, exist_ok=True)
    subprocess.run(["apt-get", "download", package], cwd=into, check=True)
    subprocess.run(["dpkg-deb", "-x", next(into.glob("*.deb")), into], check=True)
