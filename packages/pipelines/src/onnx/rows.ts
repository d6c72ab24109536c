// Graphs that map rows to rows: what they gave for all rows of a batch, and the call itself for those that are no denoiser.

import type { Backend, DType, Shape, Tensor, TypedArray } from '@unnoise/core';
import { concat, DiffusionError, halvesToFloats, tensor } from '@unnoise/core';
import type { RowGroup } from './batches.ts';
import { rowGroups, rowsOf } from './batches.ts';
import { fromDevice, isOnDevice } from './device-tensor.ts';
import type { HostArray } from './encode.ts';
import { encode, isFree, shapeText } from './encode.ts';
import type { Fed } from './feeds.ts';
import { fed } from './feeds.ts';
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
function floatsOf({ data }: Rows): Float32Array {
  return data instanceof Uint16Array ? halvesToFloats(data) : (data as Float32Array);
}

/**
 * Runs a graph on all rows, in groups where its export fixed the batch; each value is cast to what its input declares. The float32 result
 * lies where the graph left it, on a device that must be `backend`'s, or on the host.
 */
export async function mapRows(
  part: ModelPart,
  values: readonly (readonly [input: OnnxValueInfo, value: HostArray | Tensor])[],
  output: string,
  backend: Backend | undefined,
): Promise<Tensor> {
  for (const [input, { shape }] of values) checkShape(part, input, shape);
  const [[first, { shape }]] = values as [[OnnxValueInfo, HostArray | Tensor]];
  const groups = rowGroups(first, shape[0]!, part.name);
  const encoded = await Promise.all(values.map(([input, value]) => fedValue(part, input, value, groups)));
  try {
    const outputs: OnnxTensor[] = [];
    for (const i of groups.keys()) {
      const feeds = values.map(([{ name }], at) => [name, encoded[at]!.values[i]!] as const);
      outputs.push(await part.run(Object.fromEntries(feeds), output));
    }
    return await result(outputs, shape[0]!, part.name, backend);
  } finally {
    for (const { dispose } of encoded) dispose();
  }
}

async function fedValue(
  part: ModelPart,
  input: OnnxValueInfo,
  value: HostArray | Tensor,
  groups: readonly RowGroup[],
): Promise<Fed> {
  if ('dtype' in value) return fed(part, input, value, groups);
  const [rows, ...item] = value.shape;
  const data = encode(value.data, input.type, input.name) as Float32Array;
  const values = groups.map((group) => part.tensor(input.type, rowsOf(data, group, rows!), [group.count, ...item]));
  return { values, dispose: () => undefined };
}

async function result(
  outputs: readonly OnnxTensor[],
  rows: number,
  part: string,
  backend: Backend | undefined,
): Promise<Tensor> {
  if (isOnDevice(outputs[0]!)) return floatsOnDevice(outputs, part, backend);
  const all = joined(outputs, rows, part);
  return tensor(floatsOf(all), all.shape, { ...(backend && { backend }) });
}

async function floatsOnDevice(
  outputs: readonly OnnxTensor[],
  part: string,
  backend: Backend | undefined,
): Promise<Tensor> {
  const groups = (await Promise.all(outputs.map((output) => fromDevice(output, 1, backend, part)))).flat();
  if (groups.length === 1 && groups[0]!.dtype === 'float32') return groups[0]!;
  try {
    return await concat(groups, 0).cast('float32').realize();
  } finally {
    for (const group of groups) group.dispose();
  }
}

function checkShape(part: ModelPart, { name, shape: wanted }: OnnxValueInfo, shape: Shape): void {
  const fits =
    shape.length === wanted.length && wanted.every((size, axis) => axis === 0 || isFree(size) || size === shape[axis]);
  if (fits) return;
  const message = `${part.name} takes ${name} ${shapeText(wanted)}, and got ${shapeText(shape)}.`;
  throw new DiffusionError('SHAPE_MISMATCH', message, { part: part.name, wanted, shape });
}
