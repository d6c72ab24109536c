"""The two trainings: first the autoencoder, then the text encoder and the UNet together on its latents."""

import torch
from diffusers import DDPMScheduler
from torch import Tensor
from torch.nn import functional as F

from ..data import WORK
from ..resumable import Run, load_average
from .pictures import CACHE, SIZE, Pictures, prompt_of
from .text import Painter, PainterShape
from .vae import LATENT_CHANNELS, AutoEncoder
from .words import EOS, UNK, encode_all, vocabulary_of

VAE_FILE, PAINTER_FILE, LATENTS_FILE = WORK / "emoji-vae.pt", WORK / "emoji-painter.pt", WORK / "emoji-latents.pt"
STUDENT_FILE = WORK / "emoji-student.pt"
VAE_STEPS, PAINTER_STEPS = 1600, 20000
FOCUS_FROM = 5015  # all pictures until this step of the UNet, then those in focus
LATENT_SHAPE = (LATENT_CHANNELS, SIZE // 4, SIZE // 4)


def scheduler() -> DDPMScheduler:
    """Stable Diffusion's schedule; v-prediction, since an epsilon error is magnified where there is little signal."""
    return DDPMScheduler(
        num_train_timesteps=1000,
        beta_schedule="scaled_linear",
        beta_start=0.00085,
        beta_end=0.012,
        prediction_type="v_prediction",
        timestep_spacing="trailing",
        clip_sample=False,
    )


def seeded(seed: int, step: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed * 1_000_003 + step)


class VaeRun(Run):
    """Squared and absolute error, and a little pull of the latents towards a normal law."""

    batch, seed, kl_weight = 32, 1, 5e-4
    ema = 0.998

    def __init__(self, pictures: Pictures, fast: bool):
        torch.manual_seed(self.seed)
        self.pictures, self.fast = pictures, fast
        self.rows = (~pictures.held_out).nonzero()[:, 0]
        super().__init__(VAE_FILE, AutoEncoder())

    def loss(self, step: int) -> Tensor:
        generator = seeded(self.seed, step)
        rows = self.rows[torch.randint(len(self.rows), (self.batch,), generator=generator)]
        images = moved(self.pictures.images(rows), generator).contiguous(memory_format=torch.channels_last)
        noise = torch.randn(self.batch, *LATENT_SHAPE, generator=generator)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.fast):
            decoded, mean, log_variance = self.model(images, noise)
        kl = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).mean()
        decoded = decoded.float()
        return F.mse_loss(decoded, images) + 0.1 * F.l1_loss(decoded, images) + self.kl_weight * kl


def moved(images: Tensor, generator: torch.Generator) -> Tensor:
    """Mirrors half of the pictures and shifts all by up to two pixels, one shift a batch."""
    mirrored = torch.rand(len(images), 1, 1, 1, generator=generator) < 0.5
    dx, dy = torch.randint(5, (2,), generator=generator).tolist()
    padded = F.pad(torch.where(mirrored, images.flip(3), images), (2, 2, 2, 2), value=1.0)
    return padded[:, :, dy : dy + SIZE, dx : dx + SIZE]


def trained_vae() -> AutoEncoder:
    vae = AutoEncoder()
    load_average(VAE_FILE, vae)
    return vae


@torch.no_grad()
def psnr(vae: AutoEncoder, images: Tensor) -> float:
    """Of pictures decoded from the mean of their latents, in dB: the mean over pictures, values clamped to [-1, 1]."""
    decoded = torch.cat([vae.decoder(vae.mean(part)) for part in images.split(32)])
    errors = (decoded.clamp(-1, 1) - images).square().mean(dim=(1, 2, 3))
    return (10 * torch.log10(4 / errors)).mean().item()


@torch.no_grad()
def encode_pictures(pictures: Pictures) -> Tensor:
    """float16 [2, n, 8, 16, 16]: the means of all pictures, then of their mirror images. Kept in a file."""
    sources = max(file.stat().st_mtime for file in (VAE_FILE, CACHE))
    if LATENTS_FILE.exists() and LATENTS_FILE.stat().st_mtime > sources:
        return torch.load(LATENTS_FILE, weights_only=True)
    vae, parts = trained_vae(), torch.arange(len(pictures.pixels)).split(32)
    plain = torch.cat([vae.mean(pictures.images(rows)) for rows in parts])
    mirrored = torch.cat([vae.mean(pictures.images(rows).flip(3)) for rows in parts])
    latents = torch.stack([plain, mirrored]).half()
    torch.save(latents, LATENTS_FILE)
    return latents


def scaling_factor(latents: Tensor) -> float:
    """What brings latents to unit variance, as in Stable Diffusion's VAE config."""
    return 1 / latents.float().std().item()


def prompt_vocabulary(pictures: Pictures) -> dict[str, int]:
    return vocabulary_of(map(prompt_of, pictures.names, pictures.styles))


class PainterRun(Run):
    """Squared error of v. Some prompts are emptied, some lose their style, some words become unknown."""

    batch, seed = 64, 2
    rate, ema = 1.5e-3, 0.9995
    empty, no_style, unknown = 0.1, 0.15, 0.03

    def __init__(self, pictures: Pictures, fast: bool):
        torch.manual_seed(self.seed)
        self.fast = fast
        self.all_rows = (~pictures.held_out).nonzero()[:, 0]
        self.focus_rows = (~pictures.held_out & pictures.in_focus).nonzero()[:, 0]
        self.vocabulary = prompt_vocabulary(pictures)
        self.with_style = encode_all(map(prompt_of, pictures.names, pictures.styles), self.vocabulary)
        self.without_style = encode_all(pictures.names, self.vocabulary)
        self.nothing = encode_all([""], self.vocabulary)
        self.may_flip = pictures.may_flip.long()
        self.latents = encode_pictures(pictures)
        self.scaling_factor = scaling_factor(self.latents)
        self.scheduler = scheduler()
        super().__init__(PAINTER_FILE, Painter(PainterShape(len(self.vocabulary))))

    def loss(self, step: int) -> Tensor:
        generator = seeded(self.seed, step)
        choice = self.all_rows if step < FOCUS_FROM else self.focus_rows
        rows = choice[torch.randint(len(choice), (self.batch,), generator=generator)]
        mirrored = torch.randint(2, (self.batch,), generator=generator) * self.may_flip[rows]
        latents = self.latents[mirrored, rows].float() * self.scaling_factor
        # stratified: one timestep from each of `batch` equal slices, which steadies the loss
        strata = (torch.arange(self.batch) + torch.rand(self.batch, generator=generator)) / self.batch
        timesteps, noise = (strata * 1000).long(), torch.randn(latents.shape, generator=generator)
        noisy = self.scheduler.add_noise(latents, noise, timesteps).contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.fast):
            out = self.model(noisy, timesteps.float(), self.prompts(rows, generator))
        return F.mse_loss(out.float(), self.scheduler.get_velocity(latents, noise, timesteps))

    def prompts(self, rows: Tensor, generator: torch.Generator) -> Tensor:
        styled, emptied, masked = (
            torch.rand(len(rows), width, generator=generator) for width in (1, 1, self.with_style.shape[1])
        )
        ids = torch.where(styled < self.no_style, self.without_style[rows], self.with_style[rows])
        ids = torch.where((masked < self.unknown) & (ids > EOS), UNK, ids)
        return torch.where(emptied < self.empty, self.nothing, ids)
