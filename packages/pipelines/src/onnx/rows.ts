// Graphs that map rows to rows: what they gave for all rows of a batch, and the call itself for those that are no denoiser.

import type { DType, Shape, TypedArray } from '@unnoise/core';
import { DiffusionError, halvesToFloats } from '@unnoise/core';
import { rowGroups, rowsOf } from './batches.ts';
import type { HostArray } from './encode.ts';
import { encode, isFree, shapeText } from './encode.ts';
import type { ModelPart } from './part.ts';
import type { OnnxTensor, OnnxValueInfo } from './runtime.ts';

/** The output of all rows. */
export interface Rows {
  readonly data: TypedArray;
  readonly shape: Shape;
  readonly dtype: DType;
}

/** The outputs of all groups as one. A single one is not copied. */
export function joined(outputs: readonly OnnxTensor[], rows: number, part: string): Rows {
  const arrays = outputs.map((output) => arrayOf(output, part));
  const shape = [rows, ...outputs[0]!.dims.slice(1)];
  const dtype = arrays[0] instanceof Uint16Array ? 'float16' : 'float32';
  if (arrays.length === 1) return { data: arrays[0]!, shape, dtype };
  const length = arrays.reduce((sum, array) => sum + array.length, 0);
  const data = dtype === 'float16' ? new Uint16Array(length) : new Float32Array(length);
  arrays.reduce((at, array) => (data.set(array, at), at + array.length), 0);
  return { data, shape, dtype };
}

/** Newer platforms give float16 as a Float16Array, older ones as its bits. */
function arrayOf({ type, data }: OnnxTensor, part: string): Float32Array | Uint16Array {
  if (type === 'float32') return data as Float32Array;
  if (type === 'float64') return Float32Array.from(data as Float64Array);
  const array = data as Uint16Array;
  if (type === 'float16') return array instanceof Uint16Array ? array : bitsOf(array);
  const message = `${part} gives ${type}; float32, float16 and float64 can be read.`;
  throw new DiffusionError('DTYPE_UNSUPPORTED', message, { part, type });
}

const bitsOf = ({ buffer, byteOffset, length }: Uint16Array): Uint16Array =>
  new Uint16Array(buffer, byteOffset, length);

/** Float32, whatever the graph gives. */
export function floatsOf({ data }: Rows): Float32Array {
  return data instanceof Uint16Array ? halvesToFloats(data) : (data as Float32Array);
}

/** Runs a graph on all rows, in groups where its export fixed the batch. Each value is cast to what its input declares. */
export async function mapRows(
  part: ModelPart,
  values: readonly (readonly [input: OnnxValueInfo, value: HostArray])[],
  output: string,
): Promise<Rows> {
  for (const [input, { shape }] of values) checkShape(part, input, shape);
  const [[first, { shape }]] = values as [[OnnxValueInfo, HostArray]];
  const rows = shape[0]!;
  const encoded = values.map(([input, value]) => ({ input, value, data: encode(value.data, input.type, input.name) }));
  const outputs: OnnxTensor[] = [];
  for (const group of rowGroups(first, rows, part.name)) {
    const feeds = encoded.map(({ input: { name, type }, value, data }) => {
      const [, ...item] = value.shape;
      return [name, part.tensor(type, rowsOf(data as Float32Array, group, rows), [group.count, ...item])] as const;
    });
    outputs.push(await part.run(Object.fromEntries(feeds), output));
  }
  return joined(outputs, rows, part.name);
}

function checkShape(part: ModelPart, { name, shape: wanted }: OnnxValueInfo, shape: Shape): void {
  const fits =
    shape.length === wanted.length && wanted.every((size, axis) => axis === 0 || isFree(size) || size === shape[axis]);
  if (fits) return;
  const message = `${part.name} takes ${name} ${shapeText(wanted)}, and got ${shapeText(shape)}.`;
  throw new DiffusionError('SHAPE_MISMATCH', message, { part: part.name, wanted, shape });
}
