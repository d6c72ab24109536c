// Runs one kernel on plain arrays: the specification of the kernel kinds, and what a backend may fall back to. Elementwise kernels
// go chunk by chunk, so that their intermediate values stay small; operations are in loops.ts, the other kinds in layout.ts.

import type { Kernel } from '../kernel.ts';
import { floatToHalf, halfToFloat } from '../tensor/half.ts';
import { lengthOf } from '../tensor/shape.ts';
import type { DType, TypedArray } from '../tensor/types.ts';
import { argmax, concat, gather, type Numbers, reduce, slice, stridesOf, transpose } from './layout.ts';
import { type Chunk, loopOf } from './loops.ts';

/** float64 never rounds: the specification. float32 rounds every result: what backends must equal. */
export type Precision = 'float64' | 'float32';

/** Elements of each output of a kernel run with `sizes`; all outputs of a kernel are equally long. */
export function kernelLength({ kind }: Kernel, sizes: Numbers): number {
  const [a = 1, b = 1, c = 1, , length = 1] = sizes;
  if (kind === 'map') return lengthOf(sizes);
  if (kind === 'reduce' || kind === 'argmax') return a * c;
  if (kind === 'slice') return a * c * length;
  if (kind === 'concat') return a * b * sizes.slice(2).reduce((sum, size) => sum + size, 0);
  return lengthOf(sizes.slice(0, sizes.length / 2));
}

/** The array class that stores a dtype: float16 is bits in a Uint16Array, unless nothing rounds. */
export function storageOf(dtype: DType, precision: Precision): new (length: number) => TypedArray {
  if (dtype === 'int32') return Int32Array;
  if (dtype === 'bool') return Uint8Array;
  if (precision === 'float64') return Float64Array;
  return dtype === 'float16' ? Uint16Array : Float32Array;
}

/** Runs `kernel` on arrays of the class `storageOf(dtype, precision)` and returns new ones. */
export function runKernelOnArrays(
  kernel: Kernel,
  arrays: readonly TypedArray[],
  params: Float64Array,
  sizes: Numbers,
  precision: Precision,
): TypedArray[] {
  const length = kernelLength(kernel, sizes);
  const outputs = kernel.outputs.map(({ dtype }) => new (storageOf(dtype, precision))(length));
  if (kernel.kind === 'map') map(kernel, arrays, outputs, params, sizes, precision);
  else if (kernel.kind === 'reduce') reduce(kernel.reduce!, arrays[0]!, outputs[0]!, sizes);
  else if (kernel.kind === 'argmax') argmax(arrays[0]!, outputs[0]!, sizes);
  else if (kernel.kind === 'concat') concat(arrays, outputs[0]!, sizes);
  else if (kernel.kind === 'slice') slice(arrays[0]!, outputs[0]!, sizes);
  else transpose(arrays[0]!, outputs[0]!, sizes);
  return outputs;
}

const CHUNK = 2048;

function map(
  { inputs, ops, outputs }: Kernel,
  from: readonly TypedArray[],
  to: readonly TypedArray[],
  params: Float64Array,
  sizes: Numbers,
  precision: Precision,
): void {
  const total = lengthOf(sizes);
  const values = [...inputs, ...ops].map(({ dtype }) => newChunk(dtype, precision, Math.min(total, CHUNK)));
  const strides = inputs.map(({ dims }) => stridesOf(sizes, dims));
  const numbers = precision === 'float32' ? Float32Array.from(params) : params;
  const loops = ops.map((op, i) => {
    const args = op.args.map((value) => values[value]!);
    return loopOf(
      op,
      values[inputs.length + i]!,
      args,
      op.params.map((place) => numbers[place]!),
      precision,
    );
  });
  for (let start = 0; start < total; start += CHUNK) {
    const n = Math.min(CHUNK, total - start);
    from.forEach((array, i) => load(array, values[i]!, start, n, sizes, strides[i]!));
    for (const run of loops) run(n);
    to.forEach((array, i) => store(values[outputs[i]!.value]!, array, start, n));
  }
}

function newChunk(dtype: DType, precision: Precision, length: number): Chunk {
  return new (storageOf(dtype === 'float16' ? 'float32' : dtype, precision))(length) as Chunk;
}

function load(array: TypedArray, chunk: Chunk, start: number, n: number, sizes: Numbers, strides: Numbers): void {
  gather(array, chunk, start, n, sizes, strides);
  if (array instanceof Uint16Array) for (let i = 0; i < n; i++) chunk[i] = halfToFloat(chunk[i]!);
}

function store(chunk: Chunk, array: TypedArray, start: number, n: number): void {
  if (array instanceof Uint16Array) for (let i = 0; i < n; i++) array[start + i] = floatToHalf(chunk[i]!);
  else array.set(n === chunk.length ? chunk : chunk.subarray(0, n), start);
}
