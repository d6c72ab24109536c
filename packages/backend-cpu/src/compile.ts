// From a kernel to something callable, once per structure: a WebAssembly function where one can be generated and the platform
// compiles it, or nothing, which means that core's interpreter runs the kernel.

import type { Kernel } from '@unnoise/core';

import type { Arena } from './arena.ts';
import { Layout } from './layout.ts';
import { compileRows, type RowKernel } from './rows.ts';

/** A map kernel ready to run, with the layout of the sizes it last ran with. */
export class CompiledMap {
  readonly kernel: Kernel;
  readonly run: RowKernel;
  #layout: Layout | undefined;

  constructor(kernel: Kernel, run: RowKernel) {
    this.kernel = kernel;
    this.run = run;
  }

  layout(sizes: readonly number[]): Layout {
    if (!this.#layout?.matches(sizes)) this.#layout = new Layout(this.kernel, sizes);
    return this.#layout;
  }
}

/** Compiled kernels by structure. */
export class KernelCache {
  readonly #arena: Arena | undefined;
  readonly #kernels = new Map<string, CompiledMap | undefined>();
  #compiles = 0;

  /** Without an arena there is no WebAssembly, and nothing is ever compiled. */
  constructor(arena: Arena | undefined) {
    this.#arena = arena;
  }

  get compiles(): number {
    return this.#compiles;
  }

  /** The compiled kernel, or undefined where the interpreter has to run it. */
  get(kernel: Kernel): CompiledMap | undefined {
    const known = this.#kernels.get(kernel.key);
    if (known !== undefined || this.#kernels.has(kernel.key)) return known;
    const compiled = this.#compile(kernel);
    this.#kernels.set(kernel.key, compiled);
    return compiled;
  }

  #compile(kernel: Kernel): CompiledMap | undefined {
    this.#compiles++;
    const run = this.#arena && compileRows(kernel, this.#arena.memory);
    return run && new CompiledMap(kernel, run);
  }
}
