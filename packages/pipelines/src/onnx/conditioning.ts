// Everything that a network is given beside sample and timestep: class labels, text embeddings. Encoded once for a whole loop.

import type { Tensor } from '@unnoise/core';
import { concat, DiffusionError, tensor } from '@unnoise/core';
import type { RowGroup } from './batches.ts';
import { rowsOf } from './batches.ts';
import { sharesDevice } from './device-tensor.ts';
import type { HostArray, OnnxArray } from './encode.ts';
import { encode, shapeText } from './encode.ts';
import { fed } from './feeds.ts';
import { hostData } from './host-tensor.ts';
import type { ModelPart } from './part.ts';
import type { OnnxTensor, OnnxValueInfo } from './runtime.ts';

/** Values by input name; the first dimension of each is the batch. Tensors stay the caller's. */
export type Conditioning = Readonly<Record<string, HostArray | Tensor>>;

type Value = Conditioning[string];

interface Request {
  readonly batch: number;
  readonly conditioning?: Conditioning;
  readonly unconditional?: Conditioning;
  readonly guidance?: number;
}

type Feeds = Readonly<Record<string, OnnxTensor>>;

/** The conditions of one loop: checked when made, encoded when first asked for, freed by `dispose`. */
export class ConditionFeeds {
  readonly #part: ModelPart;
  readonly #groups: readonly RowGroup[];
  /** By input: the null half first, where there is guidance. */
  readonly #values: readonly (readonly [input: OnnxValueInfo, halves: readonly Value[]])[];
  readonly #owned: (() => void)[] = [];
  #feeds: Promise<readonly Feeds[]> | undefined;

  /** Throws REQUEST_INVALID for values that the graph lacks or that are missing. */
  constructor(
    part: ModelPart,
    inputs: readonly OnnxValueInfo[],
    { batch, conditioning = {}, unconditional = {}, guidance = 1 }: Request,
    groups: readonly RowGroup[],
  ) {
    const halves = guidance === 1 ? [conditioning] : [unconditional, conditioning];
    for (const half of halves) checkNames(part, inputs, half);
    this.#part = part;
    this.#groups = groups;
    this.#values = inputs.map((input) => [input, halves.map((half) => checked(part, input, half[input.name], batch))]);
  }

  /** The feeds of each group of rows. */
  groups(): Promise<readonly Feeds[]> {
    return (this.#feeds ??= this.#encoded());
  }

  dispose(): void {
    for (const free of this.#owned.splice(0)) free();
    this.#feeds = undefined;
  }

  async #encoded(): Promise<readonly Feeds[]> {
    const rows: (readonly [name: string, values: readonly OnnxTensor[]])[] = [];
    for (const [input, halves] of this.#values) rows.push([input.name, await this.#rowsOf(input, halves)]);
    return this.#groups.map((_, i) => Object.fromEntries(rows.map(([name, values]) => [name, values[i]!])));
  }

  async #rowsOf(input: OnnxValueInfo, halves: readonly Value[]): Promise<readonly OnnxTensor[]> {
    for (const half of halves) if (isTensor(half) && half.backend) await half.realize();
    const device = halves.find((half) => isTensor(half) && sharesDevice(half)) as Tensor | undefined;
    return device ? this.#onDevice(input, halves, device) : this.#onHost(input, halves);
  }

  async #onDevice(input: OnnxValueInfo, halves: readonly Value[], { backend }: Tensor): Promise<readonly OnnxTensor[]> {
    const there = { ...(backend && { backend }) };
    const tensors = halves.map((half) =>
      isTensor(half) ? half.clone() : tensor(Float32Array.from(half.data), half.shape, there),
    );
    const all = concat(tensors, 0);
    try {
      const { values, dispose } = await fed(this.#part, input, all, this.#groups);
      this.#owned.push(dispose);
      return values;
    } finally {
      for (const one of [all, ...tensors]) one.dispose();
    }
  }

  async #onHost(input: OnnxValueInfo, halves: readonly Value[]): Promise<readonly OnnxTensor[]> {
    const arrays = await Promise.all(halves.map(async (half) => (isTensor(half) ? hostData(half) : half.data)));
    const data = joined(arrays.map((array) => encoded(array, input)));
    const [batch, ...item] = halves[0]!.shape;
    return this.#groups.map((group) => {
      const values = rowsOf(data as Float32Array, group, halves.length * batch!);
      return this.#part.tensor(input.type, values, [group.count, ...item]);
    });
  }
}

const isTensor = (value: Value): value is Tensor => 'dtype' in value;

const encoded = (values: ArrayLike<number>, { type, name }: OnnxValueInfo): OnnxArray =>
  type === 'float16' && values instanceof Uint16Array ? values : encode(values, type, name);

function checked(part: ModelPart, input: OnnxValueInfo, value: Value | undefined, batch: number): Value {
  const what = `${part.name} needs the input ${input.name} (${input.type} ${shapeText(input.shape)})`;
  if (!value)
    throw invalid(
      `${what}, which is not given. Pass it as conditioning, and as unconditional for guidance.`,
      input.name,
    );
  const size = value.shape.reduce((a, b) => a * b, 1);
  const length = isTensor(value) ? size : value.data.length;
  if (value.shape[0] === batch && size === length) return value;
  throw invalid(
    `${what} for a batch of ${batch}, and got ${length} values of shape ${shapeText(value.shape)}.`,
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
