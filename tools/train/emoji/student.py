"""Distils the UNet into a student of few steps: `python -m tools.train.emoji.student --minutes 60`. It resumes, too.

Latent consistency distillation (arXiv 2310.04378): the student's answer at a timestep should be its own answer one DDIM
step of the guided teacher later. The graph stays the teacher's; guidance is in the weights afterwards.
"""

import argparse
import copy

import torch
from torch import Tensor
from torch.func import functional_call

from ..resumable import Run
from .pictures import Pictures, load_pictures
from .sample import trained_painter
from .train import STUDENT_FILE, PainterRun, scheduler, seeded

STUDENT_STEPS = 2100
GUIDANCE = 2.5
GRID = torch.arange(1, 51) * 20 - 1  # LCMScheduler's original_inference_steps of 50
SIGMA_DATA, TIMESTEP_SCALING = 0.5, 10.0  # its defaults
HUBER = 0.001


class StudentRun(Run):
    """Starts as the teacher. The target is the running average, which therefore has a short memory."""

    batch, seed = 64, 3
    rate, ema = 3e-4, 0.95

    def __init__(self, pictures: Pictures, fast: bool):
        torch.manual_seed(self.seed)
        self.fast, self.rows = fast, (~pictures.held_out & pictures.in_focus).nonzero()[:, 0]
        self.examples = PainterRun(pictures, fast)
        self.teacher, _ = trained_painter(self.examples.vocabulary)
        self.alphas = scheduler().alphas_cumprod.sqrt()
        self.sigmas = (1 - scheduler().alphas_cumprod).sqrt()
        super().__init__(STUDENT_FILE, copy.deepcopy(self.teacher.unet))

    def loss(self, step: int) -> Tensor:
        generator = seeded(self.seed, step)
        latents, text, nothing = self.batch_of(generator)
        strata = (torch.arange(self.batch) + torch.rand(self.batch, generator=generator)) / self.batch
        start = GRID[(strata * len(GRID)).long()]
        end = (start - 20).clamp(min=0)
        noise = torch.randn(latents.shape, generator=generator)
        noisy = self.level(self.alphas, start) * latents + self.level(self.sigmas, start) * noise
        with torch.autocast("cpu", torch.bfloat16, enabled=self.fast):
            with torch.no_grad():
                later = self.guided_step(noisy, start, end, text, nothing)
                target = self.consistent(self.average_unet(later, end, text), later, end)
            answer = self.consistent(self.model(noisy, start.float(), text), noisy, start)
        return ((answer - target).square() + HUBER**2).sqrt().sub(HUBER).mean()

    def batch_of(self, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Latents, the states of their prompts and those of the empty prompt."""
        examples = self.examples
        rows = self.rows[torch.randint(len(self.rows), (self.batch,), generator=generator)]
        mirrored = torch.randint(2, (self.batch,), generator=generator) * examples.may_flip[rows]
        styled = torch.rand(len(rows), 1, generator=generator) >= examples.no_style
        ids = torch.where(styled, examples.with_style[rows], examples.without_style[rows])
        with torch.no_grad():
            text, nothing = self.teacher.text_encoder(ids), self.teacher.text_encoder(examples.nothing)
        latents = examples.latents[mirrored, rows].float() * examples.scaling_factor
        return latents, text, nothing.expand_as(text)

    def level(self, values: Tensor, timesteps: Tensor) -> Tensor:
        return values[timesteps][:, None, None, None]

    def guided_step(self, noisy: Tensor, start: Tensor, end: Tensor, text: Tensor, nothing: Tensor) -> Tensor:
        """One DDIM step of the teacher under classifier-free guidance."""
        both = self.teacher.unet(torch.cat([noisy, noisy]), start.repeat(2).float(), torch.cat([nothing, text]))
        free, told = both.float().chunk(2)
        v = free + GUIDANCE * (told - free)
        alpha, sigma = self.level(self.alphas, start), self.level(self.sigmas, start)
        x0, epsilon = alpha * noisy - sigma * v, alpha * v + sigma * noisy
        return self.level(self.alphas, end) * x0 + self.level(self.sigmas, end) * epsilon

    def average_unet(self, sample: Tensor, timestep: Tensor, text: Tensor) -> Tensor:
        return functional_call(self.model, self.average, (sample, timestep.float(), text))

    def consistent(self, v: Tensor, sample: Tensor, timestep: Tensor) -> Tensor:
        """c_skip x + c_out x0, as LCMScheduler does: the sample itself where the timestep is zero."""
        scaled = TIMESTEP_SCALING * timestep.float()[:, None, None, None]
        c_skip = SIGMA_DATA**2 / (scaled**2 + SIGMA_DATA**2)
        c_out = scaled / (scaled**2 + SIGMA_DATA**2).sqrt()
        x0 = self.level(self.alphas, timestep) * sample - self.level(self.sigmas, timestep) * v.float()
        return c_skip * sample + c_out * x0


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.train.emoji.student", description=__doc__)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop this piece after so many minutes")
    parser.add_argument("--steps", type=int, default=STUDENT_STEPS, help="length of the run, in all pieces")
    parser.add_argument("--fast", action="store_true", help="bfloat16 in the networks, for CPUs that have it")
    options = parser.parse_args()
    run = StudentRun(load_pictures(), options.fast)
    run.stop_on_signals()
    run.run(options.steps, options.minutes)


if __name__ == "__main__":
    main()
