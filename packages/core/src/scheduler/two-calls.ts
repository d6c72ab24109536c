// Schedulers that call the model twice per step: even positions of their schedule are first calls, odd ones second calls.

import { DiffusionError } from '../errors.ts';
import type { Tensor } from '../tensor/index.ts';

/** Whether a position is the second call of its step. */
export function isSecondCall(index: number): boolean {
  return index % 2 === 1;
}

/** One of the two model calls of a step from sigma to sigmaNext. */
export interface HeunRow {
  readonly sigma: number;
  readonly sigmaNext: number;
  /** The second call: the model has seen the Euler step's result, at sigmaNext. */
  readonly corrects: boolean;
}

/** The row of Heun's method where sigmas lie in pairs [from, to]: even positions are first calls, odd ones second calls. */
export function heunRow(sigmas: ArrayLike<number>, index: number): HeunRow {
  const corrects = isSecondCall(index);
  const from = corrects ? index - 1 : index;
  return { sigma: sigmas[from] ?? Number.NaN, sigmaNext: sigmas[from + 1] ?? Number.NaN, corrects };
}

/**
 * The tensor that the first call of a step left for the second.
 * Throws REQUEST_INVALID where there was no first call: the run began in the middle of a step.
 */
export function ofFirstCall([left]: readonly Tensor[], index: number): Tensor {
  if (left) return left;
  throw new DiffusionError(
    'REQUEST_INVALID',
    `Position ${index} is the second call of a step, and this run began there. Begin at an even position: ${index - 1} or ${index + 1}.`,
    { index },
  );
}
