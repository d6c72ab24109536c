// Guidance as an input: models distilled with it (LCM) are told how strong it is, and are called once.

import type { HostArray } from '../onnx/encode.ts';

/** Sines and cosines of 1000 (guidance - 1), [batch, width], as diffusers' get_guidance_scale_embedding. */
export function guidanceEmbedding(guidance: number, width: number, batch: number): HostArray {
  const half = Math.floor(width / 2);
  const angles = Array.from(
    { length: half },
    (_, i) => 1000 * (guidance - 1) * Math.exp((-i * Math.log(10000)) / (half - 1)),
  );
  const row = [...angles.map(Math.sin), ...angles.map(Math.cos), ...(width % 2 ? [0] : [])];
  return { data: Array.from({ length: batch }, () => row).flat(), shape: [batch, width] };
}
