// What is drawn, in Node and in Chromium alike: each run is a model folder, a scheduler and a request.

import type { ConfigObject } from '@unnoise/core';
import { registry, SchedulerMixin } from '@unnoise/core';
import { loadScheduler, schedulers } from '@unnoise/schedulers';
import { ELSEWHERE } from '../../src/cli/elsewhere.ts';
import type { ImagePipeline } from '../../src/index.ts';

/** Folders below packages/. */
export const MODELS = {
  emoji: 'model-emoji-ldm-64/',
  digits: 'model-digits-8/',
  small: 'pipelines/test/models/sd-float32/',
} as const;

export interface LoopRun {
  readonly id: string;
  readonly model: keyof typeof MODELS;
  readonly scheduler: string;
  /** On top of the class's own defaults, or of the model's config. */
  readonly config?: ConfigObject;
  readonly request: { readonly steps: number; readonly seed: number } & Readonly<Record<string, unknown>>;
}

/** What a class needs instead of 20 steps and a network that predicts v. */
const NEEDED: Readonly<Record<string, { readonly steps?: number; readonly prediction_type?: string }>> = {
  SCMScheduler: { steps: 2, prediction_type: 'trigflow' }, // 2 by its intermediate timestep
  UnCLIPScheduler: { prediction_type: 'sample' },
};

const STEPS = 20;
const PROMPTS = {
  emoji: { prompt: 'red apple', style: 'fluent', guidance: 2.5 },
  digits: { classLabels: '3' },
  small: { prompt: 'red apple', guidance: 2.5 },
} as const;

export const run = (model: keyof typeof MODELS, scheduler: string, config?: ConfigObject): LoopRun => ({
  id: `${model} ${scheduler}`,
  model,
  scheduler,
  ...(config && { config }),
  request: { ...PROMPTS[model], steps: NEEDED[scheduler]?.steps ?? STEPS, seed: 7 },
});

/** Every class that calls a network once a step on the way from noise to a picture, as its own configs are. */
export async function everyScheduler(model: keyof typeof MODELS): Promise<readonly LoopRun[]> {
  const names = Object.keys(schedulers).filter((name) => !Object.hasOwn(ELSEWHERE, name));
  return Promise.all(
    names.map(async (name) => {
      const { schema } = await loadScheduler(name);
      const type = NEEDED[name]?.prediction_type ?? ('prediction_type' in schema ? 'v_prediction' : undefined);
      return { ...run(model, name), config: { ...(type && { prediction_type: type }) } };
    }),
  );
}

/** The pipeline with the scheduler of a run: of the class's defaults where the run has a config, else of the model's. */
export async function prepared(pipeline: ImagePipeline, { scheduler, config }: LoopRun): Promise<ImagePipeline> {
  await loadScheduler(scheduler);
  if (!config) return pipeline.useScheduler(scheduler);
  pipeline.scheduler = SchedulerMixin.fromConfig.call(registry.get(scheduler), config) as SchedulerMixin;
  return pipeline;
}
