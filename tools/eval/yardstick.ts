// A model to draw with and a judge of what it drew. One row of features and one verdict for every picture.

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Run } from '@unnoise/core';
import { SchedulerMixin } from '@unnoise/core';
import type { ClassConditionalImagePipeline } from '@unnoise/pipelines';
import { loadPipeline } from '@unnoise/pipelines/node';
import { DDIMScheduler } from '@unnoise/scheduler-ddim';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Features, Statistics } from './frechet.ts';
import { drawAsGuest } from './guests.ts';
import type { Sampler } from './samplers.ts';

const BATCH = 32;

/** Pictures as the model left them, float32, and the class that each should show. */
export interface Pictures {
  readonly values: readonly Float32Array[];
  readonly classes: readonly number[];
}

export interface Judgement {
  readonly features: Features;
  readonly right: readonly boolean[];
}

/** Class-conditional pictures; picture i has seed i and class i modulo the classes, whoever draws it. */
export class Yardstick {
  readonly pipeline: ClassConditionalImagePipeline;
  readonly #judge: InferenceSession | undefined;
  readonly #classes: number;

  constructor(pipeline: ClassConditionalImagePipeline, classes: number, judge?: InferenceSession) {
    this.pipeline = pipeline;
    this.#classes = classes;
    this.#judge = judge;
  }

  async draw(sampler: Sampler, steps: number, count: number, guidance = 1): Promise<Pictures> {
    const scheduler = this.scheduler(sampler);
    this.pipeline.useScheduler(scheduler);
    const ids = Array.from({ length: count }, (_, i) => i);
    const classes = ids.map((i) => i % this.#classes);
    const values: Float32Array[] = [];
    for (let from = 0; from < count; from += BATCH) {
      const seed = ids.slice(from, from + BATCH);
      const classLabels = classes.slice(from, from + BATCH);
      if (sampler.guest)
        values.push(
          ...(await drawAsGuest(this.pipeline.model, scheduler, sampler.guest, { seed, classLabels, steps })),
        );
      else {
        const { images } = await this.pipeline.generate({ seed, classLabels, steps, guidance });
        for (const { latents } of images) values.push((await latents.data()) as Float32Array);
      }
    }
    return { values, classes };
  }

  async judge({ values, classes }: Pictures): Promise<Judgement> {
    if (!this.#judge) throw new Error('this model has no judge');
    const features: Float32Array[] = [];
    const right: boolean[] = [];
    for (const [i, picture] of values.entries()) {
      const side = Math.sqrt(picture.length);
      const verdict = await this.#judge.run({ sample: new Tensor('float32', picture, [1, 1, side, side]) });
      const logits = verdict['logits']!.data as Float32Array;
      features.push(verdict['features']!.data as Float32Array);
      right.push(logits.indexOf(Math.max(...logits)) === classes[i]);
    }
    return { features, right };
  }

  /** The scheduler of a sampler on the model's own config. */
  scheduler({ scheduler, config, guest }: Sampler): SchedulerMixin {
    const own = this.pipeline.model.layout.schedulerConfig ?? {};
    const changed = guest ? { ...guest.config?.(own), ...config } : config;
    return SchedulerMixin.fromConfig.call(scheduler, own, changed) as SchedulerMixin;
  }

  /** As `stepsWithin` says of its scheduler. */
  steps(sampler: Sampler, evaluations: number): ReturnType<typeof stepsWithin> {
    return stepsWithin(this.scheduler(sampler), evaluations);
  }
}

/** The largest number of steps that calls the model at most `evaluations` times, and how often it does. */
export function stepsWithin(
  scheduler: SchedulerMixin,
  evaluations: number,
): { readonly steps: number; readonly calls: number } | undefined {
  for (let steps = evaluations; steps > 0; steps--) {
    const calls = callsOf(scheduler, steps);
    if (calls !== undefined && calls <= evaluations) return { steps, calls };
  }
  return undefined;
}

/** Undefined where the scheduler refuses so few steps. */
function callsOf(scheduler: SchedulerMixin, numInferenceSteps: number): number | undefined {
  let run: Run | undefined;
  try {
    run = scheduler.start({ numInferenceSteps });
    return run.remaining.length;
  } catch {
    return undefined;
  } finally {
    run?.dispose();
  }
}

const ONE_THREAD = { intraOpNumThreads: 1, logSeverityLevel: 3 } as const;

export async function openYardstick(folder: URL, classes: number, withJudge = true): Promise<Yardstick> {
  const pipeline = (await loadPipeline(folder, {
    session: ONE_THREAD,
    scheduler: DDIMScheduler,
  })) as ClassConditionalImagePipeline;
  const judge = fileURLToPath(new URL('classifier/model.onnx', folder));
  return new Yardstick(pipeline, classes, withJudge ? await InferenceSession.create(judge, ONE_THREAD) : undefined);
}

/** Of the features of real pictures. */
export async function referenceOf(folder: URL): Promise<Statistics> {
  return JSON.parse(await readFile(new URL('classifier/reference-stats.json', folder), 'utf8')) as Statistics;
}
