// The whole contract between core and a backend: one compute method beside upload, download and release.

import type { Kernel, OpName } from './kernel.ts';
import type { DType, TypedArray } from './tensor/types.ts';

/** A backend's own name for a buffer. Core never looks inside. */
export type Handle = object;

export interface Capabilities {
  readonly dtypes: readonly DType[];
  /** Operations beyond the required four (linear, mul, div, clamp). */
  readonly ops: readonly OpName[];
  /** Operations in one map kernel: 1 = eager, Infinity = fuse all. */
  readonly maxOps: number;
  /** Inputs plus outputs of one kernel (WebGPU's default is 8). Core splits what is larger. */
  readonly maxBuffers: number;
}

export interface BackendStats {
  /** Handles not yet released. */
  readonly live: number;
  /** Kernels run. */
  readonly dispatches: number;
  /** Kernels compiled (cache misses). */
  readonly compiles: number;
}

export interface Backend {
  readonly spec: 1;
  readonly name: string;
  readonly capabilities: Capabilities;
  /** Copies host data in. float32 may come as a Float64Array, to be rounded. */
  upload(data: TypedArray, dtype: DType): Handle;
  /** Runs one kernel; `params` are float64 and become float32 here. Inputs stay the caller's. Synchronous where it can be. */
  run(
    kernel: Kernel,
    inputs: readonly Handle[],
    params: Float64Array,
    sizes: readonly number[],
  ): readonly Handle[] | Promise<readonly Handle[]>;
  /** Copies out (or, for adopted host arrays, may return the array itself). */
  download(handle: Handle): TypedArray | Promise<TypedArray>;
  /** Gives the buffer back; called exactly once per handle. */
  release(handle: Handle): void;
  /**
   * Zero copy from a model runtime's tensor or a host array; undefined when this native value cannot be adopted. `length` is how many
   * elements the tensor has, for values that may be longer (GPU buffers); without it, all that the value holds.
   */
  adopt?(native: unknown, dtype: DType, length?: number): Handle | undefined;
  /** The native value behind a handle, for handing it to a model runtime without a copy. */
  native?(handle: Handle): unknown;
  stats?(): BackendStats;
}
