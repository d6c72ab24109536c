// From what the graph gave to what the scheduler takes: the two halves of guidance combined, the channels of a learned variance
// kept or dropped, in the dtype of the sample. The graph's arrays are adopted, not copied.

import type { DType, Shape, Tensor, TypedArray } from '@unnoise/core';
import { concat, defaultBackend, DiffusionError } from '@unnoise/core';
import { extrapolate } from '../loop/guidance.ts';
import { shapeText } from './encode.ts';
import { fromHost } from './host-tensor.ts';
import type { OnnxTensor } from './runtime.ts';

/** The output of all rows. */
export interface Rows {
  readonly data: TypedArray;
  readonly shape: Shape;
  readonly dtype: DType;
}

/** The outputs of all groups as one. A single one is not copied. */
export function joined(outputs: readonly OnnxTensor[], rows: number): Rows {
  const arrays = outputs.map(arrayOf);
  const shape = [rows, ...outputs[0]!.dims.slice(1)];
  const dtype = arrays[0] instanceof Uint16Array ? 'float16' : 'float32';
  if (arrays.length === 1) return { data: arrays[0]!, shape, dtype };
  const length = arrays.reduce((sum, array) => sum + array.length, 0);
  const data = dtype === 'float16' ? new Uint16Array(length) : new Float32Array(length);
  arrays.reduce((at, array) => (data.set(array, at), at + array.length), 0);
  return { data, shape, dtype };
}

/** Newer platforms give float16 as a Float16Array, older ones as its bits. */
function arrayOf({ type, data }: OnnxTensor): Float32Array | Uint16Array {
  if (type === 'float32') return data as Float32Array;
  if (type === 'float64') return Float32Array.from(data as Float64Array);
  const array = data as Uint16Array;
  if (type === 'float16') return array instanceof Uint16Array ? array : bitsOf(array);
  throw new DiffusionError(
    'DTYPE_UNSUPPORTED',
    `The denoiser gives ${type}; the loop takes float32, float16 and float64.`,
    { type },
  );
}

const bitsOf = ({ buffer, byteOffset, length }: Uint16Array): Uint16Array =>
  new Uint16Array(buffer, byteOffset, length);

interface How {
  readonly part: string;
  readonly guidance: number;
  readonly variance: boolean;
}

/** The model's output for the sample `x`. As upstream, guidance leaves a learned variance as the condition has it. */
export async function prediction(rows: Rows, x: Tensor, { part, guidance, variance }: How): Promise<Tensor> {
  checkShape(rows.shape, x.shape, part);
  const halves = split(rows, guidance === 1 ? 1 : 2, x);
  const cond = halves.at(-1)!;
  const [uncond] = halves;
  const channels = x.shape[1]!;
  const learned = rows.shape[1] === 2 * channels && rows.shape[1] !== channels;
  const mean = (half: Tensor): Tensor => (learned ? half.slice(1, 0, channels) : half);
  const value = guidance === 1 ? mean(cond) : extrapolate(mean(uncond!), mean(cond), guidance);
  const out =
    learned && variance ? (guidance === 1 ? cond : concat([value, cond.slice(1, channels, channels)], 1)) : value;
  const cast = out.dtype === x.dtype || x.dtype === 'int32' ? out : out.cast(x.dtype);
  if (cast === cond) return cond;
  try {
    return await cast.realize();
  } finally {
    for (const half of halves) half.dispose();
  }
}

function split({ data, shape, dtype }: Rows, parts: number, x: Tensor): readonly Tensor[] {
  const [rows, ...item] = shape;
  const size = data.length / parts;
  const backend = x.backend ?? defaultBackend();
  return Array.from({ length: parts }, (_, i) =>
    fromHost(data.subarray(i * size, (i + 1) * size), [rows! / parts, ...item], dtype, backend),
  );
}

/** Everything as the sample's, but for the batch, and twice the channels where the variance is learned. */
function checkShape(out: Shape, x: Shape, part: string): void {
  const channels = out[1] === x[1] || out[1] === 2 * x[1]!;
  if (out.length === x.length && channels && out.every((size, axis) => axis < 2 || size === x[axis])) return;
  const message = `${part} predicts ${shapeText(out)} for a sample of ${shapeText(x)}. It must have its shape, or twice its channels.`;
  throw new DiffusionError('MODEL_INVALID', message, { out, x });
}
