// The public interface of this backend, beyond core's `Backend`: its native values are tf tensors.

import type { Tensor as TfTensor } from '@tensorflow/tfjs-core';
import type { Backend, BackendStats, DType, Handle, Kernel, TypedArray } from '@unnoise/core';

export interface TfjsOptions {
  /**
   * false: every kernel runs as TensorFlow.js operations. Default true: as one kernel where the TensorFlow.js backend lets us in
   * (cpu, wasm, webgl and webgpu of 4.22), as operations elsewhere. The numbers are the same.
   */
  readonly fused?: boolean;
}

export interface TfjsStats extends BackendStats {
  /** How many of the kernels run were fused; the others were TensorFlow.js operations. */
  readonly fused: number;
}

export interface TfjsBackend extends Backend {
  /** 'tfjs-' and the name of the TensorFlow.js backend. */
  readonly name: string;
  /** Synchronous on every TensorFlow.js backend: on GPUs it queues the work. */
  run(kernel: Kernel, inputs: readonly Handle[], params: Float64Array, sizes: readonly number[]): readonly Handle[];
  /** A copy of the elements. */
  download(handle: Handle): Promise<TypedArray>;
  /** Takes tf tensors of the same dtype, never with a copy. The caller may dispose his own at any time. Error: SHAPE_MISMATCH. */
  adopt(native: unknown, dtype: DType, length?: number): Handle | undefined;
  /** The tf tensor itself, valid until the handle is released; its shape need not be that of the tensor. `toTf` is more convenient. */
  native(handle: Handle): TfTensor;
  stats(): TfjsStats;
}
