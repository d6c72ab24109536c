// For other backends, `@unnoise/backend-cpu/kernels`: map kernels on tensors that already lie in somebody else's WebAssembly memory,
// and how long the inputs of a kernel are. Nothing is allocated or copied here.

import type { Kernel } from '@unnoise/core';

import { ELEMENT_SIZE } from './arena.ts';
import { Layout } from './layout.ts';
import { compileRows, type RowKernel, runRows } from './rows.ts';

export { inputLength } from './lengths.ts';
export { FRAME_BYTES } from './rows.ts';

/** A map kernel on a given memory. Its results have the bits of core's float32 interpreter. */
export class InPlaceKernel {
  readonly #kernel: Kernel;
  readonly #memory: WebAssembly.Memory;
  readonly #run: RowKernel;
  readonly #bytes: readonly number[];
  #layout: Layout | undefined;
  #words = new Int32Array();
  #floats = new Float32Array();

  private constructor(kernel: Kernel, memory: WebAssembly.Memory, run: RowKernel) {
    this.#kernel = kernel;
    this.#memory = memory;
    this.#run = run;
    this.#bytes = [...kernel.inputs, ...kernel.outputs].map(({ dtype }) => ELEMENT_SIZE[dtype]);
  }

  /** Undefined where the kernel cannot be expressed, or where the platform compiles nothing. `memory` may be shared, and may grow. */
  static compile(kernel: Kernel, memory: WebAssembly.Memory): InPlaceKernel | undefined {
    const run = compileRows(kernel, memory);
    return run && new InPlaceKernel(kernel, memory, run);
  }

  /**
   * Computes the outputs from the inputs, both given by the byte offsets of their first elements. Lengths are the caller's to check.
   * @param frame offset of FRAME_BYTES bytes that the call may overwrite, a multiple of 4
   */
  run(frame: number, pointers: readonly number[], params: Float64Array, sizes: readonly number[]): void {
    if (!this.#layout?.matches(sizes)) this.#layout = new Layout(this.#kernel, sizes);
    this.#refreshViews();
    const first = frame / 4;
    for (let i = 0; i < pointers.length; i++) this.#words[first + i] = pointers[i]!;
    for (let i = 0; i < params.length; i++) this.#floats[first + pointers.length + i] = params[i]!;
    const rows = { kernel: this.#run, layout: this.#layout, bytes: this.#bytes, frame, words: this.#words };
    runRows(rows, 0, this.#layout.sizes[0]!);
  }

  #refreshViews(): void {
    const { buffer } = this.#memory;
    if (this.#words.buffer === buffer) return;
    this.#words = new Int32Array(buffer);
    this.#floats = new Float32Array(buffer);
  }
}
