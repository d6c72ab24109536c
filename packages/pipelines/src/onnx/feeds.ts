// A tensor as what a graph is fed with: its rows, perhaps repeated, in the groups that the graph takes. Where backend and runtime share
// a device they never leave it; elsewhere they go by way of the host, without a copy if the backend lends its memory.

import type { Tensor, TypedArray } from '@unnoise/core';
import { concat } from '@unnoise/core';
import type { RowGroup } from './batches.ts';
import { rowsOf } from './batches.ts';
import { deviceValue, sharesDevice } from './device-tensor.ts';
import type { OnnxArray } from './encode.ts';
import { encode } from './encode.ts';
import { hostData } from './host-tensor.ts';
import type { ModelPart } from './part.ts';
import type { OnnxTensor, OnnxValueInfo } from './runtime.ts';

/** The values of each group, until disposed. */
export interface Fed {
  readonly values: readonly OnnxTensor[];
  dispose(): void;
}

/** `x`, `times` over, for the input of a graph, in the type that it declares. */
export async function fed(
  part: ModelPart,
  input: OnnxValueInfo,
  x: Tensor,
  groups: readonly RowGroup[],
  times = 1,
): Promise<Fed> {
  const cast = await castFor(input, x);
  try {
    const direct = sharesDevice(cast) && cast.dtype === input.type;
    return direct ? await onDevice(cast, groups, times) : await onHost(part, input, cast, groups, times);
  } finally {
    cast.dispose();
  }
}

async function castFor({ type }: OnnxValueInfo, x: Tensor): Promise<Tensor> {
  const wanted = type === 'float16' ? 'float16' : x.dtype === 'int32' ? 'int32' : 'float32';
  const own = x.dtype === wanted ? x.clone() : x.cast(wanted);
  return own.backend ? own.realize() : own; // numbers of the host have no need of a backend
}

async function onDevice(x: Tensor, groups: readonly RowGroup[], times: number): Promise<Fed> {
  const owned: Tensor[] = [];
  const keep = async (rows: Tensor): Promise<Tensor> => (owned.push(rows), rows.realize());
  const dispose = (): void => owned.forEach((rows) => rows.dispose());
  try {
    const all = await keep(times === 1 ? x.clone() : concat(Array<Tensor>(times).fill(x), 0));
    const values: OnnxTensor[] = [];
    for (const { start, count } of groups)
      values.push(await deviceValue(groups.length === 1 ? all : await keep(all.slice(0, start, count))));
    return { values, dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

async function onHost(
  part: ModelPart,
  { name, type }: OnnxValueInfo,
  x: Tensor,
  groups: readonly RowGroup[],
  times: number,
): Promise<Fed> {
  const [rows, ...item] = x.shape;
  const data: TypedArray = await hostData(x);
  const elements = repeated(data instanceof Uint16Array ? data : encode(data, type, name), times);
  const values = groups.map((group) => {
    const those = rowsOf(elements as Float32Array, group, rows! * times);
    return part.tensor(type, those, [group.count, ...item]);
  });
  return { values, dispose: () => undefined };
}

function repeated(elements: OnnxArray, times: number): OnnxArray {
  if (times === 1) return elements;
  const all = new (elements.constructor as Float32ArrayConstructor)(elements.length * times);
  for (let i = 0; i < times; i++) all.set(elements as Float32Array, i * elements.length);
  return all;
}
