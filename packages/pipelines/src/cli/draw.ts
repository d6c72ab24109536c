// The batches of a drawing plan, one loop each, with progress and previews.

import { toGrid } from '../image/grid.ts';
import type { Image } from '../image/image.ts';
import type { DenoiseStep } from '../loop/types.ts';
import { readPng, savePng } from '../node/png.ts';
import { ClassConditionalImagePipeline } from '../pipeline/class-conditional.ts';
import type { ImagePipeline } from '../pipeline/load.ts';
import type { TextGenerateOptions } from '../pipeline/stable-diffusion.ts';
import { StableDiffusionPipeline } from '../pipeline/stable-diffusion.ts';
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
  const pictures = await picturesOf(pipeline, given);
  const watch = watcher(pipeline, plan, given, images);
  try {
    for (const batch of plan.batches) {
      const { images: drawn } = await generateBatch(pipeline, batch, {
        ...given,
        pictures,
        signal,
        onStep: watch.onStep,
      });
      images.push(...drawn);
    }
  } finally {
    watch.stop();
  }
  return images;
}

type BatchOptions = Pick<GenerateArguments, 'steps' | 'guidance' | 'eta' | 'negative' | 'strength'> & {
  readonly pictures: Pictures;
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
  const given = { ...(eta !== undefined && { eta }), ...(guidance !== undefined && { guidance }) };
  const request = { seed, steps, signal, onStep, batchSize: batch.length, ...given };
  if (pipeline instanceof StableDiffusionPipeline) return pipeline.generate({ ...request, ...texts(batch, options) });
  if (!(pipeline instanceof ClassConditionalImagePipeline)) return pipeline.generate(request);
  return pipeline.generate({ ...request, classLabels: batch.map(({ label }) => label!) });
}

function texts(batch: readonly Job[], { negative, strength, pictures }: BatchOptions): TextGenerateOptions {
  const styles = batch.flatMap(({ style }) => style ?? []);
  return {
    prompt: batch.map(({ prompt }) => prompt!),
    ...(styles.length > 0 && { style: styles }),
    ...(negative !== undefined && { negativePrompt: negative }),
    ...(strength !== undefined && { strength }),
    ...pictures,
  };
}

type Pictures = Pick<TextGenerateOptions, 'image' | 'mask'>;

/** The files of --image and --mask, brought to the model's size. */
async function picturesOf(pipeline: ImagePipeline, { image, mask }: GenerateArguments): Promise<Pictures> {
  if (image === undefined || !(pipeline instanceof StableDiffusionPipeline)) return {};
  const size = pipeline.pictureSize;
  return { image: await readPng(image, { size }), ...(mask !== undefined && { mask: await readPng(mask, { size }) }) };
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
