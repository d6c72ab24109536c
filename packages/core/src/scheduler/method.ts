// What the methods beside `step` (undoStep, stepPred, stepCorrect) end with: their expressions computed, none with a coefficient that is not finite.

import type { Backend } from '../backend.ts';
import { DiffusionError } from '../errors.ts';
import type { Tensor } from '../tensor/index.ts';
import { realizeStep } from '../tensor/index.ts';
import type { DType } from '../tensor/types.ts';

/** The results of `method` as `dtype`, by one program; they are the caller's to dispose. Throws NUMERIC. */
export async function methodResults(
  method: string,
  results: readonly Tensor[],
  dtype: DType,
  backend?: Backend,
): Promise<readonly Tensor[]> {
  const typed = results.map((result) => (result.dtype === dtype ? result : result.cast(dtype)));
  await realizeStep(typed, { backend, requireFinite: (value) => notFinite(method, value) });
  return typed;
}

function notFinite(method: string, value: number): DiffusionError {
  const message = `${method} has the coefficient ${value}, so its result would not be finite. Check the noise level that it is given.`;
  return new DiffusionError('NUMERIC', message, { value });
}
