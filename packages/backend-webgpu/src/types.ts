// The public interface of the WebGPU backend, beyond core's `Backend`: the device it computes on, and buffers in and out.

import type { Backend, BackendStats, DType, Handle, Kernel, TypedArray } from '@unnoise/core';

export interface WebGpuOptions {
  /** A device to share, for instance ONNX Runtime's or TensorFlow.js's. It stays the caller's. Default: a new one, with all limits of the adapter. */
  readonly device?: GPUDevice;
  /** Where to take a new device from. Default: the adapter that `gpu` prefers. */
  readonly adapter?: GPUAdapter;
  /** Default: `navigator.gpu`. In Node `create([])` of the package webgpu; the backend keeps it alive. */
  readonly gpu?: GPU;
  /** Checks every kernel as it runs, so that errors name the kernel that caused them. Costs time. */
  readonly debug?: boolean;
}

export interface WebGpuStats extends BackendStats {
  /** Buffers copied to the host. */
  readonly readbacks: number;
  /** GPU buffers created, for tensors and for reading back. Constant from the second step of a run on. */
  readonly allocations: number;
  /** Bytes of released buffers kept for reuse. */
  readonly pooled: number;
}

export interface WebGpuBackend extends Backend {
  readonly name: 'webgpu';
  /** What to give to a model runtime, so that both work on the same buffers. */
  readonly device: GPUDevice;
  run(kernel: Kernel, inputs: readonly Handle[], params: Float64Array, sizes: readonly number[]): readonly Handle[];
  /**
   * Takes a GPUBuffer of this device, or a part of one as `{ buffer, offset, size }` in bytes, with usage STORAGE and COPY_SRC. float32 and
   * int32 have 4 bytes per element, float16 has 2, bool has 4 (a u32 that is 0 or 1). Never a copy, and the buffer stays the caller's.
   * @param length elements; default: all that there is room for
   */
  adopt(native: unknown, dtype: DType, length?: number): Handle | undefined;
  /** Copies to the host; waits for all work before. Throws what went wrong in that work: DEVICE_LOST, DEVICE_FAILED, OUT_OF_MEMORY. */
  download(handle: Handle): Promise<TypedArray>;
  /** The buffer, which may be longer than its tensor. Its content lasts until the tensor is disposed; then the buffer serves again. */
  native(handle: Handle): GPUBuffer;
  stats(): WebGpuStats;
  /** Gives the memory back, and the device if it was made here. Tensors of this backend can no longer be used. */
  destroy(): void;
}
