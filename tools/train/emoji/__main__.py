"""Trains emoji-ldm-64: `python -m tools.train.emoji --minutes 90`. Stop it, run it again, and it goes on."""

import argparse
import time

from .pictures import load_pictures
from .train import PAINTER_STEPS, VAE_STEPS, PainterRun, VaeRun, psnr, trained_vae


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.train.emoji", description=__doc__)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop this piece after so many minutes")
    parser.add_argument("--steps", type=int, default=PAINTER_STEPS, help="length of the UNet's run, in all pieces")
    parser.add_argument("--fast", action="store_true", help="bfloat16 in the networks, for CPUs that have it")
    options = parser.parse_args()
    begun, pictures = time.monotonic(), load_pictures()
    vae_run = VaeRun(pictures, options.fast)
    vae_run.stop_on_signals()
    if not vae_run.run(VAE_STEPS, options.minutes):
        return
    quality = psnr(trained_vae(), pictures.images(pictures.held_out))
    print(f"autoencoder: {quality:.2f} dB on held-out pictures", flush=True)
    painter_run = PainterRun(pictures, options.fast)
    painter_run.stop_on_signals()
    painter_run.run(options.steps, options.minutes - (time.monotonic() - begun) / 60)


if __name__ == "__main__":
    main()
