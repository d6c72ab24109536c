"""Draws a contact sheet from the last checkpoint: `python -m tools.train.emoji.sample`. One row per style.

With `--student` the few-step student draws, with LCMScheduler and no guidance: `--student --steps 4`.
"""

import argparse
from pathlib import Path

import torch
from diffusers import DPMSolverMultistepScheduler, LCMScheduler
from torch import Tensor

from ..data import WORK
from ..resumable import Progress, load_average
from ..sample import grid
from .pictures import STYLES, load_pictures, prompt_of
from .text import Painter, PainterShape
from .train import (
    LATENT_SHAPE,
    PAINTER_FILE,
    STUDENT_FILE,
    encode_pictures,
    prompt_vocabulary,
    scaling_factor,
    scheduler,
    trained_vae,
)
from .words import encode_all

PROMPTS = (
    "red apple",
    "dog face",
    "cat face",
    "panda",
    "octopus",
    "four leaf clover",
    "tulip",
    "smiling face with sunglasses",
)


def trained_painter(vocabulary: dict[str, int]) -> tuple[Painter, Progress]:
    painter = Painter(PainterShape(len(vocabulary)))
    return painter, load_average(PAINTER_FILE, painter)


def trained_student(vocabulary: dict[str, int]) -> tuple[Painter, Progress]:
    """The student's UNet behind the teacher's text encoder."""
    painter, _ = trained_painter(vocabulary)
    return painter, load_average(STUDENT_FILE, painter.unet)


@torch.no_grad()
def student_latents(painter: Painter, input_ids: Tensor, steps: int, seed: int) -> Tensor:
    solver = LCMScheduler.from_config(scheduler().config)
    solver.set_timesteps(steps)
    text, draw = painter.text_encoder(input_ids), torch.Generator().manual_seed(seed)
    latents = torch.randn(len(input_ids), *LATENT_SHAPE, generator=draw)
    for timestep in solver.timesteps:
        out = painter.unet(latents, timestep.float().expand(len(text)), text)
        latents = solver.step(out, timestep, latents, generator=draw).prev_sample
    return latents


@torch.no_grad()
def sample_latents(
    painter: Painter, input_ids: Tensor, nothing: Tensor, guidance: float, steps: int, seed: int
) -> Tensor:
    """DPM-Solver++ 2M with classifier-free guidance."""
    solver = DPMSolverMultistepScheduler.from_config(scheduler().config)
    solver.set_timesteps(steps)
    text = painter.text_encoder(torch.cat([nothing.expand_as(input_ids), input_ids]))
    latents = torch.randn(len(input_ids), *LATENT_SHAPE, generator=torch.Generator().manual_seed(seed))
    for timestep in solver.timesteps:
        both = painter.unet(torch.cat([latents, latents]), timestep.float().expand(len(text)), text)
        unconditional, conditional = both.chunk(2)
        latents = solver.step(unconditional + guidance * (conditional - unconditional), timestep, latents).prev_sample
    return latents


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.train.emoji.sample", description=__doc__)
    parser.add_argument("--prompts", nargs="+", default=PROMPTS)
    parser.add_argument("--styles", nargs="+", default=("noto", "flat"), choices=STYLES.values())
    parser.add_argument("--guidance", type=float, default=2.5)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--zoom", type=int, default=2)
    parser.add_argument("--student", action="store_true")
    parser.add_argument("--out", type=Path, default=WORK / "emoji-samples.png")
    options = parser.parse_args()
    pictures = load_pictures()
    vocabulary = prompt_vocabulary(pictures)
    painter, progress = (trained_student if options.student else trained_painter)(vocabulary)
    prompts = [prompt_of(prompt, style) for style in options.styles for prompt in options.prompts]
    ids, nothing = encode_all(prompts, vocabulary), encode_all([""], vocabulary)
    if options.student:
        latents = student_latents(painter, ids, options.steps, options.seed)
    else:
        latents = sample_latents(painter, ids, nothing, options.guidance, options.steps, options.seed)
    with torch.no_grad():
        images = trained_vae().decoder(latents / scaling_factor(encode_pictures(pictures)))
    grid(images, columns=len(options.prompts), zoom=options.zoom).save(options.out, optimize=True)
    print(progress, options.out)


if __name__ == "__main__":
    main()
