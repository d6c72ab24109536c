// The kernel kinds that work along an axis or on layout, on plain arrays. Sizes are as kernel.ts lists them for each kind.

import type { ReduceOp } from '../kernel.ts';
import { floatsToHalves, halvesToFloats } from '../tensor/half.ts';
import type { TypedArray } from '../tensor/types.ts';

export type Numbers = readonly number[];

/** Row-major strides; 0 along dimensions where the array does not extend. */
export function stridesOf(sizes: Numbers, extent: readonly boolean[] = sizes.map(() => true)): Numbers {
  const strides = sizes.map(() => 0);
  for (let d = sizes.length - 1, stride = 1; d >= 0; d--) {
    if (!extent[d]) continue;
    strides[d] = stride;
    stride *= sizes[d]!;
  }
  return strides;
}

/** A row-major walk over `sizes`, from place `start`: out[i] is the element of `array` at the i-th place. */
export function gather(
  array: TypedArray,
  out: TypedArray,
  start: number,
  n: number,
  sizes: Numbers,
  strides: Numbers,
): void {
  const inner = sizes.at(-1) ?? 1;
  const step = strides.at(-1) ?? 0;
  for (let i = 0; i < n; ) {
    const end = Math.min(n, i + inner - ((start + i) % inner));
    for (let from = offsetOf(start + i, sizes, strides); i < end; i++, from += step) out[i] = array[from]!;
  }
}

function offsetOf(place: number, sizes: Numbers, strides: Numbers): number {
  let offset = 0;
  for (let d = sizes.length - 1; d >= 0; d--) {
    offset += (place % sizes[d]!) * strides[d]!;
    place = Math.floor(place / sizes[d]!);
  }
  return offset;
}

/** Along the axis from its first element to its last. Sums start from 0 and round every addition; float16 adds up in float32. */
export function reduce(op: ReduceOp, array: TypedArray, out: TypedArray, sizes: Numbers): void {
  const half = array instanceof Uint16Array;
  const x = half ? halvesToFloats(array) : array;
  const result = half ? new Float32Array(out.length) : out;
  forEachLine(sizes, (at, first, stride, end) => {
    result[at] = op === 'sum' ? 0 : x[first]!;
    for (let i = first; i < end; i += stride) {
      if (op === 'sum') result[at] = result[at] + x[i]!;
      else result[at] = op === 'amax' ? Math.max(result[at], x[i]!) : Math.min(result[at], x[i]!);
    }
  });
  if (half) out.set(floatsToHalves(result));
}

/** The first maximum of each line. As in torch and numpy, NaN counts as the maximum. */
export function argmax(array: TypedArray, out: TypedArray, sizes: Numbers): void {
  const x = array instanceof Uint16Array ? halvesToFloats(array) : array;
  forEachLine(sizes, (at, first, stride, end) => {
    let best = first;
    for (let i = first; i < end; i += stride) {
      if (x[i]! > x[best]! || (Number.isNaN(x[i]) && !Number.isNaN(x[best]))) best = i;
    }
    out[at] = (best - first) / stride;
  });
}

type Line = (at: number, first: number, stride: number, end: number) => void;

/** Visits the lines along the middle of [outer, axis, inner]; `at` counts them. */
function forEachLine(sizes: Numbers, visit: Line): void {
  const [outer, axis, inner] = sizes as [number, number, number];
  for (let at = 0; at < outer * inner; at++) {
    const first = Math.floor(at / inner) * axis * inner + (at % inner);
    visit(at, first, inner, first + axis * inner);
  }
}

export function concat(arrays: readonly TypedArray[], out: TypedArray, sizes: Numbers): void {
  const [outer, inner, ...lengths] = sizes as [number, number, ...number[]];
  for (let o = 0, at = 0; o < outer; o++) {
    arrays.forEach((array, i) => {
      const run = lengths[i]! * inner;
      out.set(array.subarray(o * run, (o + 1) * run), at);
      at += run;
    });
  }
}

export function slice(array: TypedArray, out: TypedArray, sizes: Numbers): void {
  const [outer, axis, inner, start, length] = sizes as [number, number, number, number, number];
  gather(array.subarray(start * inner), out, 0, out.length, [outer, length, inner], [axis * inner, inner, 1]);
}

export function transpose(array: TypedArray, out: TypedArray, sizes: Numbers): void {
  const from = sizes.slice(0, sizes.length / 2);
  const order = sizes.slice(from.length);
  const strides = stridesOf(from);
  gather(
    array,
    out,
    0,
    out.length,
    order.map((d) => from[d]!),
    order.map((d) => strides[d]!),
  );
}
