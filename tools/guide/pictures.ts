// The same two emoji by one scheduler after the other, with more and more evaluations of the model: a strip of pictures each.

import { SchedulerMixin } from '@unnoise/core';
import { folder as teacher } from '@unnoise/model-emoji-ldm-64';
import { folder as student } from '@unnoise/model-emoji-ldm-64-lcm';
import type { Image, StableDiffusionPipeline } from '@unnoise/pipelines';
import { toGrid } from '@unnoise/pipelines';
import { loadPipeline, savePng } from '@unnoise/pipelines/node';

import { loadScheduler, samplerFromName } from '@unnoise/schedulers';
import { table } from '../eval/page.ts';
import { stepsWithin } from '../eval/yardstick.ts';

const PROMPTS = ['dog face', 'red apple'];
const SEED = 3;
const EVALUATIONS = [2, 4, 6, 8, 12, 20, 50];
const FEW = [1, 2, 3, 4, 6, 8];
const TEACHER = ['Euler', 'DDIM', 'DPM++ 2M', 'DPM++ 2M Karras', 'UniPC', 'Heun', 'Euler a', 'DPM++ 2M SDE'];
const STUDENT = ['LCM'];

const fileOf = (name: string): string =>
  `images/steps-${name.toLowerCase().replaceAll('+', 'p').replaceAll(' ', '-')}.png`;

/** Writes docs/images/steps-*.png. */
export async function drawStrips(docs: URL): Promise<void> {
  await strips(docs, teacher, TEACHER, EVALUATIONS, {});
  await strips(docs, student, STUDENT, FEW, { guidance: 1 });
}

async function strips(
  docs: URL,
  folder: URL,
  names: readonly string[],
  counts: readonly number[],
  how: { readonly guidance?: number },
): Promise<void> {
  const scheduler = await loadScheduler('DDIMScheduler');
  const session = { intraOpNumThreads: 1 };
  const pipeline = (await loadPipeline(folder, { scheduler, session })) as StableDiffusionPipeline;
  for (const name of names) {
    pipeline.useScheduler(await schedulerOf(name, pipeline));
    const columns: (readonly Image[])[] = [];
    for (const count of counts) columns.push((await drawn(pipeline, count, how)).images);
    const rows = PROMPTS.flatMap((_, row) => columns.map((images) => images[row]!));
    await savePng(new URL(fileOf(name), docs).pathname, toGrid(rows, { columns: counts.length, scale: 1 }));
    console.log(fileOf(name));
  }
  await pipeline.dispose();
}

async function schedulerOf(name: string, { model }: StableDiffusionPipeline): Promise<SchedulerMixin> {
  const { className, config } = samplerFromName(name);
  const own = model.layout.schedulerConfig ?? {};
  return SchedulerMixin.fromConfig.call(await loadScheduler(className), own, config) as SchedulerMixin;
}

function drawn(pipeline: StableDiffusionPipeline, evaluations: number, how: { readonly guidance?: number }) {
  const { steps } = stepsWithin(pipeline.scheduler, evaluations) ?? { steps: evaluations };
  return pipeline.generate({
    prompt: PROMPTS,
    style: PROMPTS.map(() => 'fluent'),
    seed: PROMPTS.map(() => SEED),
    steps,
    ...how,
  });
}

const strip = (names: readonly string[], counts: readonly number[]): string =>
  table([['', counts.join(', ')], ...names.map((name) => [name, `![${name}](${fileOf(name)})`])]);

export const teacherTable = (): string => strip(TEACHER, EVALUATIONS);
export const studentTable = (): string => strip(STUDENT, FEW);
