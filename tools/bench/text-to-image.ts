// node tools/run.mjs bench:image [folder] [--json]: milliseconds of each part of a text-to-image model, of a guided step, and of whole pictures.

import { fileURLToPath } from 'node:url';
import { torchGenerator } from '@unnoise/core';
import { StableDiffusionPipeline } from '@unnoise/pipelines';
import { loadPipeline } from '@unnoise/pipelines/node';
import { DPMSolverMultistepScheduler } from '@unnoise/scheduler-dpmsolver-multistep';

import { QUICK } from './measure.ts';

const RUNS = QUICK ? 1 : 15;
const PICTURES = QUICK ? 1 : 5;
const STEPS = 20;
const SEED = 0;
const PROMPT = { prompt: 'red apple', seed: SEED, steps: STEPS };

/** Milliseconds; on a busy machine the fastest tells more than the median. */
interface Times {
  readonly median: number;
  readonly fastest: number;
}

function timesOf(times: readonly number[]): Times {
  const sorted = [...times].sort((a, b) => a - b);
  return { median: sorted[Math.floor(sorted.length / 2)]!, fastest: sorted[0]! };
}

/** Over some runs, after one that warms up. */
async function timed(work: () => Promise<unknown>, runs: number = RUNS): Promise<Times> {
  const times: number[] = [];
  for (let i = 0; i <= runs; i++) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
  }
  return timesOf(times.slice(1));
}

/** Step by step: model call, guidance and scheduler together. */
async function stepTime(pipeline: StableDiffusionPipeline, guidance: number): Promise<Times> {
  const times: number[] = [];
  let last = Number.NaN;
  for (let i = 0; i < (QUICK ? 1 : 3); i++) {
    const loop = await pipeline.denoise({ ...PROMPT, guidance });
    for await (const { index } of loop) {
      const now = performance.now();
      if (index > 0) times.push(now - last);
      last = now;
    }
    (await loop.result()).dispose();
  }
  return timesOf(times);
}

async function measured(pipeline: StableDiffusionPipeline): Promise<readonly (readonly [string, Times])[]> {
  const { images } = await pipeline.generate(PROMPT);
  const image = images[0]!;
  const [height, width] = pipeline.pictureSize;
  const planes = { data: new Float32Array(3 * height * width), shape: [1, 3, height, width] };
  const streams = torchGenerator(SEED);
  return [
    ['tokenizer and text encoder', await timed(() => pipeline.textEncoder.encode(['red apple, noto style']))],
    ['step without guidance', await stepTime(pipeline, 1)],
    ['step with guidance', await stepTime(pipeline, pipeline.defaultGuidance)],
    ['VAE decoder, to bytes', await timed(() => pipeline.toImages(image.latents))],
    ['VAE encoder', await timed(() => pipeline.autoencoder.encode(planes, streams))],
    [`picture, ${STEPS} steps with guidance`, await timed(() => pipeline.generate(PROMPT), PICTURES)],
    ['picture, 12 steps with guidance', await timed(() => pipeline.generate({ ...PROMPT, steps: 12 }), PICTURES)],
  ];
}

const emoji = new URL('../../packages/model-emoji-ldm-64/', import.meta.url);
const asked = process.argv.slice(2).filter((argument) => argument !== '--json');
const folder = asked[0] ?? fileURLToPath(emoji);
const threads = Number(process.env['THREADS'] ?? 2);
const session = { intraOpNumThreads: threads, extra: { session: { intra_op: { allow_spinning: '0' } } } };
const options = { scheduler: DPMSolverMultistepScheduler, as: StableDiffusionPipeline, session };
const pipeline = await loadPipeline(folder, options);
const rows = await measured(pipeline);
if (process.argv.includes('--json')) console.log(JSON.stringify(rows.map(([name, times]) => ({ name, ...times }))));
else {
  console.log(`${folder}, ${threads} threads, DPM-Solver++ 2M`);
  for (const [what, { median, fastest }] of rows) {
    const [usual, best] = [median, fastest].map((time) => time.toFixed(1).padStart(7));
    console.log(`${what.padEnd(34)} ${usual} ms, fastest ${best} ms`);
  }
}
await pipeline.dispose();
