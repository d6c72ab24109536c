// From ORT tensors to ours and back, with shape and dtype: what is written between a model and a scheduler.

import { adopt, type Backend, DiffusionError, type DType, nativeOf, type Tensor } from '@unnoise/core';

import { ARRAYS, isOrtTensor, reshaped } from './elements.ts';
import type { OrtTensor } from './runtime.ts';

/**
 * A tensor on the memory of an ORT tensor, of its shape. Its owner stays its owner: keep it until the result is disposed.
 * @throws DiffusionError DTYPE_UNSUPPORTED for other types than float32, float16, int32 and bool; BACKEND_MISMATCH where the
 *   backend cannot reach the memory; DISPOSED.
 */
export function fromOrt(tensor: OrtTensor, backend: Backend): Tensor {
  const { type, dims } = tensor;
  if (type in ARRAYS) return adopt(tensor, dims, type as DType, backend);
  const message = `an ORT tensor is of type ${type}; a tensor is one of ${Object.keys(ARRAYS).join(', ')}. Cast it in the model.`;
  throw new DiffusionError('DTYPE_UNSUPPORTED', message, { type });
}

/**
 * The ORT tensor behind a tensor of one of this package's backends, in its shape; computes it first if need be. It is valid until
 * the tensor is disposed. `T` is the runtime's own type of a tensor, which follows from where the result goes.
 */
export async function toOrt<T extends OrtTensor = OrtTensor>(x: Tensor): Promise<T> {
  await x.realize();
  const native = nativeOf(x);
  if (isOrtTensor(native)) return reshaped(native, x.shape) as T;
  const name = x.backend?.name ?? 'none';
  const message = `the tensor lies on the backend '${name}', not on one of ONNX Runtime. Compute it on such a backend.`;
  throw new DiffusionError('BACKEND_MISMATCH', message, { backend: name });
}
