// Runs one kernel on plain arrays: the specification of every kernel kind, and what a backend may fall back to. Readable first;
// elementwise work goes in chunks so that it is also not slow.

import type { Kernel, ReduceOp } from '../program/kernel.ts';
import { floatToHalf, halfToFloat, halvesToFloats } from '../tensor/half.ts';
import { lengthOf } from '../tensor/shape.ts';
import type { DType, TypedArray } from '../tensor/types.ts';
import { type Chunk, loopOf } from './loops.ts';

/** float64 never rounds: the specification. float32 rounds every result: what backends must equal. */
export type Precision = 'float64' | 'float32';

/** Elements of each output of a kernel run with `sizes`; all outputs of a kernel are equally long. */
export function kernelLength({ kind }: Kernel, sizes: readonly number[]): number {
  const [a = 1, b = 1, c = 1, , length = 1] = sizes;
  if (kind === 'map') return lengthOf(sizes);
  if (kind === 'reduce' || kind === 'argmax') return a * c;
  if (kind === 'slice') return a * c * length;
  if (kind === 'concat') return a * b * sizes.slice(2).reduce((sum, size) => sum + size, 0);
  return lengthOf(sizes.slice(0, sizes.length / 2));
}

/** Runs `kernel` on arrays of the class `storageOf(dtype, precision)` and returns new ones. */
export function runKernelOnArrays(
  kernel: Kernel,
  arrays: readonly TypedArray[],
  params: Float64Array,
  sizes: readonly number[],
  precision: Precision,
): TypedArray[] {
  const length = kernelLength(kernel, sizes);
  const outputs = kernel.outputs.map(({ dtype }) => new (storageOf(dtype, precision))(length));
  if (kernel.kind === 'map') map(kernel, arrays, outputs, params, sizes, precision);
  else if (kernel.kind === 'concat') concat(arrays, outputs[0]!, sizes);
  else if (kernel.kind === 'slice') slice(arrays[0]!, outputs[0]!, sizes);
  else if (kernel.kind === 'transpose') transpose(arrays[0]!, outputs[0]!, sizes);
  else fold(kernel, arrays[0]!, outputs[0]!, sizes);
  return outputs;
}

/** The array class that stores a dtype: float16 is bits in a Uint16Array, unless nothing rounds. */
export function storageOf(dtype: DType, precision: Precision): new (length: number) => TypedArray {
  if (dtype === 'int32') return Int32Array;
  if (dtype === 'bool') return Uint8Array;
  if (precision === 'float64') return Float64Array;
  return dtype === 'float16' ? Uint16Array : Float32Array;
}

const CHUNK = 2048;

function map(
  kernel: Kernel,
  inputs: readonly TypedArray[],
  outputs: readonly TypedArray[],
  params: Float64Array,
  sizes: readonly number[],
  precision: Precision,
): void {
  const round = precision === 'float32' ? Math.fround : Number;
  const values = [...kernel.inputs, ...kernel.ops].map(({ dtype }) => newChunk(dtype, precision));
  const readers = kernel.inputs.map(({ dims }, i) => readerOf(dims, inputs[i]!, sizes, values[i]!));
  const loops = kernel.ops.map((op) => loopOf(op, precision));
  const numbers = kernel.ops.map((op) => op.params.map((place) => round(params[place]!)));
  const total = lengthOf(sizes);
  for (let start = 0; start < total; start += CHUNK) {
    const n = Math.min(CHUNK, total - start);
    readers.forEach((read, i) => (values[i] = read(start, n)));
    kernel.ops.forEach(({ args }, i) => loops[i]!(values[readers.length + i]!, args.map((a) => values[a]!), numbers[i]!, n));
    kernel.outputs.forEach(({ value }, i) => store(values[value]!, outputs[i]!, start, n));
  }
}

function newChunk(dtype: DType, precision: Precision): Chunk {
  return new (storageOf(dtype === 'float16' ? 'float32' : dtype, precision))(CHUNK) as Chunk;
}

/** Gives elements start .. start + n of an input; without a copy where they lie together as they are. */
function readerOf(dims: readonly boolean[], array: TypedArray, sizes: readonly number[], chunk: Chunk): (start: number, n: number) => Chunk {
  const half = array instanceof Uint16Array;
  if (!half && dims.every(Boolean)) return (start, n) => array.subarray(start, start + n) as Chunk;
  const strides = stridesOf(sizes.map((size, d) => (dims[d] ? size : 1))).map((stride, d) => (dims[d] ? stride : 0));
  return (start, n) => {
    gather(array, chunk, start, n, sizes, strides);
    if (half) for (let i = 0; i < n; i++) chunk[i] = halfToFloat(chunk[i]!);
    return chunk;
  };
}

