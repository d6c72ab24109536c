// Pipelines over model folders: labels, sizes, schedulers, pictures, and what is wrong with a folder.

import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cpu } from '@unnoise/backend-cpu';
import { knownSchedulers, packageOf, registry, tensor } from '@unnoise/core';
import { folder as digits } from '@unnoise/model-digits-8';
import { DDIMScheduler } from '@unnoise/scheduler-ddim';
import { DDPMScheduler } from '@unnoise/scheduler-ddpm';
import { DPMSolverMultistepScheduler } from '@unnoise/scheduler-dpmsolver-multistep';
import { EulerDiscreteScheduler } from '@unnoise/scheduler-euler-discrete';
import { decode } from 'fast-png';
import ort from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DiffusionPipeline } from '../src/index.ts';
import {
  ClassConditionalImagePipeline,
  loadPipelineFrom,
  toByte,
  toGrid,
  toImages,
  UnconditionalImagePipeline,
} from '../src/index.ts';
import { encodePng, importRuntime, loadPipeline, nodeFiles, openModel, savePng } from '../src/node.ts';
import { fixture, INDEX, memoryModel } from './memory-model.ts';
import type { MemoryModel } from './memory-model.ts';

registry.add(DDIMScheduler, DDPMScheduler, DPMSolverMultistepScheduler, EulerDiscreteScheduler);

/** A scheduler that upstream has and nobody registered. */
const absent = knownSchedulers().find((name) => !registry.has(name))!;

const session = { intraOpNumThreads: 1 };
const load = (model: MemoryModel) => loadPipelineFrom(memoryModel(model), { runtime: ort, session, backend: cpu });

describe('which pipeline a model is for', () => {
  it.each([
    ['timestep-float-batch', UnconditionalImagePipeline],
    ['sample-float16', UnconditionalImagePipeline],
    ['labels', ClassConditionalImagePipeline],
  ])('%s', async (graph, kind) => {
    expect(await load({ graph })).toBeInstanceOf(kind);
  });

  it('a model with other conditions is refused, naming them and the way out', async () => {
    await expect(load({ graph: 'embeddings' })).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringMatching(/encoder_hidden_states float32 .*denoiser\.bind/),
    });
  });
});

