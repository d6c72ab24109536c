// Inpainting with a model that was not trained for it: after each step, the part to keep is put back from the clean sample, noised
// to where the loop stands. As diffusers does it for networks without mask channels.

import type { Run, Tensor } from '@unnoise/core';

/** The tensors of one loop; it owns them. */
export interface InpaintingParts {
  /** The clean sample. */
  readonly image: Tensor;
  /** 1 where the model paints, 0 where `image` is kept. */
  readonly mask: Tensor;
  /** Standard normal; the same for all steps. */
  readonly noise: Tensor;
}

export class Inpainting {
  readonly #parts: InpaintingParts;

  constructor(parts: InpaintingParts) {
    this.#parts = parts;
  }

  /** (1 - mask) (signal image + level noise) + mask sample, at the level of the run's next step; clean after the last one. */
  blend(sample: Tensor, run: Run): Promise<Tensor> {
    const { image, mask, noise } = this.#parts;
    const { timestep, plan } = run;
    const level = timestep === undefined ? undefined : plan.noiseLevel!(run.stepIndex ?? 0, timestep);
    const kept = level ? image.mul(level.signal).add(noise.mul(level.noise)) : image;
    return mask.neg().add(1).mul(kept).add(mask.mul(sample)).realize();
  }

  dispose(): void {
    const { image, mask, noise } = this.#parts;
    for (const part of [image, mask, noise]) part.dispose();
  }
}