/** out[i] = the element of `array` at place start + i of a walk over `sizes` in row-major order. */
function gather(array: TypedArray, out: TypedArray, start: number, n: number, sizes: readonly number[], strides: readonly number[]): void {
  const inner = sizes.at(-1) ?? 1;
  const step = strides.at(-1) ?? 0;
  for (let i = 0; i < n; ) {
    let rest = start + i;
    let from = 0;
    for (let d = sizes.length - 1; d >= 0; d--) {
      from += (rest % sizes[d]!) * strides[d]!;
      rest = Math.floor(rest / sizes[d]!);
    }
    const end = Math.min(n, i + inner - ((start + i) % inner));
    for (; i < end; i++, from += step) out[i] = array[from]!;
  }
}

function store(chunk: Chunk, out: TypedArray, start: number, n: number): void {
  if (out instanceof Uint16Array) for (let i = 0; i < n; i++) out[start + i] = floatToHalf(chunk[i]!);
  else out.set(n === chunk.length ? chunk : chunk.subarray(0, n), start);
}

/** Row-major strides. */
function stridesOf(sizes: readonly number[]): number[] {
  const strides = sizes.map(() => 1);
  for (let d = sizes.length - 2; d >= 0; d--) strides[d] = strides[d + 1]! * sizes[d + 1]!;
  return strides;
}

/** sum, amax, amin and argmax over the middle of [outer, axis, inner], from the first element to the last; float16 adds up in float32. */
function fold({ reduce, inputs }: Kernel, array: TypedArray, out: TypedArray, sizes: readonly number[]): void {
  const [outer, axis, inner] = sizes as [number, number, number];
  const x = array instanceof Uint16Array && inputs[0]!.dtype === 'float16' ? halvesToFloats(array) : array;
  const total = out instanceof Uint16Array ? new Float32Array(out.length) : out;
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      const first = o * axis * inner + i;
      const at = o * inner + i;
      if (reduce) foldLine(reduce, x, total, at, first, axis, inner);
      else total[at] = firstMaximum(x, first, axis, inner);
    }
  }
  if (total !== out) store(total as Chunk, out, 0, out.length);
}

function foldLine(reduce: ReduceOp, x: TypedArray, out: TypedArray, at: number, first: number, axis: number, stride: number): void {
  out[at] = reduce === 'sum' ? 0 : x[first]!;
  for (let k = 0; k < axis; k++) {
    const value = x[first + k * stride]!;
    if (reduce === 'sum') out[at] = out[at]! + value;
    else out[at] = reduce === 'amax' ? Math.max(out[at]!, value) : Math.min(out[at]!, value);
  }
}

/** As torch and numpy, NaN counts as the maximum. */
function firstMaximum(x: TypedArray, first: number, axis: number, stride: number): number {
  let best = 0;
  for (let k = 1; k < axis; k++) {
    const value = x[first + k * stride]!;
    const top = x[first + best * stride]!;
    if (value > top || (value !== value && top === top)) best = k;
  }
  return best;
}

function concat(arrays: readonly TypedArray[], out: TypedArray, [outer = 0, inner = 0, ...lengths]: readonly number[]): void {
  let at = 0;
  for (let o = 0; o < outer; o++) {
    arrays.forEach((array, i) => {
      const run = lengths[i]! * inner;
      out.set(array.subarray(o * run, (o + 1) * run), at);
      at += run;
    });
  }
}

function slice(array: TypedArray, out: TypedArray, sizes: readonly number[]): void {
  const [outer, axis, inner, start, length] = sizes as [number, number, number, number, number];
  for (let o = 0; o < outer; o++) {
    const from = (o * axis + start) * inner;
    out.set(array.subarray(from, from + length * inner), o * length * inner);
  }
}

function transpose(array: TypedArray, out: TypedArray, sizes: readonly number[]): void {
  const rank = sizes.length / 2;
  const strides = stridesOf(sizes.slice(0, rank));
  const order = sizes.slice(rank);
  gather(array, out, 0, out.length, order.map((d) => sizes[d]!), order.map((d) => strides[d]!));
}
