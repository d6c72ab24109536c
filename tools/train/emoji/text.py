"""The text encoder and the UNet that listens to it. What they compute; `train.py` beside it trains both together."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..unet import ResidualBlock, TimestepEmbedding, zeroed
from .vae import LATENT_CHANNELS
from .words import MAX_LENGTH, PAD


@dataclass(frozen=True)
class PainterShape:
    words: int
    text_width: int = 64
    text_layers: int = 2
    text_heads: int = 4
    channels: tuple[int, int] = (56, 112)
    groups: int = 8
    heads: int = 4


class TextLayer(nn.Module):
    """A pre-norm transformer layer; every word sees every other one, none sees the padding."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.norm_attend, self.norm_think = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.think = nn.Sequential(nn.Linear(width, 4 * width), nn.SiLU(), nn.Linear(4 * width, width))

    def forward(self, x: Tensor, padding: Tensor) -> Tensor:
        q, k, v = self.qkv(self.norm_attend(x)).chunk(3, dim=-1)
        x = x + self.out(attend(q, k, v, self.heads, padding))
        return x + self.think(self.norm_think(x))


class TextEncoder(nn.Module):
    """input_ids int64 [b,12] -> last_hidden_state [b,12,64]"""

    def __init__(self, shape: PainterShape):
        super().__init__()
        self.words = nn.Embedding(shape.words, shape.text_width)
        self.positions = nn.Parameter(torch.randn(MAX_LENGTH, shape.text_width) * 0.02)
        self.layers = nn.ModuleList(TextLayer(shape.text_width, shape.text_heads) for _ in range(shape.text_layers))
        self.norm = nn.LayerNorm(shape.text_width)

    def forward(self, input_ids: Tensor) -> Tensor:
        padding = (input_ids == PAD).float()[:, None, None, :] * -1e4
        x = self.words(input_ids) + self.positions
        for layer in self.layers:
            x = layer(x, padding)
        return self.norm(x)


class Attention(nn.Module):
    """Every position looks at every other one, then at the words."""

    def __init__(self, channels: int, shape: PainterShape):
        super().__init__()
        self.heads = shape.heads
        self.norm_self, self.norm_cross = (nn.GroupNorm(shape.groups, channels) for _ in range(2))
        self.qkv = nn.Conv2d(channels, 3 * channels, 1)
        self.out_self = zeroed(nn.Conv2d(channels, channels, 1))
        self.q = nn.Conv2d(channels, channels, 1)
        self.kv = nn.Linear(shape.text_width, 2 * channels)
        self.out_cross = zeroed(nn.Conv2d(channels, channels, 1))

    def forward(self, x: Tensor, text: Tensor) -> Tensor:
        height_width = x.shape[2:]
        q, k, v = tokens(self.qkv(self.norm_self(x))).chunk(3, dim=-1)
        x = x + self.out_self(picture(attend(q, k, v, self.heads), height_width))
        k, v = self.kv(text).chunk(2, dim=-1)
        q = tokens(self.q(self.norm_cross(x)))
        return x + self.out_cross(picture(attend(q, k, v, self.heads), height_width))


class TextUNet(nn.Module):
    """(sample [b,8,16,16], timestep [b], encoder_hidden_states [b,12,64]) -> out_sample, with two resolutions.

    The first word's state (the start of the prompt, which has seen all words) also scales and shifts every block.
    """

    def __init__(self, shape: PainterShape):
        super().__init__()
        a, b = shape.channels
        condition, groups = 4 * a, shape.groups
        self.time = TimestepEmbedding(condition)
        self.text = nn.Linear(shape.text_width, condition)
        self.conv_in = nn.Conv2d(LATENT_CHANNELS, a, 3, padding=1)
        self.down_wide = ResidualBlock(a, a, condition, groups)
        self.shrink = nn.Conv2d(a, a, 3, stride=2, padding=1)
        self.down_deep = ResidualBlock(a, b, condition, groups)
        self.down_attend = Attention(b, shape)
        self.middle_in = ResidualBlock(b, b, condition, groups)
        self.middle_attend = Attention(b, shape)
        self.middle_out = ResidualBlock(b, b, condition, groups)
        self.up_deep = nn.ModuleList(ResidualBlock(b + kept, b, condition, groups) for kept in (b, a))
        self.up_attend = Attention(b, shape)
        self.grow = nn.Conv2d(b, a, 3, padding=1)
        self.up_wide = nn.ModuleList(ResidualBlock(2 * a, a, condition, groups) for _ in range(2))
        self.norm_out = nn.GroupNorm(groups, a)
        self.conv_out = zeroed(nn.Conv2d(a, LATENT_CHANNELS, 3, padding=1))

    def forward(self, sample: Tensor, timestep: Tensor, encoder_hidden_states: Tensor) -> Tensor:
        text = encoder_hidden_states
        condition = F.silu(self.time(timestep) + self.text(text[:, 0]))
        kept = [self.conv_in(sample)]
        kept.append(self.down_wide(kept[-1], condition))
        kept.append(self.shrink(kept[-1]))
        kept.append(self.down_attend(self.down_deep(kept[-1], condition), text))
        x = self.middle_attend(self.middle_in(kept[-1], condition), text)
        x = self.middle_out(x, condition)
        for block in self.up_deep:
            x = block(torch.cat([x, kept.pop()], dim=1), condition)
        x = self.grow(F.interpolate(self.up_attend(x, text), scale_factor=2.0))
        for block in self.up_wide:
            x = block(torch.cat([x, kept.pop()], dim=1), condition)
        return self.conv_out(F.silu(self.norm_out(x)))


class Painter(nn.Module):
    """Both networks, as they are trained: (sample, timestep, input_ids) -> out_sample."""

    def __init__(self, shape: PainterShape):
        super().__init__()
        self.text_encoder, self.unet = TextEncoder(shape), TextUNet(shape)

    def forward(self, sample: Tensor, timestep: Tensor, input_ids: Tensor) -> Tensor:
        return self.unet(sample, timestep, self.text_encoder(input_ids))


def attend(q: Tensor, k: Tensor, v: Tensor, heads: int, bias: Tensor | None = None) -> Tensor:
    """q [b,n,c], k and v [b,m,c] -> [b,n,c]"""
    q, k, v = (x.unflatten(-1, (heads, -1)).transpose(1, 2) for x in (q, k, v))
    scores = q @ k.transpose(2, 3) * q.shape[-1] ** -0.5
    weights = (scores if bias is None else scores + bias).softmax(dim=-1)
    return (weights @ v).transpose(1, 2).flatten(2)


def tokens(x: Tensor) -> Tensor:
    return x.flatten(2).transpose(1, 2)


def picture(x: Tensor, height_width: torch.Size) -> Tensor:
    return x.transpose(1, 2).unflatten(2, height_width)