describe('the digits model', () => {
  let pipeline: ClassConditionalImagePipeline;
  beforeAll(async () => {
    pipeline = (await loadPipeline(digits, { session })) as ClassConditionalImagePipeline;
  });
  afterAll(() => pipeline.dispose());

  it('draws as many pictures as there are labels, without leaving anything behind', async () => {
    const { live } = cpu.stats();
    const { images } = await pipeline.generate({ classLabels: [0, '7', 3], seed: 1, steps: 4 });
    expect(images.map(({ width, height, channels, data }) => [width, height, channels, data.length])).toEqual([
      [8, 8, 1, 64],
      [8, 8, 1, 64],
      [8, 8, 1, 64],
    ]);
    expect(images[1]!.latents.shape).toEqual([1, 1, 8, 8]);
    expect(cpu.stats().live).toBe(live);
  });

  it('pictures are the conversion of their latents', async () => {
    const { images } = await pipeline.generate({ classLabels: 5, batchSize: 2, seed: 1, steps: 4 });
    for (const { data, latents } of images) expect(Array.from(data)).toEqual(Array.from(await latents.data(), toByte));
  });

  it('one label serves a whole batch; no label is any class', async () => {
    const options = { seed: [1, 2], steps: 4 };
    const repeated = await pipeline.generate({ ...options, classLabels: 4, batchSize: 2 });
    const listed = await pipeline.generate({ ...options, classLabels: [4, 4] });
    expect(repeated.images.map(({ data }) => data)).toEqual(listed.images.map(({ data }) => data));
    const any = await pipeline.generate({ ...options, batchSize: 2 });
    const nothing = await pipeline.generate({ ...options, classLabels: pipeline.labels.nullLabel!, batchSize: 2 });
    expect(any.images[0]!.data).toEqual(nothing.images[0]!.data);
  });

  it.each([
    ['a class that is not there', { classLabels: 11 }, /no class 11\. It has: 0/],
    ['a negative class', { classLabels: -1 }, /no class -1/],
    ['a name that is not there', { classLabels: 'shoe' }, /no class "shoe"/],
    ['no labels', { classLabels: [] }, /0 class labels/],
    ['labels for another batch', { classLabels: [1, 2], batchSize: 3 }, /2 class labels were given for 3/],
    ['an empty batch', { classLabels: 1, batchSize: 0 }, /batchSize is 0/],
    ['a scheduler option that it does not have', { classLabels: 1, eta: 0.5 }, /eta/],
  ])('%s is refused', async (_, options, message) => {
    const generating = pipeline.generate({ seed: 1, steps: 2, ...options });
    await expect(generating).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
      message: expect.stringMatching(message),
    });
  });

  it('a size that the graph fixes cannot be changed', async () => {
    const generating = pipeline.generate({ seed: 1, steps: 2, size: 16 });
    await expect(generating).rejects.toMatchObject({ code: 'SHAPE_MISMATCH' });
  });

  it('changes its scheduler by name, class or instance, with the model’s config', async () => {
    pipeline.useScheduler('EulerDiscreteScheduler');
    expect(pipeline.scheduler).toBeInstanceOf(EulerDiscreteScheduler);
    expect(pipeline.scheduler.config['prediction_type']).toBe('v_prediction');
    pipeline.useScheduler(DPMSolverMultistepScheduler, { use_karras_sigmas: true });
    expect(pipeline.scheduler.config).toMatchObject({ timestep_spacing: 'trailing', use_karras_sigmas: true });
    const own = new DDIMScheduler({ prediction_type: 'v_prediction' });
    expect(pipeline.useScheduler(own).scheduler).toBe(own);
    expect(() => pipeline.useScheduler(absent)).toThrow(
      expect.objectContaining({
        code: 'SCHEDULER_UNKNOWN',
        message: expect.stringContaining(packageOf(absent)!),
      }),
    );
    pipeline.useScheduler('DDPMScheduler');
  });

  it('stops by signal and goes on afterwards', async () => {
    const controller = new AbortController();
    const onStep = (): void => controller.abort();
    const stopped = pipeline.generate({ seed: 1, steps: 4, signal: controller.signal, onStep });
    await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });
    expect((await pipeline.generate({ seed: 1, steps: 2 })).images.length).toBe(1);
  });

  it('begins from a picture', async () => {
    const image = tensor(new Float32Array(64).fill(-1), [1, 1, 8, 8]);
    const steps: number[] = [];
    const { dispatches } = cpu.stats();
    const onStep = ({ timestep }: { timestep: number }): void => void steps.push(timestep);
    await pipeline.generate({ classLabels: 3, image, strength: 0.4, seed: 1, steps: 10, onStep });
    expect(steps.length).toBe(4);
    expect(cpu.stats().dispatches - dispatches).toBe(5); // on the pipeline's backend: one for the noise, one a step
  });

  it('gives the loop itself, for iteration', async () => {
    const loop = await pipeline.denoise({ classLabels: 3, seed: 1, steps: 3 });
    for await (const { predOriginalSample } of loop)
      expect((await pipeline.toImages(predOriginalSample!)).length).toBe(1);
    (await loop.result()).dispose();
  });
});

