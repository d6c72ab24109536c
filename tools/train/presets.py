"""What each shipped model is: its data, its network, its noise schedule and how long it trains. One entry per model."""

from dataclasses import dataclass, field
from typing import Any

from diffusers import DDPMScheduler

from .unet import UNetShape


@dataclass(frozen=True)
class Preset:
    data: str
    shape: UNetShape
    steps: int
    batch: int = 64
    learning_rate: float = 2e-3
    ema: float = 0.9995
    label_dropout: float = 0.1
    seed: int = 0
    betas: dict[str, Any] = field(default_factory=dict)

    def scheduler(self) -> DDPMScheduler:
        """v-prediction: at the noisiest steps an epsilon error is magnified by sigma/alpha = 157, a v error is not."""
        return DDPMScheduler(
            num_train_timesteps=1000,
            **self.betas,
            prediction_type="v_prediction",
            timestep_spacing="trailing",
            clip_sample=False,
        )


LINEAR = {"beta_schedule": "linear", "beta_start": 1e-4, "beta_end": 0.02}

PRESETS = {
    "fashion-28": Preset(
        data="fashion-mnist",
        shape=UNetShape(sample_size=28, channels=(32, 64), blocks=2, num_classes=10, unshuffle=2),
        steps=9000,
        betas=LINEAR,
    ),
    "digits-8": Preset(
        data="digits",
        shape=UNetShape(sample_size=8, channels=(16, 32), blocks=1, num_classes=10),
        steps=12000,
        betas=LINEAR,
    ),
}
