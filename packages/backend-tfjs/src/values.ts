// Host arrays on their way into tf tensors: which array carries which type.

import { DiffusionError, type TypedArray } from '@unnoise/core';

import type { TfDType } from './dtypes.ts';

export type HostValues = Float32Array | Float64Array | Int32Array | Uint8Array;

export const ARRAYS: {
  readonly float32: typeof Float32Array;
  readonly int32: typeof Int32Array;
  readonly bool: typeof Uint8Array;
} = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };

/** Throws DTYPE_UNSUPPORTED for an array that does not carry the type. */
export function checkedValues(data: TypedArray, dtype: TfDType): HostValues {
  if (data instanceof ARRAYS[dtype] || (dtype === 'float32' && data instanceof Float64Array)) return data;
  const message = `a ${data.constructor.name} cannot hold ${dtype} elements; pass a ${ARRAYS[dtype].name}`;
  throw new DiffusionError('DTYPE_UNSUPPORTED', message, { dtype });
}
