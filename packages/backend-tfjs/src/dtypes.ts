// The element types that TensorFlow.js and unnoise have in common. TensorFlow.js has no float16.

import { DiffusionError, type DType } from '@unnoise/core';

export type TfDType = 'float32' | 'int32' | 'bool';

export const DTYPES: readonly DType[] = Object.freeze<TfDType[]>(['float32', 'int32', 'bool']);

/** Throws DTYPE_UNSUPPORTED for float16. */
export function checkedDtype(dtype: DType): TfDType {
  if (dtype !== 'float16') return dtype;
  const message = 'TensorFlow.js has no float16; cast() to float32 on another backend, or keep samples in float32';
  throw new DiffusionError('DTYPE_UNSUPPORTED', message, { dtype, dtypes: DTYPES });
}
