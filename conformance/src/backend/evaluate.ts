// Runs an expression on a backend, and on the float64 reference backend that is the oracle.

import { floatToHalf, halfToFloat, realize, tensor } from '@unnoise/core';
import type { Backend, Tensor } from '@unnoise/core';
import { createReferenceBackend } from '@unnoise/core/reference';
import type { Input } from './values.ts';
import { numbersOf } from './values.ts';

/** Builds the results from the inputs. */
export type Expression = (inputs: readonly Tensor[]) => readonly Tensor[];

export interface EvaluateOptions {
  /** Dispose the inputs before the results are read. */
  readonly release?: boolean;
  /** Leave the inputs host data, to be uploaded with the computation. */
  readonly host?: boolean;
}

/** One value per result. Everything is disposed of. */
export async function evaluate(
  backend: Backend,
  inputs: readonly Input[],
  expression: Expression,
  { release = false, host = false }: EvaluateOptions = {},
): Promise<readonly Evaluated[]> {
  const given = inputs.map(({ data, shape, dtype }) => tensor(data, shape, { dtype, backend }));
  const made: Tensor[] = [];
  try {
    if (!host) await realize(...given);
    made.push(...expression(given));
    await realize(...made);
    if (release) for (const one of given) one.dispose();
    const results: Evaluated[] = [];
    for (const one of made)
      results.push({ values: numbersOf(await one.data(), one.dtype), shape: one.shape, dtype: one.dtype });
    return results;
  } finally {
    for (const one of [...made, ...given]) one.dispose();
  }
}

export interface Evaluated {
  readonly values: Float64Array;
  readonly shape: Tensor['shape'];
  readonly dtype: Tensor['dtype'];
}

const oracle: Backend = createReferenceBackend();

/** The exact results, as real numbers; what is too large for its dtype is infinite. */
export async function exact(inputs: readonly Input[], expression: Expression): Promise<readonly Evaluated[]> {
  const dtypes: Tensor['dtype'][] = [];
  const wide: Expression = (given) =>
    expression(given).map((one) => {
      dtypes.push(one.dtype);
      return one.dtype === 'float16' ? one.cast('float32') : one;
    });
  const results = await evaluate(oracle, inputs, wide);
  return results.map((result, i) => ({
    ...result,
    dtype: dtypes[i]!,
    values: result.values.map((x) => overflowed(x, dtypes[i]!)),
  }));
}

function overflowed(x: number, dtype: Tensor['dtype']): number {
  if (dtype !== 'float32' && dtype !== 'float16') return x;
  const stored = dtype === 'float16' ? halfToFloat(floatToHalf(x)) : Math.fround(x);
  return Number.isFinite(stored) ? x : stored;
}
