// The explicit linear multistep method on even steps, as PNDM and IPNDM extrapolate what the model predicts.

import type { Tensor } from '../tensor/index.ts';

const WEIGHTS: readonly (readonly number[])[] = [
  [1],
  [3 / 2, -1 / 2],
  [23 / 12, -16 / 12, 5 / 12],
  [55 / 24, -59 / 24, 37 / 24, -9 / 24],
];

/** The most slopes that adamsBashforth weighs: the order it reaches. */
export const ADAMS_BASHFORTH_STEPS: number = WEIGHTS.length;

/** The slope of the next step from those so far, newest first: order 1 to 4 by their number; older ones are not used. */
export function adamsBashforth(slopes: readonly [Tensor, ...Tensor[]]): Tensor {
  const weights = WEIGHTS[Math.min(slopes.length, ADAMS_BASHFORTH_STEPS) - 1] ?? [];
  const [newest, ...older] = slopes;
  return weights
    .slice(1)
    .reduce((sum, weight, i) => (older[i] ? sum.add(older[i].mul(weight)) : sum), newest.mul(weights[0] ?? 1));
}
