// The backend for tensors on the host: the CPU backend's fused kernels run on the memory of ORT tensors. Nothing is copied on the
// way in or out, and no ONNX graph is involved, which would take several times as long.

import { type CpuStats, createCpuBackend } from '@unnoise/backend-cpu';
import { type Backend, DiffusionError, type DType, type Handle, type Kernel, type TypedArray } from '@unnoise/core';

import { checkAlive, hostElements, isOnHost, ortTensor, type OrtPart, partOf } from './elements.ts';
import type { OrtRuntime, OrtTensor } from './runtime.ts';

export interface OrtCpuBackend extends Backend {
  readonly name: 'ort-cpu';
  run(kernel: Kernel, inputs: readonly Handle[], params: Float64Array, sizes: readonly number[]): readonly Handle[];
  /** Takes ORT tensors on the host, and whatever the CPU backend takes. BACKEND_MISMATCH for tensors on a device. */
  adopt(native: unknown, dtype: DType): Handle | undefined;
  download(handle: Handle): TypedArray;
  /** An ORT tensor of one dimension over the elements themselves, valid until the tensor is disposed. */
  native(handle: Handle): OrtTensor;
  stats(): CpuStats;
}

/** A backend for tensors on the host, with memory and kernels of its own. Synchronous. */
export function createOrtBackend(runtime: OrtRuntime): OrtCpuBackend {
  const cpu = createCpuBackend();
  return {
    spec: 1,
    name: 'ort-cpu',
    capabilities: cpu.capabilities,
    upload: (data, dtype) => cpu.upload(data, dtype),
    run: (kernel, inputs, params, sizes) => cpu.run(kernel, inputs, params, sizes),
    download: (handle) => cpu.download(handle),
    release: (handle) => cpu.release(handle),
    adopt(native, dtype) {
      const part = partOf(native);
      return cpu.adopt(part ? elementsOf(part, dtype) : native, dtype);
    },
    native(handle) {
      const array = cpu.native(handle);
      return ortTensor(runtime, dtypeOf(array), array);
    },
    stats: () => cpu.stats(),
  };
}

/** The garbage collector knows when such memory is let go: parts need no release. */
function elementsOf(
  { tensor, offset, length }: Pick<OrtPart, 'tensor' | 'offset' | 'length'>,
  dtype: DType,
): TypedArray | undefined {
  checkAlive(tensor);
  if (isOnHost(tensor)) return hostElements(tensor, dtype)?.subarray(offset, offset + length);
  const { type, dims, location } = tensor;
  throw new DiffusionError(
    'BACKEND_MISMATCH',
    `an ORT tensor (${type} [${dims.join(', ')}]) lies in '${location}', where the kernels of the CPU cannot reach it. Use ` +
      "createOrtGraphBackend, or on the web's WebGPU provider createOrtWebGpuBackend; or give its session preferredOutputLocation: 'cpu'.",
    { location },
  );
}

/** By the array, of which there is one kind for each type. */
function dtypeOf(array: TypedArray): DType {
  if (array instanceof Float32Array) return 'float32';
  if (array instanceof Uint16Array) return 'float16';
  return array instanceof Int32Array ? 'int32' : 'bool';
}
