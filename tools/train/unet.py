"""A small class-conditional UNet: what it computes. Training and export live elsewhere.

The picture is folded by a pixel-unshuffle inside the graph, so that 28x28 costs what 14x14 with four times the channels
costs; callers see plain pictures on both sides.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True)
class UNetShape:
    """One entry of `channels` per resolution; self-attention at the lowest one."""

    sample_size: int
    channels: tuple[int, ...]
    blocks: int
    num_classes: int
    image_channels: int = 1
    unshuffle: int = 1
    groups: int = 8
    heads: int = 4

    @property
    def null_label(self) -> int:
        """The label that means "any class": one embedding row after the real ones."""
        return self.num_classes


class TimestepEmbedding(nn.Module):
    """Sines and cosines of the timestep, then a two-layer perceptron. Fractional timesteps are welcome."""

    def __init__(self, width: int):
        super().__init__()
        half = width // 2
        self.register_buffer("frequencies", torch.exp(-math.log(10000.0) * torch.arange(half) / half), persistent=False)
        self.mlp = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width))

    def forward(self, timestep: Tensor) -> Tensor:
        angle = timestep[:, None] * self.frequencies
        return self.mlp(torch.cat([angle.sin(), angle.cos()], dim=1))


class ResidualBlock(nn.Module):
    """Two convolutions; the condition scales and shifts the features between them."""

    def __init__(self, inputs: int, outputs: int, condition: int, groups: int):
        super().__init__()
        self.norm_in = nn.GroupNorm(groups, inputs)
        self.conv_in = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.condition = nn.Linear(condition, 2 * outputs)
        self.norm_out = nn.GroupNorm(groups, outputs)
        self.conv_out = zeroed(nn.Conv2d(outputs, outputs, 3, padding=1))
        self.shortcut = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else nn.Identity()

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        scale, shift = self.condition(condition).unflatten(1, (2, -1, 1, 1)).unbind(1)
        h = self.conv_in(F.silu(self.norm_in(x)))
        h = self.norm_out(h) * (1 + scale) + shift
        return self.shortcut(x) + self.conv_out(F.silu(h))


class SelfAttention(nn.Module):
    """Every position looks at every other one."""

    def __init__(self, channels: int, heads: int, groups: int):
        super().__init__()
        self.heads = heads
        self.norm = nn.GroupNorm(groups, channels)
        self.qkv = nn.Conv2d(channels, 3 * channels, 1)
        self.out = zeroed(nn.Conv2d(channels, channels, 1))

    def forward(self, x: Tensor) -> Tensor:
        _, channels, height, width = x.shape
        per_head = channels // self.heads
        qkv = self.qkv(self.norm(x)).reshape(-1, 3, self.heads, per_head, height * width)
        q, k, v = qkv.unbind(1)
        weights = (q.transpose(2, 3) @ k * per_head**-0.5).softmax(dim=-1)
        return x + self.out((v @ weights.transpose(2, 3)).reshape(-1, channels, height, width))


class Level(nn.Module):
    """The blocks of one resolution on the way down (each output is kept) or up (each kept one is joined again)."""

    def __init__(self, inputs: list[int], outputs: int, attend: bool, shape: UNetShape, condition: int):
        super().__init__()
        self.blocks = nn.ModuleList(ResidualBlock(i, outputs, condition, shape.groups) for i in inputs)
        self.attend = SelfAttention(outputs, shape.heads, shape.groups) if attend else nn.Identity()

    def down(self, x: Tensor, condition: Tensor, kept: list[Tensor]) -> Tensor:
        for block in self.blocks[:-1]:
            kept.append(x := block(x, condition))
        kept.append(x := self.attend(self.blocks[-1](x, condition)))
        return x

    def up(self, x: Tensor, condition: Tensor, kept: list[Tensor]) -> Tensor:
        for block in self.blocks:
            x = block(torch.cat([x, kept.pop()], dim=1), condition)
        return self.attend(x)


class UNet(nn.Module):
    """(sample [b,c,s,s], timestep [b], class_labels [b]) -> out_sample [b,c,s,s]."""

    def __init__(self, shape: UNetShape):
        super().__init__()
        self.shape = shape
        widths, last = shape.channels, len(shape.channels) - 1
        folded, condition = shape.image_channels * shape.unshuffle**2, 2 * widths[0]
        below = (widths[0],) + widths[:-1]
        self.time = TimestepEmbedding(condition)
        self.label = nn.Embedding(shape.num_classes + 1, condition)
        self.conv_in = nn.Conv2d(folded, widths[0], 3, padding=1)
        self.downs = nn.ModuleList(
            Level([b] + [w] * (shape.blocks - 1), w, i == last, shape, condition)
            for i, (b, w) in enumerate(zip(below, widths))
        )
        self.shrinks = nn.ModuleList(nn.Conv2d(w, w, 3, stride=2, padding=1) for w in widths[:-1])
        self.middle_in = ResidualBlock(widths[-1], widths[-1], condition, shape.groups)
        self.middle_attend = SelfAttention(widths[-1], shape.heads, shape.groups)
        self.middle_out = ResidualBlock(widths[-1], widths[-1], condition, shape.groups)
        self.ups = nn.ModuleList(
            Level([2 * w] * shape.blocks, w, i == last, shape, condition) for i, w in enumerate(widths)
        )
        self.grows = nn.ModuleList(nn.Conv2d(w, b, 3, padding=1) for b, w in zip(widths[:-1], widths[1:]))
        self.norm_out = nn.GroupNorm(shape.groups, widths[0])
        self.conv_out = zeroed(nn.Conv2d(widths[0], folded, 3, padding=1))

    def forward(self, sample: Tensor, timestep: Tensor, class_labels: Tensor) -> Tensor:
        condition = F.silu(self.time(timestep) + self.label(class_labels))
        x = self.conv_in(F.pixel_unshuffle(sample, self.shape.unshuffle))
        kept: list[Tensor] = []
        for i, level in enumerate(self.downs):
            x = level.down(self.shrinks[i - 1](x) if i else x, condition, kept)
        x = self.middle_out(self.middle_attend(self.middle_in(x, condition)), condition)
        for i in reversed(range(len(self.ups))):
            x = self.ups[i].up(x, condition, kept)
            if i:
                x = self.grows[i - 1](F.interpolate(x, scale_factor=2.0))
        return F.pixel_shuffle(self.conv_out(F.silu(self.norm_out(x))), self.shape.unshuffle)


def zeroed(layer: nn.Conv2d) -> nn.Conv2d:
    """Starts a block as the identity."""
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer
