// The network of a diffusion model as a function of a loop: binds inputs by name and metadata, casts and shapes the timestep as
// the graph wants it, batches guidance, and gives the prediction back in the dtype of the sample.

import type { Shape, Tensor } from '@unnoise/core';
import { DiffusionError } from '@unnoise/core';
import { checkGuidance } from '../loop/guidance.ts';
import type { Model } from '../loop/types.ts';
import type { RowGroup } from './batches.ts';
import { rowGroups } from './batches.ts';
import type { Conditioning } from './conditioning.ts';
import { ConditionFeeds } from './conditioning.ts';
import { encode, isFree, shapeText } from './encode.ts';
import { fed } from './feeds.ts';
import type { ModelPart } from './part.ts';
import { prediction } from './prediction.ts';
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

/** A model with what it is conditioned on. It can be called again after `dispose`, which frees what lies on a device for it. */
export type BoundModel = Model & { dispose(): void };

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
  bind(request: DenoiserRequest): BoundModel {
    const { batch, guidance = 1, guidanceRescale = 0, variance = false, deferred = false } = request;
    checkGuidance(guidance, guidanceRescale);
    const how = { guidance, guidanceRescale, variance, deferred, part: this.part.name };
    const times = guidance === 1 ? 1 : 2;
    const groups = rowGroups(this.sample, times * batch, this.part.name);
    const conditions = new ConditionFeeds(this.part, this.conditions, request, groups);
    const model = async (x: Tensor, timestep: number): Promise<Tensor> => {
      this.#checkShape(x.shape, batch);
      const feeds = await conditions.groups();
      const samples = await fed(this.part, this.sample, x, groups, times);
      try {
        const outputs: OnnxTensor[] = [];
        for (const [i, group] of groups.entries()) {
          const sample = { [this.sample.name]: samples.values[i]! };
          outputs.push(
            await this.part.run({ ...feeds[i], ...sample, ...this.#timestepFeed(timestep, group) }, this.output.name),
          );
        }
        return await prediction(outputs, x, how);
      } finally {
        samples.dispose();
      }
    };
    return Object.assign(model, { dispose: () => conditions.dispose() });
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
