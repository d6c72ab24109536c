// Between core's tensors and a runtime's values on a device that both compute on: handed over as they are, so nothing is read back.

import type { OrtTensor } from '@unnoise/backend-ort';
import { takeOrt, toOrt } from '@unnoise/backend-ort';
import type { Backend, Tensor } from '@unnoise/core';
import { DiffusionError, isDiffusionError, nativeOf } from '@unnoise/core';
import type { OnnxTensor } from './runtime.ts';

const ON_HOST: readonly unknown[] = ['cpu', 'cpu-pinned', 'none', undefined];

/** Whether a value of the runtime lies on a device. */
export const isOnDevice = ({ location }: OnnxTensor): boolean => !ON_HOST.includes(location);

/** Whether a realised tensor is a value of the runtime on a device. */
export function sharesDevice(x: Tensor): boolean {
  const native = nativeOf(x);
  return typeof native === 'object' && native !== null && isOnDevice(native as OnnxTensor);
}

/** The value behind a tensor that `sharesDevice`, in its shape; valid until the tensor is disposed. */
export const deviceValue = (x: Tensor): Promise<OnnxTensor> => toOrt(x);

/** What a graph left on a device, as `parts` tensors of equal size along the batch, which own it. @throws BACKEND_MISMATCH. */
export async function fromDevice(
  output: OnnxTensor,
  parts: number,
  backend: Backend | undefined,
  part: string,
): Promise<readonly Tensor[]> {
  try {
    if (backend) return await takeOrt(output as OrtTensor, backend, parts);
  } catch (error) {
    if (!isDiffusionError(error, 'BACKEND_MISMATCH')) throw error;
  }
  output.dispose?.();
  const { location, type } = output;
  const message =
    `${part} left its output (${type}) in '${location}', where the backend '${backend?.name ?? 'default'}' cannot reach it. Pass the ` +
    'backend of createOrtWebGpuBackend (@unnoise/backend-ort/webgpu), or open the model without preferredOutputLocation.';
  throw new DiffusionError('BACKEND_MISMATCH', message, { part, location });
}
