// Whole runs against Python: the same ONNX network, seed and options, sampled by diffusers (conformance/golden/pipeline).

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { registry } from '@unnoise/core';
import { DDIMScheduler } from '@unnoise/scheduler-ddim';
import { DDPMScheduler } from '@unnoise/scheduler-ddpm';
import { DPMSolverMultistepScheduler } from '@unnoise/scheduler-dpmsolver-multistep';
import { EulerDiscreteScheduler } from '@unnoise/scheduler-euler-discrete';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSafetensors } from '../../../conformance/src/golden/safetensors.ts';
import type { ClassConditionalImagePipeline } from '../src/index.ts';
import { loadPipeline } from '../src/node.ts';
import { largestDifference } from './differences.ts';

interface GoldenRun {
  readonly id: string;
  readonly model: string;
  readonly scheduler: string;
  readonly options: { readonly eta?: number };
  readonly guidance: number;
  readonly seed: number;
  readonly num_inference_steps: number;
  readonly class_labels: readonly number[];
  readonly shape: readonly number[];
  readonly timesteps: readonly number[];
}

/** Between two float32 programs over 20 steps and two builds of ONNX Runtime, relative to the largest value. */
const TOLERANCE = 1e-4;

registry.add(DDIMScheduler, DDPMScheduler, DPMSolverMultistepScheduler, EulerDiscreteScheduler);

const golden = new URL('../../../conformance/golden/pipeline/', import.meta.url);
const runs = JSON.parse(readFileSync(new URL('cases.json', golden), 'utf8')) as readonly GoldenRun[];
const models = [...new Set(runs.map(({ model }) => model))];

describe.each(models)('%s', (model) => {
  const name = model.replace('@unnoise/', '');
  const samples = readSafetensors(new Uint8Array(readFileSync(new URL(`${name}.safetensors`, golden))));
  let pipeline: ClassConditionalImagePipeline;

  beforeAll(async () => {
    const folder = fileURLToPath(new URL(`../../${name}`, import.meta.url));
    pipeline = (await loadPipeline(folder, { session: { intraOpNumThreads: 1 } })) as ClassConditionalImagePipeline;
  });
  afterAll(() => pipeline.dispose());

  it.each(runs.filter((run) => run.model === model))('$id ends where Python ends', async (run) => {
    pipeline.useScheduler(run.scheduler);
    const { seed, guidance, options, class_labels: classLabels, num_inference_steps: steps } = run;
    const timesteps: number[] = [];
    const loop = await pipeline.denoise({ seed, guidance, classLabels, steps, ...options });
    for await (const { timestep } of loop) timesteps.push(timestep);
    const final = await loop.result();
    expect(timesteps).toEqual(run.timesteps);
    expect(final.shape).toEqual(run.shape);
    const difference = largestDifference(await final.data(), samples.get(run.id)!.data);
    expect(difference, `${run.id}: relative difference ${difference}`).toBeLessThanOrEqual(TOLERANCE);
    final.dispose();
  });
});
