// The text-to-image model and its few-step student: the same prompts and seeds under other samplers, steps and guidance.

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { folder as teacherFolder } from '@unnoise/model-emoji-ldm-64';
import { folder as studentFolder } from '@unnoise/model-emoji-ldm-64-lcm';
import type { StableDiffusionPipeline } from '@unnoise/pipelines';
import { loadPipeline } from '@unnoise/pipelines/node';
import { DDIMScheduler } from '@unnoise/scheduler-ddim';
import { LCMScheduler } from '@unnoise/scheduler-lcm';
import { SchedulerMixin } from '@unnoise/core';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { bootstrap } from './bootstrap.ts';
import type { Quality } from './cells.ts';
import type { Statistics } from './frechet.ts';
import { frechetTo, mean, statistics } from './frechet.ts';
import type { Sampler } from './samplers.ts';
import { DDIM, DPM_2M, UNIPC } from './samplers.ts';

const BATCH = 32;
const ONE_THREAD = { intraOpNumThreads: 1, logSeverityLevel: 3 } as const;

interface Asked {
  readonly prompt: string;
  readonly category: number;
  readonly style: number;
}

/** What is drawn in one row of the table. */
export interface Trial {
  readonly name: string;
  readonly steps: number;
  readonly guidance: number;
  readonly guidanceRescale?: number;
}

export interface TrialResult extends Trial, Quality {
  readonly millisecondsPerPicture: number;
}

const LCM: Sampler = { name: 'LCM student', scheduler: LCMScheduler, deterministic: false };
const SAMPLERS: readonly Sampler[] = [DDIM, DPM_2M, UNIPC, LCM];
const plain = (name: string, guidance: number, ...counts: number[]): Trial[] =>
  counts.map((steps) => ({ name, steps, guidance }));

export const TRIALS: readonly Trial[] = [
  ...plain('LCM student', 1, 1, 2, 4, 8),
  ...plain('DDIM', 2.5, 2, 5, 10, 20),
  ...plain('DPM++ 2M', 2.5, 5, 10, 20),
  ...plain('UniPC', 2.5, 5, 10, 20),
];
export const GUIDANCE_TRIALS: readonly Trial[] = [1, 1.5, 2.5, 4, 8].flatMap((guidance) =>
  (guidance < 4 ? [0] : [0, 0.7]).map((guidanceRescale) => ({
    name: 'DPM++ 2M',
    steps: 20,
    guidance,
    guidanceRescale,
  })),
);

export class PromptYardstick {
  readonly #pipelines: Readonly<Record<'teacher' | 'student', StableDiffusionPipeline>>;
  readonly #judge: InferenceSession;
  readonly #asked: readonly Asked[];
  readonly #distance: (sample: Statistics) => number;

  constructor(
    pipelines: Readonly<Record<'teacher' | 'student', StableDiffusionPipeline>>,
    judge: InferenceSession,
    asked: readonly Asked[],
    reference: Statistics,
  ) {
    this.#pipelines = pipelines;
    this.#judge = judge;
    this.#asked = asked;
    this.#distance = frechetTo(reference);
  }

  static async open(count: number): Promise<PromptYardstick> {
    const load = async (folder: URL): Promise<StableDiffusionPipeline> =>
      (await loadPipeline(folder, { session: ONE_THREAD, scheduler: DDIMScheduler })) as StableDiffusionPipeline;
    const read = async <T>(name: string): Promise<T> =>
      JSON.parse(await readFile(new URL(`classifier/${name}`, teacherFolder), 'utf8')) as T;
    const graph = fileURLToPath(new URL('classifier/model.onnx', teacherFolder));
    const asked = await read<readonly Asked[]>('prompts.json');
    return new PromptYardstick(
      { teacher: await load(teacherFolder), student: await load(studentFolder) },
      await InferenceSession.create(graph, ONE_THREAD),
      asked.slice(0, count),
      await read<Statistics>('reference-stats.json'),
    );
  }

  async run(trial: Trial): Promise<TrialResult> {
    const begun = performance.now();
    const pictures = await this.#draw(trial);
    const millisecondsPerPicture = (performance.now() - begun) / pictures.length;
    const verdicts: { features: Float32Array; right: boolean }[] = [];
    for (const [i, picture] of pictures.entries()) verdicts.push(await this.#verdict(picture, this.#asked[i]!));
    const all = pictures.length;
    return {
      ...trial,
      millisecondsPerPicture,
      frechet: bootstrap(all, (rows) => this.#distance(statistics(rows.map((row) => verdicts[row]!.features)))),
      accuracy: bootstrap(all, (rows) => mean(rows.map((row) => Number(verdicts[row]!.right)))),
    };
  }

  /** Planes [3, 64, 64] in -1 to 1; picture i has seed i. */
  async #draw({ name, steps, guidance, guidanceRescale = 0 }: Trial): Promise<Float32Array[]> {
    const sampler = SAMPLERS.find((each) => each.name === name)!;
    const pipeline = this.#pipelines[sampler === LCM ? 'student' : 'teacher'];
    const config = pipeline.model.layout.schedulerConfig ?? {};
    pipeline.useScheduler(SchedulerMixin.fromConfig.call(sampler.scheduler, config, sampler.config) as SchedulerMixin);
    const drawn: Float32Array[] = [];
    for (let from = 0; from < this.#asked.length; from += BATCH) {
      const prompt = this.#asked.slice(from, from + BATCH).map((asked) => asked.prompt);
      const seed = prompt.map((_, i) => from + i);
      const { images } = await pipeline.generate({ prompt, seed, steps, guidance, guidanceRescale });
      drawn.push(...images.map(({ data }) => planes(data)));
    }
    return drawn;
  }

  async #verdict(
    picture: Float32Array,
    { category, style }: Asked,
  ): Promise<{ features: Float32Array; right: boolean }> {
    const verdict = await this.#judge.run({ sample: new Tensor('float32', picture, [1, 3, 64, 64]) });
    const best = (key: string): number => {
      const logits = verdict[key]!.data as Float32Array;
      return logits.indexOf(Math.max(...logits));
    };
    const right = best('category') === category && best('style') === style;
    return { features: verdict['features']!.data as Float32Array, right };
  }
}

function planes(rgba: Uint8ClampedArray): Float32Array {
  const count = rgba.length / 4;
  return Float32Array.from({ length: 3 * count }, (_, i) => rgba[4 * (i % count) + Math.floor(i / count)]! / 127.5 - 1);
}
