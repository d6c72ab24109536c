// The contract of a random stream: host numbers, the same bits on every backend. There is no global generator.
import type { HalfDType } from './float16.ts';

/** A seeded stream of random numbers. Draw order is part of every scheduler's contract. */
export interface Generator {
  /** Standard normal numbers; `shape` only sets their count and, for torch's streams, the fill rule. */
  normal(shape: readonly number[], dtype?: 'float32'): Float32Array;
  normal(shape: readonly number[], dtype: 'float64'): Float64Array;
  /** Uniform numbers in [0, 1). */
  uniform(shape: readonly number[], dtype?: 'float32'): Float32Array;
  uniform(shape: readonly number[], dtype: 'float64'): Float64Array;
  /** An independent generator that continues from the same state. */
  clone(): Generator;
  /** The whole state as plain JSON, for `restore`. */
  save(): unknown;
  /** Continues from a saved state. */
  restore(state: unknown): void;
}

/** A stream that also draws the 16-bit float types. */
export interface HalfGenerator extends Generator {
  /** Standard normal numbers as the bits of float16 (the default) or bfloat16. */
  normal16(shape: readonly number[], dtype?: HalfDType): Uint16Array;
}
