// Host arrays on their way into tf tensors, which keep the array they are given: so it is a copy.

import { DiffusionError, type TypedArray } from '@unnoise/core';

import type { TfDType } from './dtypes.ts';

const ARRAYS = { float32: Float32Array, int32: Int32Array, bool: Uint8Array } as const;

/** Throws DTYPE_UNSUPPORTED for an array that does not carry the type. */
export function hostValues(data: TypedArray, dtype: TfDType): Float32Array | Int32Array | Uint8Array {
  if (data instanceof ARRAYS[dtype]) return data.slice();
  if (dtype === 'float32' && data instanceof Float64Array) return Float32Array.from(data);
  const message = `a ${data.constructor.name} cannot hold ${dtype} elements; pass a ${ARRAYS[dtype].name}`;
  throw new DiffusionError('DTYPE_UNSUPPORTED', message, { dtype });
}
