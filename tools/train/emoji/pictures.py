"""The training set: emoji of four icon sets as 64x64 pictures on white, with the prompt of each.

The icons come as SVG from npm packages of Iconify. Flags and skin tones stay out: they would be half of the set.
"""

import io
import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ..data import WORK

SIZE = 64
ICONS, CACHE = WORK / "icons", WORK / "emoji-64.npz"

# icon set -> the word that names it in a prompt
STYLES = {"noto": "noto", "twemoji": "twemoji", "fluent-emoji-flat": "flat", "fluent-emoji": "fluent"}
# Fluent's files are not sorted by category, and write skin tones as plain "-dark": they follow the names of these two.
NAMING_SETS = ("noto", "twemoji")
CATEGORIES_OF = {"fluent-emoji": "fluent-emoji-flat"}

HELD_OUT = 0.05
# Two icons in five, and few that please: people doing things in twenty variants, signs made of lines and letters.
OUT_OF_FOCUS = ("People & Body", "Symbols")
SIDED = re.compile(r"left|right|clock|thirty|letter|number|keycap|input|globe|moon|crescent|division|percent|counter")


@dataclass(frozen=True)
class Pictures:
    """Row i of `pixels` shows `names[i]` in `styles[i]`.

    `held_out` rows are never trained on, but their names are, in another style.
    """

    pixels: Tensor  # uint8 [n, 3, 64, 64]
    names: tuple[str, ...]
    styles: tuple[str, ...]
    categories: tuple[str, ...]
    held_out: Tensor  # bool [n]
    in_focus: Tensor  # bool [n]: not of the categories that a small network spends itself on in vain
    may_flip: Tensor  # bool [n]: the mirror image still shows the same thing

    def images(self, rows: Tensor) -> Tensor:
        """float32 [n, 3, 64, 64] in [-1, 1]"""
        return self.pixels[rows].float() / 127.5 - 1


def prompt_of(name: str, style: str | None) -> str:
    """"red apple, flat style"; without a style the model may choose one."""
    return f"{name}, {style} style" if style else name


def load_pictures() -> Pictures:
    if not CACHE.exists():
        render_all()
    with np.load(CACHE) as file:
        names, styles, categories = (tuple(file[key].tolist()) for key in ("names", "styles", "categories"))
        pixels = torch.from_numpy(file["pixels"])
    may_flip = [category != "Symbols" and not SIDED.search(name) for name, category in zip(names, categories)]
    in_focus = torch.tensor([category not in OUT_OF_FOCUS for category in categories])
    return Pictures(pixels, names, styles, categories, held_out(names), in_focus, torch.tensor(may_flip))


def held_out(names: tuple[str, ...]) -> Tensor:
    """One picture in twenty, and no more than one of a name, so that the name stays known from another style."""
    order = torch.randperm(len(names), generator=torch.Generator().manual_seed(64)).tolist()
    counts = {name: names.count(name) for name in set(names)}
    chosen, taken = torch.zeros(len(names), dtype=torch.bool), set()
    for row in order:
        if counts[names[row]] > 1 and names[row] not in taken and len(taken) < HELD_OUT * len(names):
            taken.add(names[row])
            chosen[row] = True
    return chosen


def render_all() -> None:
    slugs = {slug for icon_set in NAMING_SETS for slug in slugs_of(icon_set)}
    rows = [row for icon_set in STYLES for row in render(icon_set, slugs)]
    pixels, names, styles, categories = zip(*rows)
    CACHE.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(CACHE, pixels=np.stack(pixels), names=names, styles=styles, categories=categories)


def render(icon_set: str, slugs: set[str]) -> Iterator[tuple[np.ndarray, str, str, str]]:
    """(pixels, name, style, category) of each icon whose slug is wanted and whose picture is not empty."""
    icons = package_file(icon_set, "icons.json")
    for slug, category in slugs_of(CATEGORIES_OF.get(icon_set, icon_set)).items():
        if slug in slugs and slug in icons["icons"]:
            pixels = rasterise(icons["icons"][slug], icons)
            if pixels.min() < 255:
                yield pixels, slug.replace("-", " "), STYLES[icon_set], category


def slugs_of(icon_set: str) -> dict[str, str]:
    """slug -> category, without flags and skin tones."""
    categories = package_file(icon_set, "metadata.json")["categories"]
    return {
        slug: category
        for category, slugs in categories.items()
        for slug in slugs
        if category != "Flags" and "skin-tone" not in slug
    }


def rasterise(icon: dict[str, Any], defaults: dict[str, Any]) -> np.ndarray:
    """uint8 [3, 64, 64] on white"""
    import resvg_py

    left, top = icon.get("left", 0), icon.get("top", 0)
    width, height = icon.get("width", defaults["width"]), icon.get("height", defaults["height"])
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'width="{SIZE}" height="{SIZE}" viewBox="{left} {top} {width} {height}">{icon["body"]}</svg>'
    )
    png = resvg_py.svg_to_bytes(svg_string=svg, background="white", skip_system_fonts=True)
    return np.asarray(Image.open(io.BytesIO(bytes(png))).convert("RGB")).transpose(2, 0, 1)


def package_file(icon_set: str, name: str) -> dict[str, Any]:
    """A file of the npm package, which is fetched without being installed."""
    folder = ICONS / icon_set
    if not (folder / "package").exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "pack", "--silent", f"@iconify-json/{icon_set}"], cwd=folder, check=True)
        subprocess.run(["tar", "xzf", next(folder.glob("*.tgz")).name], cwd=folder, check=True)
    return json.loads((folder / "package" / name).read_text())
