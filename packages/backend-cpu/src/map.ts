// Drives generated map kernels over buffers of any size: copies what lies outside the backend's memory through a staging area in
// cache-sized blocks, and walks broadcast dimensions row by row. The arithmetic is in the kernel.

import type { DType, TypedArray } from '@unnoise/core';

import { type Arena, ELEMENT_SIZE } from './arena.ts';
import type { CpuBuffer } from './buffer.ts';
import type { Layout } from './layout.ts';
import { FRAME_BYTES, type RowKernel, type Rows, runRows } from './rows.ts';

/** The staging area, shared by the buffers of a kernel: half of a usual second-level cache. */
const STAGE_BYTES = 512 * 1024;

/** Runs one kernel at a time; its fields describe the run in progress. */
export class MapRunner {
  readonly #arena: Arena;
  #frame = 0;
  #stage = 0;
  #generation = -1;
  #floats!: Float32Array;
  #words!: Int32Array;
  #views!: Readonly<Record<DType, TypedArray>>;

  #layout!: Layout;
  #rows!: Rows;
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
    this.#layout = layout;
    this.#inputs = inputs.length;
    this.#buffers = [...inputs, ...outputs];
    this.#starts = this.#buffers.map(() => 0);
    this.#divideStage();
    this.#refreshViews();
    this.#writeParams(params);
    const bytes = this.#buffers.map(({ dtype }) => ELEMENT_SIZE[dtype]);
    this.#rows = { kernel, layout, bytes, frame: this.#frame, words: this.#words };
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
    runRows(this.#rows, d, count);
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
}
