// Text-to-image requests: what they mean, what they refuse, and what is left behind. The numbers are checked against Python in
// golden-text.test.ts.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cpu } from '@unnoise/backend-cpu';
import { registry, setWarningHandler, tensor } from '@unnoise/core';
import { folder as digits } from '@unnoise/model-digits-8';
import { DDIMScheduler } from '@unnoise/scheduler-ddim';
import { DDPMScheduler } from '@unnoise/scheduler-ddpm';
import { EulerAncestralDiscreteScheduler } from '@unnoise/scheduler-euler-ancestral-discrete';
import { encode } from 'fast-png';
import ort from 'onnxruntime-node';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ModelFiles, OnnxRuntime, TextGenerateOptions } from '../src/index.ts';
import { loadPipelineFrom, StableDiffusionPipeline } from '../src/index.ts';
import { loadPipeline, nodeFiles, readPng, savePng } from '../src/node.ts';

registry.add(DDIMScheduler, DDPMScheduler, EulerAncestralDiscreteScheduler);

const session = { intraOpNumThreads: 1 };
const model = new URL('./models/sd-float32/', import.meta.url);
const open = (folder: URL = model): Promise<StableDiffusionPipeline> =>
  loadPipeline(folder, { session, as: StableDiffusionPipeline });

const grey = (side: number, value: (i: number) => number = (i) => (i * 7) % 256) => ({
  data: Uint8Array.from({ length: side * side }, (_, i) => value(i)),
  width: side,
  height: side,
  channels: 1,
});

let pipeline: StableDiffusionPipeline;
const said: string[] = [];
let handler: (message: string) => void;
beforeAll(async () => {
  handler = setWarningHandler((message) => said.push(message));
  pipeline = await open();
});
afterAll(async () => {
  setWarningHandler(handler);
  await pipeline.dispose();
});
beforeEach(() => said.splice(0));

async function bytes(options: TextGenerateOptions): Promise<readonly (readonly number[])[]> {
  const { images } = await pipeline.generate({ steps: 3, seed: 1, ...options });
  return images.map(({ data }) => Array.from(data));
}

describe('a text-to-image request', () => {
  it('draws a picture for each prompt, and leaves nothing behind', async () => {
    const { live } = cpu.stats();
    const { images } = await pipeline.generate({ prompt: ['red apple', 'dog'], seed: 1, steps: 3 });
    expect(images.map(({ width, height, channels }) => [width, height, channels])).toEqual([
      [16, 16, 4],
      [16, 16, 4],
    ]);
    expect(images[0]!.data).not.toEqual(images[1]!.data);
    expect(cpu.stats().live).toBe(live);
  });

  it('one prompt serves a whole batch, and a stream for each picture makes it independent of its neighbours', async () => {
    const both = await bytes({ prompt: 'dog', batchSize: 2, seed: [3, 4] });
    expect(await bytes({ prompt: 'dog', seed: 4 })).toEqual([both[1]]);
  });

  it('a style puts its words around the prompt, however it is spelt', async () => {
    expect(pipeline.styles).toEqual(['flat', 'plain']);
    expect(await bytes({ prompt: 'dog', style: 'Flat' })).toEqual(await bytes({ prompt: 'dog, flat style' }));
    const [flat] = await bytes({ prompt: 'dog', style: 'flat' });
    const [plain] = await bytes({ prompt: 'dog' });
    expect(await bytes({ prompt: 'dog', style: ['flat', 'plain'], batchSize: 2, seed: [1, 1] })).toEqual([flat, plain]);
  });

  it('without guidance takes the model’s own; with 1 or less none, whatever is negative', async () => {
    expect(pipeline.defaultGuidance).toBe(2.5);
    expect(await bytes({ prompt: 'dog' })).toEqual(await bytes({ prompt: 'dog', guidance: 2.5 }));
    const free = await bytes({ prompt: 'dog', guidance: 1 });
    expect(await bytes({ prompt: 'dog', guidance: 0, negativePrompt: 'apple' })).toEqual(free);
    expect(await bytes({ prompt: 'dog', guidance: 4, negativePrompt: 'dog' })).toEqual(free);
  });

  it('calls the network once a step, and computes guidance and step in one kernel', async () => {
    for (const guidance of [1, 3]) {
      let steps = 0;
      const before = cpu.stats().dispatches;
      const loop = await pipeline.denoise({ prompt: 'dog', seed: 1, steps: 5, guidance });
      for await (const _ of loop) steps++;
      (await loop.result()).dispose();
      expect([steps, cpu.stats().dispatches - before]).toEqual([5, 6]); // the first noise is the sixth
    }
  });

  it('shows previews as pictures', async () => {
    const sizes: number[] = [];
    const onStep = async ({ predOriginalSample }: { predOriginalSample?: Parameters<typeof pipeline.toImages>[0] }) => {
      sizes.push((await pipeline.toImages(predOriginalSample!))[0]!.width);
    };
    await pipeline.generate({ prompt: 'dog', seed: 1, steps: 2, onStep });
    expect(sizes).toEqual([16, 16]);
  });

  it('stops on its signal, and frees what it held', async () => {
    const { live } = cpu.stats();
    const controller = new AbortController();
    const options = { prompt: 'dog', image: grey(16), mask: grey(16), seed: 1, steps: 5, signal: controller.signal };
    const generating = pipeline.generate({ ...options, onStep: () => controller.abort() });
    await expect(generating).rejects.toMatchObject({ name: 'AbortError' });
    expect(cpu.stats().live).toBe(live);
  });

  it.each<readonly [string, TextGenerateOptions, RegExp]>([
    ['no prompt', {}, /No prompt/],
    ['prompts for another batch', { prompt: ['a', 'b'], batchSize: 3 }, /2 prompts were given for 3/],
    ['negative prompts for another batch', { prompt: 'dog', negativePrompt: ['a', 'b'] }, /2 negative prompts/],
    ['an empty batch', { prompt: 'dog', batchSize: 0 }, /batchSize is 0/],
    ['a style that it lacks', { prompt: 'dog', style: 'cubist' }, /no style "cubist".*flat, plain/],
    ['a size between latents', { prompt: 'dog', size: 15 }, /15 x 15.*multiples of 2/],
    ['a mask alone', { prompt: 'dog', mask: grey(16) }, /mask was given without an image/],
    ['a strength alone', { prompt: 'dog', strength: 0.5 }, /strength was given without an image/],
    ['a strength that leaves no step', { prompt: 'dog', image: grey(16), strength: 0.1 }, /none of the 3 steps/],
    ['guidance that is no number', { prompt: 'dog', guidance: Number.NaN }, /guidance is NaN/],
    ['a rescale out of range', { prompt: 'dog', guidanceRescale: 2 }, /guidanceRescale is 2/],
    ['pictures for another batch', { prompt: 'dog', image: [grey(16), grey(16)] }, /2 pictures were given for 1/],
  ])('%s is refused', async (_, options, message) => {
    await expect(pipeline.generate({ steps: 3, seed: 1, ...options })).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
      message: expect.stringMatching(message),
    });
  });
});

