// Between core's tensors and the typed arrays of a runtime that computes on the CPU: without a copy wherever the backend allows.

import type { Backend, DType, Shape, Tensor, TypedArray } from '@unnoise/core';
import { adopt, isDiffusionError, nativeOf, tensor } from '@unnoise/core';
import type { OnnxTensor } from './runtime.ts';

/** The elements of a tensor, as lent by its backend where that has them on the host. Not to be written to. */
export async function hostData(x: Tensor): Promise<TypedArray> {
  const native = nativeOf(x) as Partial<OnnxTensor> | undefined;
  const lent = native?.location === 'cpu' ? native.data : native;
  return ArrayBuffer.isView(lent) && !isHalves(lent) ? (lent as TypedArray) : x.data();
}

/** A Float16Array, which core's tensors are not made of. */
const isHalves = (array: object): boolean => Object.prototype.toString.call(array) === '[object Float16Array]';

/** A tensor on `data`: adopted where the backend can, else uploaded when it is used. */
export function fromHost(data: TypedArray, shape: Shape, dtype: DType, backend: Backend | undefined): Tensor {
  if (backend?.adopt) {
    try {
      return adopt(data, shape, dtype, backend);
    } catch (error) {
      if (!isDiffusionError(error, 'BACKEND_MISMATCH')) throw error;
    }
  }
  return tensor(data, shape, { dtype, ...(backend && { backend }) });
}
