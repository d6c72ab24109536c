"""The real pictures that the examples start from: fashion.png, the first test picture of each of ten kinds, and digits.png, twenty
handwritten digits of each kind, a row per digit. Run at the repository root: python -m examples.pictures.make"""

from pathlib import Path

import numpy as np
from PIL import Image

from tools.train.data import LOADERS

HERE = Path(__file__).parent


def sheet(split, columns):
    """Rows of pictures, the first `columns` of each label."""
    labels = split.labels.numpy()
    first = lambda label: split.images.numpy()[labels == label][:columns, 0]
    rows = np.stack([first(label) for label in range(10)])
    _, _, height, width = rows.shape
    return rows.transpose(0, 2, 1, 3).reshape(10 * height, columns * width)


def save(name, values):
    Image.fromarray(np.round((values + 1) * 127.5).astype(np.uint8)).save(HERE / name, optimize=True)


if __name__ == "__main__":
    fashion = sheet(LOADERS["fashion-mnist"]().test, 1)
    save("fashion.png", fashion.reshape(10, 28, 28).transpose(1, 0, 2).reshape(28, 280))
    save("digits.png", sheet(LOADERS["digits"]().train, 20))
