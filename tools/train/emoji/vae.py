"""The autoencoder: 64x64 RGB <-> 16x16 with 8 channels. What it computes; `train.py` beside it trains it."""

from torch import Tensor, nn
from torch.nn import functional as F

from ..unet import zeroed

LATENT_CHANNELS = 8
WIDTHS = (16, 32, 64)  # at 64x64 (decoder only), 32x32, 16x16
GROUPS = 8


class Block(nn.Module):
    """Two convolutions beside the identity."""

    def __init__(self, width: int):
        super().__init__()
        self.norm_in = nn.GroupNorm(GROUPS, width)
        self.conv_in = nn.Conv2d(width, width, 3, padding=1)
        self.norm_out = nn.GroupNorm(GROUPS, width)
        self.conv_out = zeroed(nn.Conv2d(width, width, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        h = self.conv_in(F.silu(self.norm_in(x)))
        return x + self.conv_out(F.silu(self.norm_out(h)))


class Encoder(nn.Sequential):
    """sample [b,3,64,64] -> latent_parameters [b,16,16,16]: 8 channels of means, then 8 of log variances.

    It skips the widest resolution, where half of the time would go: sharp edges are the decoder's task.
    """

    def __init__(self) -> None:
        _, b, c = WIDTHS
        super().__init__(
            nn.PixelUnshuffle(2),
            nn.Conv2d(12, b, 3, padding=1),
            Block(b),
            Block(b),
            nn.Conv2d(b, c, 3, stride=2, padding=1),
            Block(c),
            Block(c),
            *norm_and_activation(c),
            nn.Conv2d(c, 2 * LATENT_CHANNELS, 3, padding=1),
        )


class Decoder(nn.Sequential):
    """latent_sample [b,8,16,16] -> sample [b,3,64,64]"""

    def __init__(self) -> None:
        a, b, c = WIDTHS
        super().__init__(
            nn.Conv2d(LATENT_CHANNELS, c, 3, padding=1),
            Block(c),
            Block(c),
            nn.Upsample(scale_factor=2.0),
            nn.Conv2d(c, b, 3, padding=1),
            Block(b),
            Block(b),
            nn.Upsample(scale_factor=2.0),
            nn.Conv2d(b, a, 3, padding=1),
            Block(a),
            *norm_and_activation(a),
            nn.Conv2d(a, 3, 3, padding=1),
        )


class AutoEncoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.decoder = Encoder(), Decoder()

    def forward(self, images: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(decoded, mean, log variance); `noise` draws the latent from its normal law."""
        mean, log_variance = self.encoder(images).float().chunk(2, dim=1)
        log_variance = log_variance.clamp(-20, 5)
        return self.decoder(mean + noise * (log_variance / 2).exp()), mean, log_variance

    def mean(self, images: Tensor) -> Tensor:
        """The latents without noise."""
        return self.encoder(images).chunk(2, dim=1)[0]


def norm_and_activation(width: int) -> tuple[nn.Module, nn.Module]:
    return nn.GroupNorm(GROUPS, width), nn.SiLU()
