// Everything that a network is given beside sample and timestep: class labels, text embeddings. Encoded once for a whole loop.

import { DiffusionError } from '@unnoise/core';
import type { RowGroup } from './batches.ts';
import { rowsOf } from './batches.ts';
import type { HostArray, OnnxArray } from './encode.ts';
import { encode, shapeText } from './encode.ts';
import type { ModelPart } from './part.ts';
import type { OnnxTensor, OnnxValueInfo } from './runtime.ts';

/** Values by input name; the first dimension of each is the batch. */
export type Conditioning = Readonly<Record<string, HostArray>>;

interface Request {
  readonly batch: number;
  readonly conditioning?: Conditioning;
  readonly unconditional?: Conditioning;
  readonly guidance?: number;
}

/** The feeds of each group of rows. Throws REQUEST_INVALID for values that the graph lacks or that are missing. */
export function conditionFeeds(
  part: ModelPart,
  inputs: readonly OnnxValueInfo[],
  { batch, conditioning = {}, unconditional = {}, guidance = 1 }: Request,
  groups: readonly RowGroup[],
): readonly Readonly<Record<string, OnnxTensor>>[] {
  const halves = guidance === 1 ? [conditioning] : [unconditional, conditioning];
  for (const half of halves) checkNames(part, inputs, half);
  const rows = halves.length * batch;
  const all = inputs.map((input) => {
    const values = halves.map((half) => checked(part, input, half[input.name], batch));
    const [, ...item] = values[0]!.shape;
    return { input, item, data: joined(values.map(({ data }) => encode(data, input.type, input.name))) };
  });
  return groups.map((group) =>
    Object.fromEntries(
      all.map(({ input, item, data }) => {
        const values = rowsOf(data as Float32Array, group, rows);
        return [input.name, part.tensor(input.type, values, [group.count, ...item])];
      }),
    ),
  );
}

function checked(part: ModelPart, input: OnnxValueInfo, value: HostArray | undefined, batch: number): HostArray {
  const what = `${part.name} needs the input ${input.name} (${input.type} ${shapeText(input.shape)})`;
  if (!value)
    throw invalid(
      `${what}, which is not given. Pass it as conditioning, and as unconditional for guidance.`,
      input.name,
    );
  const size = value.shape.reduce((a, b) => a * b, 1);
  if (value.shape[0] === batch && size === value.data.length) return value;
  throw invalid(
    `${what} for a batch of ${batch}, and got ${value.data.length} values of shape ${shapeText(value.shape)}.`,
    input.name,
  );
}

function checkNames(part: ModelPart, inputs: readonly OnnxValueInfo[], values: Conditioning): void {
  const unknown = Object.keys(values).find((name) => !inputs.some((input) => input.name === name));
  if (unknown === undefined) return;
  const have = inputs.map(({ name }) => name).join(', ') || 'none';
  throw invalid(`${part.name} has no input ${unknown} to condition it with; it has: ${have}.`, unknown);
}

function joined(arrays: readonly OnnxArray[]): OnnxArray {
  if (arrays.length === 1) return arrays[0]!;
  const first = arrays[0] as Float32Array;
  const all = new (first.constructor as Float32ArrayConstructor)(arrays.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const array of arrays as readonly Float32Array[]) {
    all.set(array, at);
    at += array.length;
  }
  return all;
}

function invalid(message: string, input: string): DiffusionError {
  return new DiffusionError('REQUEST_INVALID', message, { input });
}