describe('models that leave something open', () => {
  it('the size of the sample is asked for, else the config tells', async () => {
    const pipeline = await load({ graph: 'colour', config: { in_channels: 3, sample_size: [3, 5] } });
    const [image] = (await pipeline.generate({ seed: 1, steps: 1 })).images;
    expect([image!.width, image!.height, image!.channels]).toEqual([5, 3, 4]);
    const [square] = (await pipeline.generate({ seed: 1, steps: 1, size: 4 })).images;
    expect([square!.width, square!.height]).toEqual([4, 4]);
  });

  it('without either it is refused', async () => {
    const pipeline = await load({ graph: 'colour', config: { sample_size: undefined } });
    await expect(pipeline.generate({ seed: 1, steps: 1 })).rejects.toMatchObject({ code: 'SHAPE_MISMATCH' });
  });

  it('guidance without a null label, and any class without one, are refused', async () => {
    const pipeline = (await load({ graph: 'labels' })) as ClassConditionalImagePipeline;
    const guided = pipeline.generate({ classLabels: 1, seed: 1, steps: 1, guidance: 2 });
    await expect(guided).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
      message: expect.stringContaining('null condition'),
    });
    await expect(pipeline.generate({ seed: 1, steps: 1 })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  });

  it('class names come from model_index.json or the config', async () => {
    const named = { id2label: { 0: 'Cat', 1: 'dog' }, null_class_label: 2 };
    for (const model of [{ index: named }, { config: named }]) {
      const pipeline = (await load({ graph: 'labels', ...model })) as ClassConditionalImagePipeline;
      expect(pipeline.labels.idOf('cat')).toBe(0);
      expect(pipeline.labels.idOf('DOG')).toBe(1);
      expect(pipeline.labels.all).toEqual([0, 1]);
      expect(() => pipeline.labels.idOf('cow')).toThrow(/0 Cat, 1 dog/);
    }
  });

  it('schedulers that use a learned variance get it, the others do not', async () => {
    const files = (config: object): MemoryModel => ({
      graph: 'labels-variance',
      files: { 'scheduler/scheduler_config.json': JSON.stringify({ _class_name: 'DDPMScheduler', ...config }) },
    });
    const finals = await Promise.all(
      [{ variance_type: 'learned_range' }, { variance_type: 'fixed_small' }].map(async (config) => {
        const pipeline = (await load(files(config))) as ClassConditionalImagePipeline;
        return (await pipeline.generate({ classLabels: 1, seed: 1, steps: 5 })).images[0]!.latents;
      }),
    );
    const [learned, fixed] = await Promise.all(finals.map((latents) => latents.data()));
    expect(learned).not.toEqual(fixed);
  });
});

describe('what is wrong with a model folder is said', () => {
  const opening = (model: MemoryModel): Promise<DiffusionPipeline> => load({ graph: 'labels', ...model });

  it.each([
    [
      'no model_index.json',
      { files: { 'model_index.json': undefined } },
      'FILE_NOT_FOUND',
      /no model_index\.json in "memory"/,
    ],
    [
      'model_index.json that is no JSON',
      { files: { 'model_index.json': '{"a": ' } },
      'CONFIG_INVALID',
      /memory\/model_index\.json/,
    ],
    [
      'no scheduler config',
      { files: { 'scheduler/scheduler_config.json': undefined } },
      'FILE_NOT_FOUND',
      /scheduler_config\.json/,
    ],
    [
      'a scheduler config that is no JSON',
      { files: { 'scheduler/scheduler_config.json': '<html>' } },
      'CONFIG_INVALID',
      /scheduler_config/,
    ],
    [
      'a scheduler that is not installed',
      { files: { 'scheduler/scheduler_config.json': `{"_class_name": "${absent}"}` } },
      'SCHEDULER_UNKNOWN',
      new RegExp(packageOf(absent)!),
    ],
    [
      'a scheduler without a name',
      { files: { 'scheduler/scheduler_config.json': '{}' } },
      'CONFIG_INVALID',
      /names a class/,
    ],
    ['a unet config that is no JSON', { files: { 'unet/config.json': '[' } }, 'CONFIG_INVALID', /unet\/config\.json/],
    ['no denoiser', { index: { unet: [null, null] } }, 'MODEL_INVALID', /neither unet nor transformer/],
  ])('%s', async (_, model, code, message) => {
    await expect(opening(model as MemoryModel)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  it('no ONNX graph', async () => {
    await expect(loadPipelineFrom(memoryModel({}), { runtime: ort })).rejects.toMatchObject({
      code: 'FILE_NOT_FOUND',
      message: expect.stringMatching(/no unet\/model\.onnx.*optimum-cli/),
    });
  });
});

describe('folders on disk', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'unnoise-test-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  async function copy(name: string, from: string, files: readonly string[], part = 'unet'): Promise<string> {
    const path = join(folder, name);
    await mkdir(join(path, part), { recursive: true });
    await writeFile(join(path, 'model_index.json'), JSON.stringify({ ...INDEX, scheduler: [null, null] }));
    for (const file of files) await writeFile(join(path, part, file), await readFile(fixture(`${from}/${file}`)));
    return path;
  }

  it.each([
    ['external', 'model.onnx_data'],
    ['external-weights-pb', 'weights.pb'],
  ])('%s: weights in %s are found', async (name, data) => {
    const { denoiser } = await openModel(await copy(name, name, ['model.onnx', data]), { session });
    const x = tensor([1, 2, 3, 4], [1, 1, 2, 2]);
    const out = await denoiser.bind({ batch: 1 })(x, 500, undefined);
    expect(Array.from(await out.data())).toEqual([1, 1.5, 2, 2.5]);
  });

  it('missing external weights are an error with their name', async () => {
    const opening = openModel(await copy('lost', 'external', ['model.onnx']), { session });
    await expect(opening).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringContaining('model.onnx_data'),
    });
  });

  it('a transformer exported into unet/ is found there', async () => {
    const path = await copy('flux', 'external', ['model.onnx', 'model.onnx_data']);
    const index = { _class_name: 'FluxPipeline', transformer: ['diffusers', 'FluxTransformer2DModel'] };
    await writeFile(join(path, 'model_index.json'), JSON.stringify(index));
    expect((await openModel(path, { session })).denoiser.part.name).toBe('transformer');
  });

  it('a runtime that is not installed comes with the line that installs it', async () => {
    await expect(importRuntime('onnxruntime-nowhere')).rejects.toMatchObject({
      code: 'DEPENDENCY_MISSING',
      message: expect.stringContaining('npm install onnxruntime-nowhere'),
    });
  });

  it('no folder, and a file in its place', async () => {
    await expect(nodeFiles(join(folder, 'nowhere'))).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
    await writeFile(join(folder, 'file'), '');
    await expect(nodeFiles(join(folder, 'file'))).rejects.toMatchObject({
      code: 'FILE_NOT_FOUND',
      message: expect.stringContaining('is a file'),
    });
  });

  it('pictures become PNGs that hold the same pixels, and no other file', async () => {
    const image = { data: Uint8ClampedArray.of(0, 64, 128, 255, 1, 2), width: 3, height: 2, channels: 1 } as const;
    const path = join(folder, 'picture.png');
    await savePng(path, image, { Comment: 'seed 42' });
    const read = decode(await readFile(path));
    expect([read.width, read.height, read.channels, Array.from(read.data)]).toEqual([3, 2, 1, Array.from(image.data)]);
    expect(read.text).toEqual({ Comment: 'seed 42' });
    expect(Array.from(decode(encodePng(toGrid([image], { columns: 1, scale: 2 }))).data).slice(0, 6)).toEqual([
      0, 0, 64, 64, 128, 128,
    ]);
    await savePng(join(folder, 'new', 'picture.png'), image);
    expect(await readdir(join(folder, 'new'))).toEqual(['picture.png']);
    await expect(savePng(join(path, 'in-a-file.png'), image)).rejects.toThrow(/EEXIST|ENOTDIR/);
  });
});

