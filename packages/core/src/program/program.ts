// A program is what an expression lowers to: kernels in order, and where their buffers and parameters come from. It holds no
// buffer and no coefficient, so it serves every expression of the same structure and shapes.

import type { Kernel } from '../kernel.ts';

/** One kernel call. Buffers are slots: first the program's sources, then what its steps make. */
export interface Step {
  readonly kernel: Kernel;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly sizes: readonly number[];
  /** One place per parameter among the numbers of the expression: a 1, then the `params` of every node in the order of the trace. */
  readonly params: readonly number[];
  /** Slots that nothing needs after this step. */
  readonly frees: readonly number[];
}

export interface Program {
  /** Places in the trace of the leaves and host arrays; slot i holds the i-th. */
  readonly sources: readonly number[];
  readonly steps: readonly Step[];
  /** The slot of each root. */
  readonly results: readonly number[];
}
