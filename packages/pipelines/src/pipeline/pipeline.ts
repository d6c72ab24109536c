// What all image pipelines share: a denoiser, a scheduler, the loop, and the way to pixels. A pipeline adds how a request becomes
// conditioning, and, for latent models, how a sample is decoded.

import type { Backend, ConfigObject, RunRequest, SchedulerClass, SchedulerMixin, Tensor } from '@unnoise/core';
import { DiffusionError } from '@unnoise/core';
import type { Image } from '../image/image.ts';
import { toImages } from '../image/image.ts';
import type { Denoising } from '../loop/denoise.ts';
import { denoiseWith } from '../loop/denoise.ts';
import type { DenoiseStep, StartOptions } from '../loop/types.ts';
import type { Conditioning } from '../onnx/conditioning.ts';
import type { DiffusionModel } from '../onnx/model.ts';
import { sampleShape } from './sample-shape.ts';
import { resolveScheduler } from './scheduler.ts';

/** A scheduler, its class, or its class name among those registered; the latter two take the model's config. */
export type SchedulerChoice = SchedulerMixin | SchedulerClass | string;

/** What every pipeline takes. Other keys (eta, timesteps, sigmas, strength, ...) go to the scheduler. */
export interface GenerateOptions
  extends Pick<StartOptions, 'seed' | 'generator' | 'latents' | 'image' | 'mask' | 'noise'>,
    Omit<RunRequest, 'generator' | 'numInferenceSteps'> {
  /** Default 50. */
  readonly steps?: number;
  /** How many pictures; default 1, or as many as there are conditions. */
  readonly batchSize?: number;
  /** Classifier-free guidance; default 1: none. */
  readonly guidance?: number;
  /** Share of the guided prediction that is brought to the deviation of the conditional one, 0 to 1. Default 0. */
  readonly guidanceRescale?: number;
  /** Height and width of the sample, for models that leave it open; default: what the model was trained on. */
  readonly size?: number | readonly [height: number, width: number];
  readonly signal?: AbortSignal;
  readonly onStep?: (step: DenoiseStep) => void | Promise<void>;
}

/** What a request means to the network. */
export interface Condition<Rest = GenerateOptions> {
  readonly batch: number;
  /** The request without what has become conditioning: the part that the loop and the scheduler take. */
  readonly rest: Rest;
  /** Tensors among these are freed when the loop ends: clone() what you keep. */
  readonly conditioning?: Conditioning;
  /** Absent where the model knows no null condition; guidance is then refused. */
  readonly unconditional?: Conditioning;
}

export interface Generation {
  readonly images: readonly Image[];
}

export interface PipelineOptions {
  readonly scheduler?: SchedulerChoice;
  /** Where samples are computed; default: the default backend. */
  readonly backend?: Backend;
}

export abstract class DiffusionPipeline<Options extends object = GenerateOptions> {
  readonly model: DiffusionModel;
  /** May be replaced between two runs; see also `useScheduler`. */
  scheduler: SchedulerMixin;
  /** Where samples are computed; undefined: the default backend. */
  protected readonly backend: Backend | undefined;

  /** @throws DiffusionError SCHEDULER_UNKNOWN for a class that is not registered: the message names its package. */
  constructor(model: DiffusionModel, options: PipelineOptions = {}) {
    this.model = model;
    this.backend = options.backend;
    this.scheduler = resolveScheduler(model.layout, options.scheduler);
  }

  protected abstract condition(options: Options): Condition | Promise<Condition>;

  /** From the final sample to pixels in -1 to 1: here they are the same. The result is disposed unless it is `sample` itself. */
  protected decode(sample: Tensor): Tensor | Promise<Tensor> {
    return sample;
  }

  /** Swaps the scheduler; a class or class name takes the present config, as upstream's from_config. */
  useScheduler(scheduler: SchedulerChoice, overrides: ConfigObject = {}): this {
    this.scheduler = resolveScheduler(
      { ...this.model.layout, schedulerConfig: this.scheduler.config },
      scheduler,
      overrides,
    );
    return this;
  }

  /** The loop of a request, to be iterated. */
  async denoise(options: Options): Promise<Denoising> {
    const condition = await this.condition(options);
    const owned = tensorsOf(condition);
    try {
      return this.#loop(condition, owned);
    } catch (error) {
      for (const one of owned) one.dispose();
      throw error;
    }
  }

  #loop(condition: Condition, owned: readonly Tensor[]): Denoising {
    const { steps = 50, batchSize: _, guidance = 1, guidanceRescale = 0, size, ...rest } = condition.rest;
    if (guidance !== 1 && !condition.unconditional) throw noGuidance(this.model.layout.name, guidance);
    const how = { guidance, guidanceRescale, variance: usesVariance(this.scheduler), deferred: true };
    const model = this.model.denoiser.bind({ ...condition, ...how });
    const start = rest.latents || rest.image ? {} : { shape: sampleShape(this.model.denoiser, condition.batch, size) };
    const counted = rest.timesteps || rest.sigmas ? {} : { steps };
    const backend = this.backend && { backend: this.backend };
    const loop = { ...rest, ...start, ...counted, ...backend, model, scheduler: this.scheduler };
    return denoiseWith(loop, [model, ...owned]);
  }

  /** Runs the loop to its end and makes pictures of the samples. @throws as `denoise`; NUMERIC for a sample that is not finite. */
  async generate(options: Options): Promise<Generation> {
    const latents = await (await this.denoise(options)).result();
    try {
      return { images: await this.toImages(latents) };
    } finally {
      latents.dispose();
    }
  }

  /** Pictures of a batch of samples: final ones, or the predictions of a step, for previews. */
  async toImages(latents: Tensor): Promise<readonly Image[]> {
    const decoded = await this.decode(latents);
    try {
      return await toImages(decoded, latents);
    } finally {
      if (decoded !== latents) decoded.dispose();
    }
  }

  dispose(): Promise<void> {
    return this.model.dispose();
  }
}

const tensorsOf = ({ conditioning = {}, unconditional = {} }: Condition): readonly Tensor[] =>
  [conditioning, unconditional].flatMap((values) =>
    Object.values(values).filter((value): value is Tensor => 'dtype' in value),
  );

function usesVariance({ config }: SchedulerMixin): boolean {
  const type: unknown = config['variance_type'];
  return type === 'learned' || type === 'learned_range';
}

function noGuidance(model: string, guidance: number): DiffusionError {
  const message = `guidance is ${guidance}, and "${model}" knows no null condition to guide away from. Leave guidance at 1.`;
  return new DiffusionError('REQUEST_INVALID', message, { guidance });
}
