// Between tf tensors and tensors of unnoise, with their shapes and without copies.

import { reshape, Tensor as TfTensor } from '@tensorflow/tfjs-core';
import { adopt, type Backend, DiffusionError, type DType, nativeOf, type Tensor } from '@unnoise/core';

import { DTYPES } from './dtypes.ts';

/**
 * A tensor on the memory of a tf tensor: a model's output on its way to a scheduler. Both are disposed of on their own, in any order.
 * Errors: DTYPE_UNSUPPORTED for complex64 and string, BACKEND_MISMATCH for what is no live tf tensor.
 */
export function fromTf(tensor: TfTensor, backend: Backend): Tensor {
  const dtype = tensor.dtype as DType;
  if (!DTYPES.includes(dtype)) {
    const message = `a tf tensor of dtype ${tensor.dtype} has no counterpart; cast it to ${DTYPES.join(', ')} first`;
    throw new DiffusionError('DTYPE_UNSUPPORTED', message, { dtype: tensor.dtype });
  }
  return adopt(tensor, tensor.shape, dtype, backend);
}

/**
 * A tf tensor on the memory of a computed tensor: a sample on its way to a model. It is the caller's to dispose of, in any order.
 * Error: BACKEND_MISMATCH for a tensor that is not computed yet or not on a TensorFlow.js backend.
 */
export function toTf(x: Tensor): TfTensor {
  const native = nativeOf(x);
  if (native instanceof TfTensor) return reshape(native, [...x.shape]);
  const message = 'there is no tf tensor behind this tensor; realize() it, and compute it on a TensorFlow.js backend';
  throw new DiffusionError('BACKEND_MISMATCH', message);
}

/** Another tf tensor on the same elements. Not by `clone`, which copies on the wasm backend (4.22.0). */
export const shared = (tensor: TfTensor): TfTensor => reshape(tensor, tensor.shape);
