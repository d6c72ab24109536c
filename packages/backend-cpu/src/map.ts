// Drives generated map kernels over buffers of any size: copies what lies outside the backend's memory through a staging area in
// cache-sized blocks, and walks broadcast dimensions row by row. The arithmetic is in the kernel.

import type { DType, Kernel, TypedArray } from '@unnoise/core';

import { type Arena, ELEMENT_SIZE } from './arena.ts';
import type { CpuBuffer } from './buffer.ts';

/** Room for the pointers and parameters of the running kernel. */
const FRAME_BYTES = 16 * 1024;
/** The staging area, shared by the buffers of a kernel: half of a usual second-level cache. */
const STAGE_BYTES = 512 * 1024;

/** A compiled kernel: processes one row whose pointers are in the frame. */
export type RowKernel = (frame: number, count: number) => void;

/** Whether the kernel's pointers and parameters fit the frame. */
export function fitsFrame(kernel: Kernel): boolean {
  const params = kernel.ops.reduce((sum, op) => sum + op.params.length, 0);
  return 4 * (kernel.inputs.length + kernel.outputs.length + params) <= FRAME_BYTES;
}

/** Where each buffer of a kernel goes as the dimensions of `sizes` advance; all in elements, indexed [buffer][dimension]. */
export class Layout {
  readonly sizes: readonly number[];
  /** Elements of each buffer. */
  readonly lengths: readonly number[];
  /** What one step along the dimension skips; 0 where the buffer is broadcast. */
  readonly strides: readonly (readonly number[])[];
  /** Elements below one step: the buffer's part of all later dimensions. */
  readonly below: readonly (readonly number[])[];
  /** Elements of the result below one step. */
  readonly rows: readonly number[];

  constructor(kernel: Kernel, sizes: readonly number[]) {
    this.sizes = sizes.length > 0 ? sizes : [1];
    const full = this.sizes.map(() => true);
    const dims = [
      ...kernel.inputs.map((input) => (input.dims.length > 0 ? input.dims : full)),
      ...kernel.outputs.map(() => full),
    ];
    this.below = dims.map((along) => suffixProducts(this.sizes.map((size, d) => (along[d] ? size : 1))));
    this.strides = dims.map((along, b) => this.sizes.map((_, d) => (along[d] ? this.below[b]![d]! : 0)));
    this.rows = suffixProducts(this.sizes);
    this.lengths = this.below.map((below, b) => below[0]! * (dims[b]![0] ? this.sizes[0]! : 1));
  }

  matches(sizes: readonly number[]): boolean {
    return sizes.length === this.sizes.length && sizes.every((size, d) => size === this.sizes[d]);
  }
}

/** For each position the product of all later values. */
function suffixProducts(values: readonly number[]): number[] {
  const products = values.map(() => 1);
  for (let d = values.length - 2; d >= 0; d--) products[d] = products[d + 1]! * values[d + 1]!;
  return products;
}

/** Runs one kernel at a time; its fields describe the run in progress. */
export class MapRunner {
  readonly #arena: Arena;
  #frame = 0;
  #stage = 0;
  #generation = -1;
  #floats!: Float32Array;
  #words!: Int32Array;
  #views!: Readonly<Record<DType, TypedArray>>;

  #kernel!: RowKernel;
  #layout!: Layout;
  #buffers: readonly CpuBuffer[] = [];
  #inputs = 0;
  /** Bytes of the staging area per buffer. */
  #slot = 0;
  /** Elements that a block may have. */
  #limit = 0;
  /** The first element of the present block, for each buffer. */
  #starts: number[] = [];

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  /** Claims the working memory; false if there is none, and then nothing can run here. */
  prepare(): boolean {
    this.#frame ||= this.#arena.allocate(FRAME_BYTES);
    this.#stage ||= this.#arena.allocate(STAGE_BYTES);
    return this.#frame > 0 && this.#stage > 0;
  }

  /** Computes `outputs`, which exist already, from `inputs`. */
  run(
    kernel: RowKernel,
    layout: Layout,
    inputs: readonly CpuBuffer[],
    outputs: readonly CpuBuffer[],
    params: Float64Array,
  ): void {
    this.#kernel = kernel;
    this.#layout = layout;
    this.#inputs = inputs.length;
    this.#buffers = [...inputs, ...outputs];
    this.#starts = this.#buffers.map(() => 0);
    this.#divideStage();
    this.#refreshViews();
    this.#writeParams(params);
    this.#walk(0);
    this.#buffers = [];
  }

