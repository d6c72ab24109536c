// Model folders for tests, in memory: the texts that a case needs and one ONNX fixture.

import { readFile } from 'node:fs/promises';
import { DDPMScheduler } from '@unnoise/scheduler-ddpm';
import type { ModelFiles } from '../src/index.ts';

/** A file of test/fixtures. */
export const fixture = (name: string): URL => new URL(`./fixtures/${name}`, import.meta.url);

export interface MemoryModel {
  /** A file of test/fixtures without its ending; undefined: no graph. */
  readonly graph?: string;
  readonly index?: Readonly<Record<string, unknown>>;
  readonly config?: Readonly<Record<string, unknown>>;
  /** Further files, or undefined to take one away. */
  readonly files?: Readonly<Record<string, string | undefined>>;
}

export const INDEX = {
  _class_name: 'DDPMPipeline',
  unet: ['diffusers', 'UNet2DModel'],
  scheduler: ['diffusers', 'DDPMScheduler'],
};

/** A folder with a unet, a DDPM scheduler, and configs that fit the fixtures. */
export function memoryModel({ graph, index, config, files = {} }: MemoryModel): ModelFiles {
  const texts: Readonly<Record<string, string | undefined>> = {
    'model_index.json': JSON.stringify({ ...INDEX, ...index }),
    'scheduler/scheduler_config.json': new DDPMScheduler().saveConfig(),
    'unet/config.json': JSON.stringify({ in_channels: 1, sample_size: 2, ...config }),
    ...files,
  };
  return {
    name: 'memory',
    readText: (path) => Promise.resolve(texts[path]),
    graph: async (path) =>
      graph && path === 'unet/model.onnx' ? new Uint8Array(await readFile(fixture(`${graph}.onnx`))) : undefined,
  };
}
