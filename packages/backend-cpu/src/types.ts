// The public interface of the CPU backend, beyond core's `Backend`: synchronous, with memory of its own to compute in.

import type { Backend, BackendStats, DType, Handle, Kernel, TypedArray } from '@unnoise/core';

export interface CpuOptions {
  /** false: core's interpreter runs every kernel, slower by an order of magnitude, with the same bits. Default: where available. */
  readonly wasm?: boolean;
}

export interface CpuStats extends BackendStats {
  /** Bytes of the backend's own memory in use, and its size. */
  readonly arenaUsed: number;
  readonly arenaCapacity: number;
  /** Bytes of released results kept for reuse. */
  readonly pooled: number;
}

/** Room in the backend's own memory. Tensors adopted from it are computed without copies, and their results live there too. */
export interface CpuAllocation {
  readonly dtype: DType;
  readonly length: number;
  /** The elements. Valid until the memory grows (at a later allocation or step), so do not keep it: ask again. */
  readonly array: TypedArray;
  /** Gives the room back. Dispose tensors adopted from it first. */
  free(): void;
}

export interface CpuBackend extends Backend {
  readonly name: 'cpu';
  run(kernel: Kernel, inputs: readonly Handle[], params: Float64Array, sizes: readonly number[]): readonly Handle[];
  /** Takes Float32Array, Int32Array, Uint16Array (float16 bits), Float16Array, Uint8Array (bool) or an allocation, never with a copy. */
  adopt(native: unknown, dtype: DType): Handle | undefined;
  /** A copy of the elements, or the adopted array itself. */
  download(handle: Handle): TypedArray;
  /** The elements themselves, valid until the tensor is disposed; those of an allocation also only until the memory grows. */
  native(handle: Handle): TypedArray;
  stats(): CpuStats;
  /** Zeroed room for `length` elements (default float32), the caller's until `free()`. */
  allocate(length: number, dtype?: DType): CpuAllocation;
}
