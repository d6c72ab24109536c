// Draws digits: a denoiser in TensorFlow.js, a scheduler of unnoise on the same tensors, and the loop of @unnoise/pipelines.

import { readFile } from 'node:fs/promises';
import { fill, reshape, type Tensor2D, tensor2d, type Tensor as TfTensor, tidy } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { createTfjsBackend, fromTf, toTf } from '@unnoise/backend-tfjs';
import type { Backend } from '@unnoise/core';
import { folder } from '@unnoise/model-digits-8';
import { denoise, type Image, type Model, toImages } from '@unnoise/pipelines';
import { DPMSolverMultistepScheduler } from '@unnoise/scheduler-dpmsolver-multistep';

import { readWeights } from './onnx-weights.ts';
import { createUNet } from './unet.ts';

export const file = (path: string): Promise<Buffer> => readFile(new URL(path, folder));

export async function loadUNet(): Promise<LayersModel> {
  return createUNet(readWeights(Uint8Array.from(await file('unet/model.onnx'))));
}

/** The network as the loop calls it: samples go to TensorFlow.js and predictions come back on the same memory. */
export function modelOf(unet: LayersModel, backend: Backend): Model<readonly number[]> {
  return (sample, timestep, labels) => {
    const x = toTf(sample);
    const prediction = tidy(() => {
      const pictures = reshape(x, [labels.length, 8, 8, 1]);
      const times: TfTensor = fill([labels.length, 1], timestep);
      const classes: Tensor2D = tensor2d([...labels], [labels.length, 1]);
      return reshape(unet.predict([pictures, times, classes]) as TfTensor, [...sample.shape]);
    });
    const out = fromTf(prediction, backend);
    for (const one of [x, prediction]) one.dispose();
    return out;
  };
}

const ANY_DIGIT = 10;

/** One picture for each label, on the TensorFlow.js backend that is set. */
export async function drawDigits(labels: readonly number[], seed: number, steps = 20): Promise<readonly Image[]> {
  const backend = await createTfjsBackend();
  const unet = await loadUNet();
  const config = JSON.parse(await file('scheduler/scheduler_config.json').then(String));
  const scheduler = DPMSolverMultistepScheduler.fromConfig(config, {}, { backend });
  const sample = await denoise({
    model: modelOf(unet, backend),
    scheduler,
    steps,
    seed,
    shape: [labels.length, 1, 8, 8],
    conditioning: labels,
    unconditional: labels.map(() => ANY_DIGIT),
    guidance: 2,
    backend,
  }).result();
  const images = await toImages(sample, sample);
  for (const one of [sample, scheduler, unet]) one.dispose();
  return images;
}
