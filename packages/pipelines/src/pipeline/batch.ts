// How many pictures a request asks for.

import { DiffusionError } from '@unnoise/core';
import type { GenerateOptions } from './pipeline.ts';

/** From batchSize, or the tensor to start from; undefined where the request does not tell. */
export function batchOf({ batchSize, latents, image }: GenerateOptions): number | undefined {
  const given = (latents ?? image)?.shape[0];
  if (batchSize === undefined) return given;
  if (!(Number.isInteger(batchSize) && batchSize > 0))
    throw invalid(`batchSize is ${batchSize}. Give a whole number of at least 1.`);
  if (given !== undefined && given !== batchSize)
    throw invalid(`batchSize is ${batchSize}, and the tensor to start from holds ${given} samples.`);
  return batchSize;
}

function invalid(message: string): DiffusionError {
  return new DiffusionError('REQUEST_INVALID', message);
}
