// The meaning of every elementwise operation, as a loop over one chunk. Rounding is what the arrays do: results are stored in a
// Float32Array, Float64Array, Int32Array or Uint8Array, so the same loop serves both precisions and all dtypes.

import type { KernelOp, MapOp } from '../program/kernel.ts';
import { floatToHalf, halfToFloat } from '../tensor/half.ts';
import type { Precision } from './interpreter.ts';

/** Any chunk of values; reading gives a number, writing rounds to the element type. */
export type Chunk = Float32Array | Float64Array | Int32Array | Uint8Array;
export type Loop = (out: Chunk, args: readonly Chunk[], params: readonly number[], n: number) => void;

type Args = readonly [Chunk, Chunk, Chunk];
let product: Chunk = new Float64Array(0);

/** ((c1*a1 + c2*a2) + ...) + bias, each product and each sum rounded on its own. */
function linear(out: Chunk, args: readonly Chunk[], params: readonly number[], n: number): void {
  const bias = params[args.length];
  if (args.length === 0) return void out.fill(bias!, 0, n);
  scale(out, params[0]!, args[0]!, n);
  if (product.constructor !== out.constructor || product.length < n) product = out.slice(0, n);
  for (let t = 1; t < args.length; t++) {
    scale(product, params[t]!, args[t]!, n);
    for (let i = 0; i < n; i++) out[i] = out[i]! + product[i]!;
  }
  if (bias !== undefined) for (let i = 0; i < n; i++) out[i] = out[i]! + bias;
}

function scale(out: Chunk, c: number, a: Chunk, n: number): void {
  for (let i = 0; i < n; i++) out[i] = c * a[i]!;
}

/** The loop of an operation. A cast to float16 is the one place inside a kernel where a value is rounded to half precision. */
export function loopOf({ fn, dtype }: KernelOp, precision: Precision): Loop {
  return fn === 'cast' && dtype === 'float16' && precision === 'float32' ? roundToHalf : LOOPS[fn];
}

const roundToHalf: Loop = (out, [a], _, n) => {
  for (let i = 0; i < n; i++) out[i] = halfToFloat(floatToHalf(a![i]!));
};

const LOOPS: Readonly<Record<MapOp, Loop>> = {
  linear,
  mul(out, args, _, n) {
    const [a, b] = args as Args;
    for (let i = 0; i < n; i++) out[i] = a[i]! * b[i]!;
  },
  div(out, args, _, n) {
    const [a, b] = args as Args;
    for (let i = 0; i < n; i++) out[i] = a[i]! / b[i]!;
  },
  clamp(out, args, params, n) {
    const [a] = args as Args;
    const [lo, hi] = params as [number, number];
    for (let i = 0; i < n; i++) {
      const raised = a[i]! < lo ? lo : a[i]!; // by comparison, as torch: NaN and the sign of a zero stay
      out[i] = hi < raised ? hi : raised;
    }
  },
  max(out, args, _, n) {
    const [a, b] = args as Args;
    for (let i = 0; i < n; i++) out[i] = Math.max(a[i]!, b[i]!);
  },
  min(out, args, _, n) {
    const [a, b] = args as Args;
    for (let i = 0; i < n; i++) out[i] = Math.min(a[i]!, b[i]!);
  },
  exp(out, args, _, n) {
    const [a] = args as Args;
    for (let i = 0; i < n; i++) out[i] = Math.exp(a[i]!);
  },
  log(out, args, _, n) {
    const [a] = args as Args;
    for (let i = 0; i < n; i++) out[i] = Math.log(a[i]!);
  },
  sqrt(out, args, _, n) {
    const [a] = args as Args;
    for (let i = 0; i < n; i++) out[i] = Math.sqrt(a[i]!);
  },
  abs(out, args, _, n) {
    const [a] = args as Args;
    for (let i = 0; i < n; i++) out[i] = Math.abs(a[i]!);
  },
  eq(out, args, _, n) {
    const [a, b] = args as Args;
    for (let i = 0; i < n; i++) out[i] = a[i] === b[i] ? 1 : 0;
  },
  where(out, args, _, n) {
    const [c, a, b] = args as Args;
    for (let i = 0; i < n; i++) out[i] = c[i] ? a[i]! : b[i]!;
  },
  cast(out, args, _, n) {
    const [a] = args as Args;
    const toBool = out instanceof Uint8Array;
    for (let i = 0; i < n; i++) out[i] = toBool ? Number(a[i] !== 0) : a[i]!;
  },
};
