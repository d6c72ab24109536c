// The network of a diffusion model as a function of a loop: binds inputs by name and metadata, casts and shapes the timestep as
// the graph wants it, batches guidance, and gives the prediction back in the dtype of the sample.

import type { Shape, Tensor, TypedArray } from '@unnoise/core';
import { DiffusionError } from '@unnoise/core';
import { checkGuidance } from '../loop/guidance.ts';
import type { Model } from '../loop/types.ts';
import type { RowGroup } from './batches.ts';
import { rowGroups, rowsOf } from './batches.ts';
import type { Conditioning } from './conditioning.ts';
import { conditionFeeds } from './conditioning.ts';
import type { OnnxArray } from './encode.ts';
import { encode, isFree, shapeText } from './encode.ts';
import { hostData } from './host-tensor.ts';
import type { ModelPart } from './part.ts';
import { prediction } from './prediction.ts';
import { joined } from './rows.ts';
import type { OnnxTensor, OnnxValueInfo } from './runtime.ts';

const SAMPLE = ['sample', 'hidden_states', 'x'] as const;
const TIMESTEP = ['timestep', 'timesteps', 't'] as const;
const OUTPUT = ['out_sample', 'out_hidden_states', 'sample', 'output'] as const;

/** What stays the same over a loop. */
export interface DenoiserRequest {
  /** Samples in the loop. */
  readonly batch: number;
  /** Values of the graph's other inputs, by name, one row for each sample. */
  readonly conditioning?: Conditioning;
  /** The same for the null half of guidance. */
  readonly unconditional?: Conditioning;
  /** unconditional + guidance * (conditional - unconditional); default 1, which calls the graph once. */
  readonly guidance?: number;
  /** Share of the guided prediction that is brought to the deviation of the conditional one, 0 to 1. Default 0. */
  readonly guidanceRescale?: number;
  /** Leave guidance as an expression, which `denoise` computes with its step. Whoever calls the model otherwise: leave this false. */
  readonly deferred?: boolean;
  /** Keep the second half of the channels of a model with a learned variance: for schedulers that use it. Default false. */
  readonly variance?: boolean;
}

type Feeds = Readonly<Record<string, OnnxTensor>>;

export class Denoiser {
  readonly part: ModelPart;
  readonly sample: OnnxValueInfo;
  readonly timestep: OnnxValueInfo;
  readonly output: OnnxValueInfo;
  /** The other inputs, which the conditioning must give. */
  readonly conditions: readonly OnnxValueInfo[];

  /** Throws MODEL_INVALID for a graph that has no input of the usual names. */
  constructor(part: ModelPart) {
    this.part = part;
    this.sample = required(part, 'input', SAMPLE, part.inputs);
    this.timestep = required(part, 'input', TIMESTEP, part.inputs);
    this.output = part.outputs.length === 1 ? part.outputs[0]! : required(part, 'output', OUTPUT, part.outputs);
    this.conditions = part.inputs.filter((input) => input !== this.sample && input !== this.timestep);
  }

  /** The model of a loop. Guidance is one call with a doubled batch, or as many as an exported batch size makes necessary. */
  bind(request: DenoiserRequest): Model {
    const { batch, guidance = 1, guidanceRescale = 0, variance = false, deferred = false } = request;
    checkGuidance(guidance, guidanceRescale);
    const how = { guidance, guidanceRescale, variance, deferred, part: this.part.name };
    const rows = guidance === 1 ? batch : 2 * batch;
    const groups = rowGroups(this.sample, rows, this.part.name);
    const feeds = conditionFeeds(this.part, this.conditions, request, groups);
    return async (x, timestep) => {
      this.#checkShape(x.shape, batch);
      const lent = await this.#castSample(x);
      try {
        const elements = repeated(await this.#encoded(lent), rows / batch);
        const outputs: OnnxTensor[] = [];
        for (const [i, group] of groups.entries()) {
          const sample = this.#sampleFeed(elements, group, rows, x.shape);
          outputs.push(
            await this.part.run({ ...feeds[i], ...sample, ...this.#timestepFeed(timestep, group) }, this.output.name),
          );
        }
        return await prediction(joined(outputs, rows, this.part.name), x, how);
      } finally {
        lent.dispose();
      }
    };
  }

  async #castSample(x: Tensor): Promise<Tensor> {
    const wanted = this.sample.type === 'float16' ? 'float16' : x.dtype === 'int32' ? 'int32' : 'float32';
    return x.dtype === wanted ? x.clone() : x.cast(wanted).realize();
  }

  async #encoded(x: Tensor): Promise<OnnxArray> {
    const data: TypedArray = await hostData(x);
    return data instanceof Uint16Array ? data : encode(data, this.sample.type, this.sample.name);
  }

  #sampleFeed(elements: OnnxArray, group: RowGroup, rows: number, [, ...item]: Shape): Feeds {
    const data = rowsOf(elements as Float32Array, group, rows);
    return { [this.sample.name]: this.part.tensor(this.sample.type, data, [group.count, ...item]) };
  }

  /** A scalar, one number, or one for each row: as the graph declares it. */
  #timestepFeed(timestep: number, { count }: RowGroup): Feeds {
    const { name, type, shape } = this.timestep;
    const dims = shape.map((size, axis) => (isFree(size) ? (axis === 0 ? count : 1) : (size as number)));
    const values = Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => timestep);
    return { [name]: this.part.tensor(type, encode(values, type, name), dims) };
  }

  #checkShape(shape: Shape, batch: number): void {
    const { name, shape: wanted } = this.sample;
    const fits =
      shape.length === wanted.length &&
      wanted.every((size, axis) => axis === 0 || isFree(size) || size === shape[axis]);
    if (fits && shape[0] === batch) return;
    throw new DiffusionError(
      'SHAPE_MISMATCH',
      `${this.part.name} takes ${name} ${shapeText(wanted)} and a batch of ${batch}, and the sample is ${shapeText(shape)}.`,
      { wanted, shape, batch },
    );
  }
}

function required(
  part: ModelPart,
  kind: 'input' | 'output',
  names: readonly string[],
  values: readonly OnnxValueInfo[],
): OnnxValueInfo {
  const found = names.map((name) => values.find((value) => value.name === name)).find(Boolean);
  if (found) return found;
  const have = values.map(({ name }) => name).join(', ') || 'none';
  const message = `${part.name} is no denoiser: it has no ${kind} named ${names.join(' or ')} (its ${kind}s: ${have}).`;
  throw new DiffusionError('MODEL_INVALID', message, { part: part.name });
}

function repeated(elements: OnnxArray, times: number): OnnxArray {
  if (times === 1) return elements;
  const all = new (elements.constructor as Float32ArrayConstructor)(elements.length * times);
  for (let i = 0; i < times; i++) all.set(elements as Float32Array, i * elements.length);
  return all;
}