describe('a picture to start from', () => {
  it('at little strength stays itself; bytes and numbers of it mean the same', async () => {
    const image = grey(16);
    const planes = Float32Array.from({ length: 768 }, (_, i) => image.data[i % 256]! / 127.5 - 1);
    const [ofBytes] = await bytes({ prompt: 'dog', image, strength: 0.5, steps: 4 });
    const [ofNumbers] = await bytes({ prompt: 'dog', image: tensor(planes, [1, 3, 16, 16]), strength: 0.5, steps: 4 });
    const apart = ofBytes!.map((byte, i) => Math.abs(byte - ofNumbers![i]!));
    expect(Math.max(...apart)).toBeLessThanOrEqual(1);
  });

  it('outside a mask comes back, whatever is painted inside', async () => {
    const mask = grey(16, (i) => (i % 16 < 8 ? 0 : 255));
    const image = tensor(new Float32Array(256).fill(0.25), [1, 4, 8, 8]);
    const options = { image, mask, seed: 1, steps: 3 };
    const { images } = await pipeline.generate({ prompt: ['dog', 'red apple'], ...options });
    for (const { latents } of images) {
      const values = Array.from(await latents.data());
      const [kept, painted] = [values.filter((_, i) => i % 8 < 4), values.filter((_, i) => i % 8 >= 4)];
      expect(new Set(kept)).toEqual(new Set([0.25]));
      expect(painted.every((value) => value !== 0.25)).toBe(true);
    }
  });

  it('with a stream for each picture does not depend on the batch, drawing schedulers included', async () => {
    pipeline.useScheduler(EulerAncestralDiscreteScheduler);
    try {
      const options = { prompt: 'dog', image: grey(16), mask: grey(16) };
      const both = await bytes({ ...options, batchSize: 2, seed: [3, 4] });
      expect(await bytes({ ...options, seed: [4] })).toEqual([both[1]]);
    } finally {
      pipeline.useScheduler(DDIMScheduler);
    }
  });

  it('without a seed is refused, since encoding draws', async () => {
    const generating = pipeline.generate({ prompt: 'dog', image: grey(16), steps: 3 });
    await expect(generating).rejects.toMatchObject({ code: 'GENERATOR_REQUIRED' });
  });

  it.each<readonly [string, TextGenerateOptions, RegExp]>([
    ['planes that are no colours', { image: tensor(new Float32Array(512), [1, 2, 16, 16]) }, /\[1, 2, 16, 16\]/],
    ['bytes that do not fill it', { image: { ...grey(16), width: 17 } }, /17 x 16/],
    ['a mask of another size', { image: grey(16), mask: tensor(new Float32Array(256), [1, 1, 16, 16]) }, /8 x 8/],
  ])('%s is refused', async (_, options, message) => {
    const generating = pipeline.generate({ prompt: 'dog', seed: 1, steps: 3, ...options });
    await expect(generating).rejects.toMatchObject({
      code: 'SHAPE_MISMATCH',
      message: expect.stringMatching(message),
    });
  });

  it('through an encoder that draws by itself comes with a warning', async () => {
    const older = await open(new URL('./models/sd-float16/', import.meta.url));
    await older.generate({ prompt: 'dog', image: grey(16), seed: 1, steps: 2 });
    expect(said).toEqual([expect.stringMatching(/vae_encoder draws its latents by itself/)]);
    await older.dispose();
  });
});

