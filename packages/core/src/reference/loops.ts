// The meaning of every elementwise operation, as a loop over one chunk. Rounding is what the arrays do: a result is stored in a
// Float32Array, Float64Array, Int32Array or Uint8Array, so the same loop serves both precisions and all dtypes.

import type { KernelOp, MapOp } from '../kernel.ts';
import { floatToHalf, halfToFloat } from '../tensor/half.ts';
import type { DType } from '../tensor/types.ts';
import type { Precision } from './interpreter.ts';
import type { Numbers } from './layout.ts';

/** Consecutive values; reading gives a number, writing rounds to the element type. */
export type Chunk = Float32Array | Float64Array | Int32Array | Uint8Array;
type Loop = (n: number) => void;

/** A loop that computes the first n elements of `out` from those of `args`; `numbers` are its parameters. */
export function loopOf(op: KernelOp, out: Chunk, args: readonly Chunk[], numbers: Numbers, precision: Precision): Loop {
  if (op.fn === 'linear') return linear(out, args, numbers);
  const [lo, hi] = numbers as [number, number];
  if (op.fn === 'clamp') return each(out, args, (x) => clamp(x, lo, hi));
  return each(out, args, op.fn === 'cast' ? castTo(op.dtype, precision) : FUNCTIONS[op.fn]);
}

type Elementwise = (x: number, y: number, z: number) => number;

const FUNCTIONS: Readonly<Record<Exclude<MapOp, 'linear' | 'clamp' | 'cast'>, Elementwise>> = {
  mul: (x, y) => x * y,
  div: (x, y) => x / y,
  max: (x, y) => Math.max(x, y),
  min: (x, y) => Math.min(x, y),
  exp: (x) => Math.exp(x),
  log: (x) => Math.log(x),
  sqrt: (x) => Math.sqrt(x),
  abs: (x) => Math.abs(x),
  eq: (x, y) => (x === y ? 1 : 0),
  where: (condition, x, y) => (condition ? x : y),
};

/** A cast to float16 is the one place inside a kernel where a value is rounded to half precision. */
function castTo(dtype: DType, precision: Precision): Elementwise {
  if (dtype === 'bool') return (x) => (x === 0 ? 0 : 1);
  return dtype === 'float16' && precision === 'float32' ? (x) => halfToFloat(floatToHalf(x)) : (x) => x;
}

/** By comparison, as torch: NaN and the sign of a zero stay. */
function clamp(x: number, lo: number, hi: number): number {
  const raised = x < lo ? lo : x;
  return hi < raised ? hi : raised;
}

/** Functions of fewer arguments get the first one again and do not look at it. */
function each(out: Chunk, [a, b = a, c = a]: readonly Chunk[], f: Elementwise): Loop {
  return (n) => {
    for (let i = 0; i < n; i++) out[i] = f(a![i]!, b![i]!, c![i]!);
  };
}

/** ((c1*a1 + c2*a2) + ...) + bias, each product and each sum rounded on its own. */
function linear(out: Chunk, args: readonly Chunk[], numbers: Numbers): Loop {
  const product = out.slice();
  const bias = numbers[args.length];
  return (n) => {
    args.forEach((a, t) => {
      scale(t === 0 ? out : product, numbers[t]!, a, n);
      if (t > 0) for (let i = 0; i < n; i++) out[i] = out[i]! + product[i]!;
    });
    if (args.length === 0) out.fill(bias!);
    else if (bias !== undefined) for (let i = 0; i < n; i++) out[i] = out[i]! + bias;
  };
}

function scale(out: Chunk, c: number, a: Chunk, n: number): void {
  for (let i = 0; i < n; i++) out[i] = c * a[i]!;
}
