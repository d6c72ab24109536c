// From ORT tensors to ours and back, with shape and dtype: what is written between a model and a scheduler.

import {
  adopt,
  type Backend,
  DiffusionError,
  type DType,
  isDiffusionError,
  nativeOf,
  type Tensor,
} from '@unnoise/core';

import { ARRAYS, isOrtTensor, type OrtPart, reshaped } from './elements.ts';
import type { OrtTensor } from './runtime.ts';

/**
 * A tensor on the memory of an ORT tensor, of its shape. Its owner stays its owner: keep it until the result is disposed.
 * @throws DiffusionError DTYPE_UNSUPPORTED for other types than float32, float16, int32 and bool; BACKEND_MISMATCH where the
 *   backend cannot reach the memory; DISPOSED.
 */
export function fromOrt(tensor: OrtTensor, backend: Backend): Tensor {
  return adopt(tensor, tensor.dims, dtypeOf(tensor), backend);
}

/**
 * Takes an ORT tensor over, as `parts` tensors of equal size along its first dimension: it is disposed with the last of them. They lie
 * in its memory where the backend can bind it at their beginnings, else each is copied on the backend.
 * @throws DiffusionError as fromOrt.
 */
export async function takeOrt(tensor: OrtTensor, backend: Backend, parts = 1): Promise<readonly Tensor[]> {
  const [rows = 1, ...item] = tensor.dims;
  const count = rows / parts;
  const length = [count, ...item].reduce((a, b) => a * b, 1);
  const shape = tensor.dims.length === 0 ? [] : [count, ...item];
  let holders = parts;
  const release = (): void => void (--holders === 0 && tensor.dispose());
  const taken: Tensor[] = [];
  try {
    for (let i = 0; i < parts; i++) {
      const part: OrtPart = { tensor, offset: i * length, length, release };
      taken.push(adopt(part, shape, dtypeOf(tensor), backend));
    }
    return taken;
  } catch (error) {
    if (!isDiffusionError(error, 'BACKEND_MISMATCH')) throw error;
    return copied(tensor, backend, parts, taken);
  }
}

/** The parts as copies, in place of those that were taken already. */
async function copied(
  tensor: OrtTensor,
  backend: Backend,
  parts: number,
  taken: readonly Tensor[],
): Promise<readonly Tensor[]> {
  const whole = fromOrt(tensor, backend);
  const count = (tensor.dims[0] ?? 1) / parts;
  try {
    return await Promise.all(
      Array.from({ length: parts }, (_, i) =>
        (parts === 1 ? whole.mul(1) : whole.slice(0, i * count, count)).realize(),
      ),
    );
  } finally {
    for (const part of [...taken, whole]) part.dispose();
    tensor.dispose();
  }
}

function dtypeOf({ type }: OrtTensor): DType {
  if (type in ARRAYS) return type as DType;
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
