// One step of several samples, each from a timestep of its own, as the parallel samplers take it: coefficients become columns.

import type { Backend } from '../backend.ts';
import { DiffusionError } from '../errors.ts';
import type { Tensor } from '../tensor/index.ts';
import { tensor } from '../tensor/index.ts';
import { readBack } from './context.ts';
import { methodResults } from './method.ts';
import type { StepContext } from './types.ts';

/** The rows of several steps as one: each number is a tensor [batch, 1, ...]. */
export type Columns<K> = { readonly [key in keyof K]: Tensor };

export interface BatchStep<K> {
  readonly out: Tensor;
  readonly x: Tensor;
  /** The row of each batch item. */
  readonly rows: readonly K[];
  /** Which of its numbers the rule divides by. */
  readonly divisors: readonly (keyof K)[];
  readonly backend: Backend | undefined;
  rule(context: Pick<StepContext<Columns<K>>, 'k' | 'x' | 'out' | 'host'>): Tensor | Promise<Tensor>;
}

const DIVISORS: Readonly<Record<string, readonly ('alpha' | 'sigma')[]>> = { epsilon: ['alpha'], sample: ['sigma'] };

/** What `predict` divides by for a prediction type. */
export function predictionDivisors(type: string): readonly ('alpha' | 'sigma')[] {
  return DIVISORS[type] ?? [];
}

/**
 * The next samples, in one pass; float32 as upstream, where the inputs are float16.
 * Throws NUMERIC where a coefficient is not finite, or divides by 0.
 */
export async function batchStep<K extends Readonly<Record<keyof K, number>>>(step: BatchStep<K>): Promise<Tensor> {
  const { out, x, rows, divisors, backend, rule } = step;
  const k = columns(rows, out.shape.length, divisors);
  const prev = await rule({ k, x, out, host: readBack });
  const [result] = await methodResults('batchStepNoNoise', [prev], prev.dtype, backend);
  return result!;
}

function columns<K extends Readonly<Record<keyof K, number>>>(
  rows: readonly K[],
  rank: number,
  divisors: readonly (keyof K)[],
): Columns<K> {
  const shape = [rows.length, ...Array.from({ length: rank - 1 }, () => 1)];
  const column = (key: keyof K): Tensor => {
    const values = Float64Array.from(rows, (row) => row[key]);
    const bad = values.findIndex((value) => !Number.isFinite(value) || (value === 0 && divisors.includes(key)));
    if (bad >= 0) throw notFinite(String(key), values[bad], bad);
    return tensor(values, shape);
  };
  const keys = Object.keys(rows[0] ?? {}) as (keyof K)[];
  return Object.fromEntries(keys.map((key) => [key, column(key)])) as unknown as Columns<K>;
}

function notFinite(key: string, value: number | undefined, item: number): DiffusionError {
  const message = `batchStepNoNoise: ${key} is ${value} for batch item ${item}, so its result would not be finite. See "Differences from diffusers" in the package's README.`;
  return new DiffusionError('NUMERIC', message, { key, value, item });
}
