// A diffusion model without training: real digits as the data, so that the posterior at any noise level is a sum over all of them.
import { type Distribution, gaussianMixture } from '@unnoise/testing-gmm';
import { type Picture, readSheet } from './pictures.ts';

/** Two hundred handwritten digits of 8x8 pixels, twenty of each kind, in their order. */
export const digits: readonly Picture[] = await readSheet('digits');

/** Each picture, a little blurred: the data distribution of the pictures given. */
export function distributionOf(pictures: readonly Picture[], weights?: readonly number[]): Distribution {
  return gaussianMixture(
    pictures.map((picture, i) => ({ weight: weights?.[i] ?? 1, mean: Array.from(picture), deviation: 0.05 })),
  );
}
