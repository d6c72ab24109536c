// Deterministic inputs of every dtype, and the shapes they come in.

import { floatToHalf, halfToFloat } from '@unnoise/core';
import type { DType, Shape, TypedArray } from '@unnoise/core';

/** A tensor of host data as cases pass it around. */
export interface Input {
  readonly data: TypedArray;
  readonly shape: Shape;
  readonly dtype: DType;
}

/** normal: either sign, mostly within 4; positive: from 0.01 to 100. */
export type Range = 'normal' | 'positive';

export const sizeOf = (shape: Shape): number => shape.reduce((a, b) => a * b, 1);

/** Pseudo-random numbers that depend on `seed` alone (mulberry32). */
export function uniforms(seed: number): () => number {
  let state = (seed * 0x9e3779b1) | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Standard normal numbers (Box and Muller), never exactly 0. */
export function normals(seed: number, count: number): Float32Array {
  const next = uniforms(seed);
  const draw = () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  return Float32Array.from({ length: count }, () => draw() || 0.5);
}

const POSITIVE = (x: number): number => Math.min(100, Math.max(0.01, Math.exp(x)));

export function input(seed: number, shape: Shape, dtype: DType, range: Range = 'normal'): Input {
  const numbers = normals(seed, sizeOf(shape));
  return { data: stored(range === 'positive' ? numbers.map(POSITIVE) : numbers, dtype), shape, dtype };
}

/** Numbers as host data of a dtype. int32 is the number times 10, rounded; bool its sign. */
function stored(numbers: Float32Array, dtype: DType): TypedArray {
  if (dtype === 'float16') return Uint16Array.from(numbers, floatToHalf);
  if (dtype === 'int32') return Int32Array.from(numbers, (x) => Math.round(10 * x));
  return dtype === 'bool' ? Uint8Array.from(numbers, (x) => Number(x > 0)) : numbers;
}

/** What a backend must not get wrong: NaN, infinities, both zeros, and some ordinary numbers. */
export const SPECIAL: readonly number[] = [NaN, Infinity, -Infinity, 0, -0, 1, -1, 0.5, -1.5, 3, -2.25];

/** Values as floats of that dtype. */
export function floats(values: readonly number[], dtype: DType): Input {
  const data = dtype === 'float16' ? Uint16Array.from(values, floatToHalf) : Float32Array.from(values);
  return { data, shape: [values.length], dtype };
}

/** Host data back as plain numbers. */
export function numbersOf(data: TypedArray, dtype: DType): Float64Array {
  return dtype === 'float16' && data instanceof Uint16Array
    ? Float64Array.from(data, halfToFloat)
    : Float64Array.from(data);
}

/** Shapes of the inputs of one operation, in turn; the name goes into the case's id. */
export const LAYOUTS: Readonly<Record<string, readonly Shape[]>> = {
  contiguous: [[2, 3, 4, 4]],
  odd: [[5, 13]],
  one: [[1]],
  scalar: [[]],
  'zero-size': [[0, 3, 4]],
  large: [[70_003]],
};

/** More of them, for operations of several inputs. */
export const BROADCAST_LAYOUTS: Readonly<Record<string, readonly Shape[]>> = {
  broadcast: [
    [2, 3, 4, 4],
    [1, 3, 1, 1],
  ],
  'broadcast-row': [[2, 3, 5], [5]],
  'broadcast-item': [
    [3, 1, 1],
    [3, 5, 7],
  ],
  'broadcast-outer': [
    [5, 1],
    [1, 7],
  ],
  'broadcast-scalar': [[], [3, 5]],
  'broadcast-alternating': [
    [2, 3, 2, 3, 2],
    [2, 1, 2, 1, 2],
  ],
  'broadcast-zero-size': [
    [0, 3],
    [1, 3],
  ],
};

/** Every special value, or every pair of them. */
export function specials(arity: 1 | 2, dtype: DType): readonly Input[] {
  if (arity === 1) return [floats(SPECIAL, dtype)];
  const repeated = SPECIAL.flatMap((x) => SPECIAL.map(() => x));
  return [
    floats(repeated, dtype),
    floats(
      SPECIAL.flatMap(() => SPECIAL),
      dtype,
    ),
  ];
}
