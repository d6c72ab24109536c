// node tools/run.mjs bench:image [folder]: milliseconds of each part of a text-to-image model, of a guided step, and of whole pictures.

import { fileURLToPath } from 'node:url';
import { torchGenerator } from '@unnoise/core';
import { StableDiffusionPipeline } from '@unnoise/pipelines';
import { loadPipeline } from '@unnoise/pipelines/node';
import { DPMSolverMultistepScheduler } from '@unnoise/scheduler-dpmsolver-multistep';

const RUNS = 15;
const STEPS = 20;
const SEED = 0;
const PROMPT = { prompt: 'red apple', seed: SEED, steps: STEPS };

/** The median over some runs, after one that warms up. */
async function median(work: () => Promise<unknown>, runs: number = RUNS): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i <= runs; i++) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
  }
  return times.slice(1).sort((a, b) => a - b)[Math.floor(runs / 2)]!;
}

/** Step by step: model call, guidance and scheduler together. */
async function stepTime(pipeline: StableDiffusionPipeline, guidance: number): Promise<number> {
  const times: number[] = [];
  let last = Number.NaN;
  for (let i = 0; i < 3; i++) {
    const loop = await pipeline.denoise({ ...PROMPT, guidance });
    for await (const { index } of loop) {
      const now = performance.now();
      if (index > 0) times.push(now - last);
      last = now;
    }
    (await loop.result()).dispose();
  }
  return times.sort((a, b) => a - b)[Math.floor(times.length / 2)]!;
}

async function measured(pipeline: StableDiffusionPipeline): Promise<readonly (readonly [string, number])[]> {
  const { images } = await pipeline.generate(PROMPT);
  const image = images[0]!;
  const [height, width] = pipeline.pictureSize;
  const planes = { data: new Float32Array(3 * height * width), shape: [1, 3, height, width] };
  const streams = torchGenerator(SEED);
  return [
    ['tokenizer and text encoder', await median(() => pipeline.textEncoder.encode(['red apple, noto style']))],
    ['step without guidance', await stepTime(pipeline, 1)],
    ['step with guidance', await stepTime(pipeline, pipeline.defaultGuidance)],
    ['VAE decoder, to bytes', await median(() => pipeline.toImages(image.latents))],
    ['VAE encoder', await median(() => pipeline.autoencoder.encode(planes, streams))],
    [`picture, ${STEPS} steps with guidance`, await median(() => pipeline.generate(PROMPT), 5)],
    ['picture, 12 steps with guidance', await median(() => pipeline.generate({ ...PROMPT, steps: 12 }), 5)],
  ];
}

const emoji = new URL('../../packages/model-emoji-ldm-64/', import.meta.url);
const folder = process.argv[2] ?? fileURLToPath(emoji);
const threads = Number(process.env['THREADS'] ?? 2);
const session = { intraOpNumThreads: threads, extra: { session: { intra_op: { allow_spinning: '0' } } } };
const options = { scheduler: DPMSolverMultistepScheduler, as: StableDiffusionPipeline, session };
const pipeline = await loadPipeline(folder, options);
console.log(`${folder}, ${threads} threads, DPM-Solver++ 2M`);
for (const [what, time] of await measured(pipeline))
  console.log(`${what.padEnd(34)} ${time.toFixed(1).padStart(7)} ms`);
await pipeline.dispose();