describe('pixels', () => {
  it('are those of diffusers’ image processor: float32, halves to even', async () => {
    const golden = (await readFile(fixture('pixels.tsv'), 'utf8')).trim().split('\n');
    expect(golden.length).toBe(298);
    for (const line of golden) {
      const [x, byte] = line.split('\t').map(Number) as [number, number];
      expect(toByte(x), `${x}`).toBe(byte);
    }
  });

  it('three planes become RGBA, and a grid leaves white between pictures', async () => {
    const planes = tensor([-1, 1, 0, -1, 1, 1, -1, -1, -1, 1, 0, 0], [1, 3, 2, 2]);
    const [image] = await toImages(planes, planes);
    const expected = [
      [0, 255, 0, 255],
      [255, 255, 255, 255],
      [128, 0, 128, 255],
      [0, 0, 128, 255],
    ];
    expect(Array.from(image!.data)).toEqual(expected.flat());
    const grid = toGrid([image, undefined, image], { columns: 2, gap: 1 });
    expect([grid.width, grid.height]).toEqual([5, 5]);
    expect(Array.from(grid.data.subarray(8, 20))).toEqual(Array.from({ length: 12 }, () => 255));
  });

  it('of a sample that is not finite are an error, not black', async () => {
    const broken = tensor([0, Number.NaN, 0, 0], [1, 1, 2, 2]);
    await expect(toImages(broken, broken)).rejects.toMatchObject({ code: 'NUMERIC' });
  });

  it('of a shape that is no picture are refused', async () => {
    const two = tensor([0, 0], [1, 2, 1, 1]);
    await expect(toImages(two, two)).rejects.toMatchObject({ code: 'SHAPE_MISMATCH' });
  });
});
