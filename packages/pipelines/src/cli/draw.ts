// The batches of a drawing plan, one loop each, with progress and previews.

import { toGrid } from '../image/grid.ts';
import type { Image } from '../image/image.ts';
import type { DenoiseStep } from '../loop/types.ts';
import { savePng } from '../node/png.ts';
import { ClassConditionalImagePipeline } from '../pipeline/class-conditional.ts';
import type { ImagePipeline } from '../pipeline/load.ts';
import type { GenerateArguments } from './generate-options.ts';
import { scaleOf } from './output.ts';
import type { DrawingPlan, Job } from './plan.ts';
import { ansiPreview, Screen } from './preview.ts';
import type { Progress } from './progress.ts';
import { progress } from './progress.ts';

/** Every picture of the plan, in its order. Nothing is written but previews. */
export async function draw(
  pipeline: ImagePipeline,
  plan: DrawingPlan,
  given: GenerateArguments,
  signal: AbortSignal,
): Promise<readonly Image[]> {
  const images: Image[] = [];
  const watch = watcher(pipeline, plan, given, images);
  try {
    for (const batch of plan.batches) {
      const { images: drawn } = await generateBatch(pipeline, batch, { ...given, signal, onStep: watch.onStep });
      images.push(...drawn);
    }
  } finally {
    watch.stop();
  }
  return images;
}

type BatchOptions = Pick<GenerateArguments, 'steps' | 'guidance' | 'eta'> & {
  readonly signal: AbortSignal;
  readonly onStep: (step: DenoiseStep) => Promise<void>;
};

function generateBatch(
  pipeline: ImagePipeline,
  batch: readonly Job[],
  options: BatchOptions,
): ReturnType<ImagePipeline['generate']> {
  const { steps, guidance, eta, signal, onStep } = options;
  const seed = batch.map((job) => job.seed);
  const request = { seed, steps, guidance, signal, onStep, batchSize: batch.length, ...(eta !== undefined && { eta }) };
  if (!(pipeline instanceof ClassConditionalImagePipeline)) return pipeline.generate(request);
  return pipeline.generate({ ...request, classLabels: batch.map(({ label }) => label!) });
}

/** What happens after each step: the bar moves, the previews change. */
function watcher(
  pipeline: ImagePipeline,
  { batches, jobs, columns }: DrawingPlan,
  { preview, previewPng, size }: GenerateArguments,
  done: readonly Image[],
): { onStep(step: DenoiseStep): Promise<void>; stop(): void } {
  const screen = preview ? new Screen() : undefined;
  let bar: Progress | undefined;
  let calls = 0;
  return {
    async onStep({ index, total, sample, predOriginalSample = sample }) {
      calls++;
      if (!screen) (bar ??= progress(total * batches.length)).update(calls);
      if (!screen && !previewPng) return;
      const now = await pipeline.toImages(predOriginalSample);
      if (screen) screen.show(`${ansiPreview(now, process.stdout.columns ?? 80)}\nstep ${index + 1}/${total}`);
      if (!previewPng) return;
      const scale = scaleOf({ size }, now[0]!);
      await savePng(previewPng, toGrid(atPlaces([...done, ...now], jobs.length), { columns, scale }));
    },
    stop: () => bar?.stop(),
  };
}

function atPlaces(images: readonly Image[], places: number): readonly (Image | undefined)[] {
  return Array.from({ length: places }, (_, i) => images[i]);
}