  /** As float32. One by one, which for a handful is faster than `set`. */
  #writeParams(params: Float64Array): void {
    const start = this.#frame / 4 + this.#buffers.length;
    for (let i = 0; i < params.length; i++) this.#floats[start + i] = params[i]!;
  }

  #divideStage(): void {
    this.#limit = Infinity;
    if (this.#buffers.every((buffer) => buffer.offset > 0)) return;
    this.#slot = Math.floor(STAGE_BYTES / this.#buffers.length / 64) * 64;
    this.#limit = this.#slot / 4;
  }

  #refreshViews(): void {
    if (this.#generation === this.#arena.generation) return;
    const { buffer } = this.#arena.memory;
    this.#floats = new Float32Array(buffer);
    this.#words = new Int32Array(buffer);
    this.#views = {
      float32: this.#floats,
      int32: this.#words,
      float16: new Uint16Array(buffer),
      bool: new Uint8Array(buffer),
    };
    this.#generation = this.#arena.generation;
  }

  /** Cuts dimension d into blocks that fit the stage, or descends where one step along it is already too large. */
  #walk(d: number): void {
    const size = this.#layout.sizes[d]!;
    const fitting = Math.floor(this.#limit / this.#layout.rows[d]!);
    const step = Math.max(1, Math.min(size, fitting));
    for (let i = 0; i < size; i += step) {
      if (fitting === 0) this.#walk(d + 1);
      else this.#block(d, Math.min(step, size - i));
      this.#advance(d, step);
    }
    this.#advance(d, -step * Math.ceil(size / step));
  }

  #advance(d: number, steps: number): void {
    for (let b = 0; b < this.#starts.length; b++) this.#starts[b]! += steps * this.#layout.strides[b]![d]!;
  }

  /** `count` steps along dimension d, with everything below them. */
  #block(d: number, count: number): void {
    for (let b = 0; b < this.#buffers.length; b++) this.#point(b, this.#extent(b, d, count));
    this.#rows(d, count);
    for (let b = this.#inputs; b < this.#buffers.length; b++) this.#copyOut(b, this.#extent(b, d, count));
  }

  #extent(b: number, d: number, count: number): number {
    return this.#layout.below[b]![d]! * (this.#layout.strides[b]![d] === 0 ? 1 : count);
  }

  /** Sets the pointer of a buffer: into the buffer itself, or to its slot of the stage, where an input is copied first. */
  #point(b: number, length: number): void {
    const { offset, dtype, array } = this.#buffers[b]!;
    const start = this.#starts[b]!;
    const pointer = offset > 0 ? offset + start * ELEMENT_SIZE[dtype] : this.#stage + b * this.#slot;
    this.#words[this.#frame / 4 + b] = pointer;
    if (offset > 0 || b >= this.#inputs) return;
    const part = length === array.length ? array : array.subarray(start, start + length);
    this.#views[dtype].set(part, pointer / ELEMENT_SIZE[dtype]);
  }

  #copyOut(b: number, length: number): void {
    const { offset, dtype, array } = this.#buffers[b]!;
    if (offset > 0) return;
    const from = (this.#stage + b * this.#slot) / ELEMENT_SIZE[dtype];
    array.set(this.#views[dtype].subarray(from, from + length), this.#starts[b]);
  }

  /** Calls the kernel for every row of the innermost dimension. */
  #rows(d: number, count: number): void {
    if (d === this.#layout.sizes.length - 1) return this.#kernel(this.#frame, count);
    for (let i = 0; i < count; i++) {
      this.#rows(d + 1, this.#layout.sizes[d + 1]!);
      this.#shift(d, 1);
    }
    this.#shift(d, -count);
  }

  #shift(d: number, steps: number): void {
    for (let b = 0; b < this.#buffers.length; b++) {
      this.#words[this.#frame / 4 + b]! += steps * this.#layout.strides[b]![d]! * ELEMENT_SIZE[this.#buffers[b]!.dtype];
    }
  }
}
