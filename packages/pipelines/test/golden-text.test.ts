// Text-to-image runs against Python: the same ONNX parts, prompt and seed, sampled by diffusers (conformance/golden/pipeline-text).

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { registry, setWarningHandler } from '@unnoise/core';
import { DDIMScheduler } from '@unnoise/scheduler-ddim';
import { DPMSolverMultistepScheduler } from '@unnoise/scheduler-dpmsolver-multistep';
import { EulerDiscreteScheduler } from '@unnoise/scheduler-euler-discrete';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSafetensors } from '../../../conformance/src/golden/safetensors.ts';
import { EulerAncestralDiscreteScheduler } from '@unnoise/scheduler-euler-ancestral-discrete';
import { HeunDiscreteScheduler } from '@unnoise/scheduler-heun-discrete';
import { LCMScheduler } from '@unnoise/scheduler-lcm';
import { PNDMScheduler } from '@unnoise/scheduler-pndm';
import { UniPCMultistepScheduler } from '@unnoise/scheduler-unipc-multistep';
import type { Image, Picture, TextGenerateOptions } from '../src/index.ts';
import { StableDiffusionPipeline } from '../src/index.ts';
import { loadPipeline } from '../src/node.ts';

interface GoldenRun {
  readonly id: string;
  readonly scheduler: string;
  readonly prompts: readonly string[];
  readonly negative: string;
  readonly steps: number;
  readonly seed: number;
  readonly guidance: number;
  readonly guidance_rescale: number;
  readonly strength: number | null;
  readonly image?: boolean;
  readonly mask?: boolean;
}

/** Of 255: two builds of ONNX Runtime and two float32 programs over a whole run. */
const TOLERANCE = 2;

registry.add(DDIMScheduler, DPMSolverMultistepScheduler, EulerDiscreteScheduler, EulerAncestralDiscreteScheduler);
registry.add(HeunDiscreteScheduler, LCMScheduler, PNDMScheduler, UniPCMultistepScheduler);

const repository = new URL('../../../', import.meta.url);
const golden = new URL('conformance/golden/pipeline-text/', repository);
const models = readdirSync(golden).flatMap((file) => (/^(?!recipe).*\.json$/.test(file) ? [file.slice(0, -5)] : []));

function folderOf(model: string): string {
  const inside = model.startsWith('model-') ? `packages/${model}` : `packages/pipelines/test/models/${model}`;
  return fileURLToPath(new URL(inside, repository));
}

it('every package that draws from prompts has recorded runs, and so do the fixtures', () => {
  const packages = readdirSync(new URL('packages/', repository)).filter((name) => {
    const index = new URL(`packages/${name}/model_index.json`, repository);
    return existsSync(index) && readFileSync(index, 'utf8').includes('"StableDiffusionPipeline"');
  });
  expect(models.sort()).toEqual(['sd-float16', 'sd-float32', ...packages].sort());
});

describe.each(models)('%s', (model) => {
  const tensors = readSafetensors(new Uint8Array(readFileSync(new URL(`${model}.safetensors`, golden))));
  const runs = JSON.parse(readFileSync(new URL(`${model}.json`, golden), 'utf8')) as readonly GoldenRun[];
  let pipeline: StableDiffusionPipeline;
  let handler: (message: string) => void;

  beforeAll(async () => {
    handler = setWarningHandler(() => {});
    const session = { intraOpNumThreads: 1 };
    const options = { session, scheduler: DDIMScheduler, as: StableDiffusionPipeline };
    pipeline = await loadPipeline(folderOf(model), options);
  });
  afterAll(async () => {
    setWarningHandler(handler);
    await pipeline.dispose();
  });

  it.each(runs)('$id draws what Python draws', async (run) => {
    pipeline.useScheduler(run.scheduler);
    const { images } = await pipeline.generate(requestOf(run, tensors));
    const wanted = tensors.get(`${run.id}.pixels`)!;
    expect(wanted.shape).toEqual([images.length, images[0]!.height, images[0]!.width, 3]);
    const difference = largestDifference(rgbOf(images), wanted.data);
    expect(difference, `${run.id}: ${difference} of 255`).toBeLessThanOrEqual(TOLERANCE);
  });
});

type Tensors = ReturnType<typeof readSafetensors>;

function requestOf(run: GoldenRun, tensors: Tensors): TextGenerateOptions {
  const { prompts: prompt, negative: negativePrompt, guidance, guidance_rescale: guidanceRescale, seed, steps } = run;
  const start = {
    ...(run.image && { image: picture(tensors, 'picture') }),
    ...(run.mask && { mask: picture(tensors, 'mask') }),
    ...(run.strength !== null && { strength: run.strength }),
  };
  return { prompt, negativePrompt, guidance, guidanceRescale, seed, steps, ...start };
}

/** A mask is kept as 0 and 1. */
function picture(tensors: Tensors, name: 'picture' | 'mask'): Picture {
  const { data, shape } = tensors.get(name)!;
  const [height, width, channels = 1] = shape as readonly [number, number, number?];
  const bytes = Uint8Array.from(data as ArrayLike<number>, (value) => (name === 'mask' ? 255 * value : value));
  return { data: bytes, width, height, channels };
}

function rgbOf(images: readonly Image[]): number[] {
  return images.flatMap(({ data }) => Array.from(data).filter((_, i) => i % 4 < 3));
}

function largestDifference(a: readonly number[], b: ArrayLike<number | bigint>): number {
  if (a.length !== b.length || b.length === 0) return Infinity;
  return a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - Number(b[i]))), 0);
}