describe('which folders are text-to-image models', () => {
  const runtime: OnnxRuntime = ort;

  /** The model with another model_index.json. */
  async function indexed(change: Readonly<Record<string, unknown>>): Promise<ModelFiles> {
    const files = await nodeFiles(model);
    const index = { ...(JSON.parse((await files.readText('model_index.json'))!) as object), ...change };
    const readText = (path: string) =>
      path === 'model_index.json' ? Promise.resolve(JSON.stringify(index)) : files.readText(path);
    return { ...files, readText };
  }

  it.each([
    'StableDiffusionImg2ImgPipeline',
    'StableDiffusionInpaintPipeline',
    'OnnxStableDiffusionPipeline',
    'ORTStableDiffusionPipeline',
    'LatentConsistencyModelPipeline',
  ])('%s is one', async (_class_name) => {
    const opened = await loadPipelineFrom(await indexed({ _class_name }), { runtime, session });
    expect(opened).toBeInstanceOf(StableDiffusionPipeline);
    await opened.dispose();
  });

  it('others that take text states are refused by name', async () => {
    const opening = loadPipelineFrom(await indexed({ _class_name: 'KandinskyPipeline' }), { runtime, session });
    await expect(opening).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringMatching(/KandinskyPipeline.*encoder_hidden_states/),
    });
  });

  it('a folder for another class than the one that is counted on is refused', async () => {
    await expect(loadPipeline(digits, { as: StableDiffusionPipeline })).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringMatching(/ClassConditionalImagePipeline, not for StableDiffusionPipeline/),
    });
  });

  it('a part that is missing is named', async () => {
    const opening = loadPipelineFrom(await indexed({ vae_decoder: [null, null] }), { runtime, session });
    await expect(opening).rejects.toMatchObject({
      code: 'FILE_NOT_FOUND',
      message: expect.stringMatching(/vae_decoder\/model\.onnx/),
    });
  });
});

describe('reading PNG', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'unnoise-png-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('gives back what was written', async () => {
    const image = {
      data: new Uint8ClampedArray([1, 2, 3, 255, 250, 128, 0, 255]),
      width: 2,
      height: 1,
      channels: 4 as const,
    };
    await savePng(join(folder, 'rgba.png'), image);
    const read = await readPng(join(folder, 'rgba.png'));
    expect([read.width, read.height, read.channels, Array.from(read.data)]).toEqual([2, 1, 4, Array.from(image.data)]);
  });

  it('makes bytes of sixteen bits, and colours of grey', async () => {
    const { writeFile } = await import('node:fs/promises');
    const data = new Uint16Array([0, 65535, 32768]);
    await writeFile(join(folder, 'deep.png'), encode({ data, width: 3, height: 1, channels: 1, depth: 16 }));
    const { data: read } = await readPng(join(folder, 'deep.png'));
    expect(Array.from(read)).toEqual([0, 0, 0, 255, 255, 255, 255, 255, 128, 128, 128, 255]);
  });

  it('brings a picture to a size', async () => {
    await savePng(join(folder, 'wide.png'), {
      data: new Uint8ClampedArray(64 * 32).fill(90),
      width: 64,
      height: 32,
      channels: 1,
    });
    const read = await readPng(join(folder, 'wide.png'), { size: [16, 16] });
    expect([read.width, read.height]).toEqual([16, 16]);
    expect(new Set(Array.from(read.data))).toEqual(new Set([90, 255]));
  });

  it.each([
    ['a file that is not there', 'nothing.png', 'FILE_NOT_FOUND'],
    ['a file that is no PNG', fileOf(import.meta.url), 'REQUEST_INVALID'],
  ])('%s is refused', async (_, name, code) => {
    await expect(readPng(name.startsWith('/') ? name : join(folder, name))).rejects.toMatchObject({ code });
  });
});

function fileOf(url: string): string {
  return decodeURIComponent(new URL(url).pathname);
}
