import { fileURLToPath } from 'node:url';
import { memory } from '@tensorflow/tfjs-core';
import { folder } from '@unnoise/model-digits-8';
import { type Image, toImages } from '@unnoise/pipelines';
import { loadPipeline } from '@unnoise/pipelines/node';
import type { ClassConditionalImagePipeline } from '@unnoise/pipelines';
import { DPMSolverMultistepScheduler } from '@unnoise/scheduler-dpmsolver-multistep';
import { expect, test } from 'vitest';

import { drawDigits } from '../../../examples/tfjs-digits/digits.ts';
import { tfjsOn } from './runtimes.ts';

const LABELS = [3, 0, 7];
const [SEED, STEPS] = [5, 10];

/** The same pictures by the ONNX file itself, in ONNX Runtime. */
async function byOnnxRuntime(): Promise<readonly Image[]> {
  const pipeline = (await loadPipeline(fileURLToPath(folder), {
    session: { intraOpNumThreads: 1 },
    scheduler: DPMSolverMultistepScheduler,
  })) as ClassConditionalImagePipeline;
  const loop = await pipeline.denoise({ classLabels: LABELS, seed: SEED, steps: STEPS, guidance: 2 });
  const sample = await loop.result();
  const images = await toImages(sample, sample);
  sample.dispose();
  await pipeline.dispose();
  return images;
}

test('a LayersModel draws the digits that ONNX Runtime draws, and leaves no tensor behind', async () => {
  await tfjsOn('wasm');
  const { numTensors } = memory();
  const drawn = await drawDigits(LABELS, SEED, STEPS);
  expect(memory().numTensors).toBe(numTensors);
  const expected = await byOnnxRuntime();
  expect(drawn).toHaveLength(LABELS.length);
  drawn.forEach(({ data }, i) => {
    const ink = data.filter((value) => value > 128).length;
    expect(ink).toBeGreaterThan(8); // out of 64: nothing that is all paper passes
    data.forEach((value, at) => expect(Math.abs(value - expected[i]!.data[at]!)).toBeLessThanOrEqual(1));
  });
});
