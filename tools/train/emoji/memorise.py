"""Does the model copy? `python -m tools.train.emoji.memorise`: samples against the pictures that it was trained on.

Distances are root mean squares over pixels, of 255. Pictures count in both directions, as in training.
"""

import argparse
import json
from pathlib import Path

import torch
from torch import Tensor

from .pictures import Pictures, load_pictures, prompt_of
from .sample import sample_latents, student_latents, trained_painter, trained_student
from .train import encode_pictures, prompt_vocabulary, scaling_factor, trained_vae
from .words import encode_all

GUIDANCE, STEPS, STUDENT_STEPS, PART = 2.5, 20, 4, 32
COPY = 16.0  # nearer than this is called a copy: what the autoencoder alone costs is about 6


def rows_of(pictures: Pictures, held_out: bool, count: int) -> Tensor:
    """Name-style pairs in focus, trained on or held out: the first of a fixed shuffle."""
    rows = (pictures.in_focus & (pictures.held_out == held_out)).nonzero()[:, 0]
    return rows[torch.randperm(len(rows), generator=torch.Generator().manual_seed(1))[:count]]


@torch.no_grad()
def draw(pictures: Pictures, rows: Tensor, student: bool) -> Tensor:
    """float32 [n, 3, 64, 64], 0 to 255: one sample for each pair."""
    vocabulary = prompt_vocabulary(pictures)
    painter, _ = (trained_student if student else trained_painter)(vocabulary)
    prompts = [prompt_of(pictures.names[row], pictures.styles[row]) for row in rows.tolist()]
    ids, nothing = encode_all(prompts, vocabulary), encode_all([""], vocabulary)
    parts = [
        student_latents(painter, part, STUDENT_STEPS, seed)
        if student
        else sample_latents(painter, part, nothing, GUIDANCE, STEPS, seed)
        for seed, part in enumerate(ids.split(PART))
    ]
    decoded = trained_vae().decoder(torch.cat(parts) / scaling_factor(encode_pictures(pictures)))
    return (decoded.clamp(-1, 1) + 1) * 127.5


def distances(images: Tensor, others: Tensor) -> Tensor:
    """[n, m]: each against each, mirrored where that is nearer."""
    flat, size = images.flatten(1), images[0].numel()
    both = (torch.cdist(flat, which.float().flatten(1)) for which in (others, others.flip(3)))
    return torch.minimum(*both) / size**0.5


def measure(pictures: Pictures, count: int, student: bool = False) -> dict[str, float]:
    trained = pictures.pixels[(~pictures.held_out).nonzero()[:, 0]]
    known, unknown = rows_of(pictures, False, count), rows_of(pictures, True, count)
    of_known, of_unknown = draw(pictures, known, student), draw(pictures, unknown, student)
    nearest = distances(of_known, trained).min(1).values
    nearest_unknown = distances(of_unknown, trained).min(1).values
    real = distances(pictures.pixels[unknown].float(), trained).min(1).values
    return {
        "pairs": len(known),
        "held_out_pairs": len(unknown),
        "sample_to_nearest": nearest.median().item(),
        "sample_to_nearest_5_percent": nearest.quantile(0.05).item(),
        "copies": (nearest < COPY).float().mean().item(),
        "held_out_sample_to_nearest": nearest_unknown.median().item(),
        "held_out_copies": (nearest_unknown < COPY).float().mean().item(),
        "held_out_picture_to_nearest": real.median().item(),
        "sample_to_its_picture": own(of_known, pictures.pixels[known]),
        "held_out_sample_to_its_picture": own(of_unknown, pictures.pixels[unknown]),
        "sample_to_another_picture": own(of_known, pictures.pixels[known.roll(1)]),
    }


def own(images: Tensor, others: Tensor) -> float:
    """The median distance of picture i to picture i."""
    apart = [distances(image[None], other[None]).item() for image, other in zip(images, others)]
    return torch.tensor(apart).median().item()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.train.emoji.memorise", description=__doc__)
    parser.add_argument("--count", type=int, default=128, help="name-style pairs of each kind")
    parser.add_argument("--out", type=Path, help="a JSON file for the figures")
    options = parser.parse_args()
    found = measure(load_pictures(), options.count)
    text = json.dumps({key: round(value, 4) for key, value in found.items()}, indent=2)
    print(text)
    if options.out:
        options.out.write_text(text + "\n")


if __name__ == "__main__":
    main()
