// What lies in a model folder of diffusers' layout: model_index.json, the scheduler's config, and which parts are ONNX graphs.
// Reads texts only; opening graphs is model.ts's job.

import type { ConfigObject } from '@unnoise/core';
import { CONFIG_NAME, DiffusionError, parseConfig } from '@unnoise/core';

/** Access to one model folder; paths are relative to it and use forward slashes. */
export interface ModelFiles {
  /** As messages name the folder. */
  readonly name: string;
  /** Undefined where there is no such file. */
  readText(path: string): Promise<string | undefined>;
  /** What ONNX Runtime loads a graph from: a path or URL that it reads itself, external data included, or the bytes. */
  graph(path: string): Promise<string | Uint8Array | undefined>;
}

/** One entry of model_index.json that has a folder. */
export interface PartLayout {
  readonly name: string;
  readonly library: string;
  readonly className: string;
  /** Path of its ONNX graph; undefined for tokenizers, the scheduler, and parts that are not exported. */
  readonly graph: string | undefined;
  /** Its config.json; empty where there is none. */
  readonly config: ConfigObject;
}

export interface ModelLayout {
  /** The folder, as messages name it. */
  readonly name: string;
  /** Upstream's pipeline class. */
  readonly className: string;
  /** All of model_index.json. */
  readonly index: ConfigObject;
  /** scheduler/scheduler_config.json; undefined for a model without one. */
  readonly schedulerConfig: ConfigObject | undefined;
  readonly parts: readonly PartLayout[];
}

const INDEX = 'model_index.json';

/** @throws DiffusionError FILE_NOT_FOUND where there is no model; CONFIG_INVALID for a file that is not JSON. */
export async function readLayout(files: ModelFiles): Promise<ModelLayout> {
  const index = await readJson(files, INDEX);
  if (!index) throw notFound(files, INDEX, `Is "${files.name}" the folder of a diffusers model?`);
  const schedulerConfig = await readJson(files, `scheduler/${CONFIG_NAME}`);
  if (isPart(index['scheduler']) && !schedulerConfig) {
    throw notFound(files, `scheduler/${CONFIG_NAME}`, `${INDEX} names a scheduler; download its config too.`);
  }
  const entries = Object.entries(index).flatMap(([name, value]) => (isPart(value) ? [[name, ...value] as const] : []));
  const parts = await Promise.all(
    withHalves(entries).map(([name, library, className]) => readPart(files, name, library, className)),
  );
  return { name: files.name, className: String(index['_class_name']), index, schedulerConfig, parts };
}

type Entry = readonly [name: string, library: string, className: string];

/** Some exports keep the index of the torch model, whose autoencoder is one part; in ONNX it is always two. */
function withHalves(entries: readonly Entry[]): readonly Entry[] {
  const listed = new Set(entries.map(([name]) => name));
  return entries.flatMap(([name, library, className]): readonly Entry[] => {
    if (name !== 'vae') return [[name, library, className]];
    const halves = ['vae_decoder', 'vae_encoder'].filter((half) => !listed.has(half));
    return halves.map((half) => [half, library, className]);
  });
}

async function readPart(files: ModelFiles, name: string, library: string, className: string): Promise<PartLayout> {
  const folder = (await files.graph(`${name}/model.onnx`)) ? name : (ELSEWHERE[name] ?? name);
  const graph = `${folder}/model.onnx`;
  const found = await files.graph(graph);
  return {
    name,
    library,
    className,
    graph: found ? graph : undefined,
    config: (await readJson(files, `${folder}/config.json`)) ?? {},
  };
}

/** Some exports of transformer models keep the folder name of older ones. */
const ELSEWHERE: Readonly<Record<string, string>> = { transformer: 'unet' };

async function readJson(files: ModelFiles, path: string): Promise<ConfigObject | undefined> {
  const text = await files.readText(path);
  return text === undefined ? undefined : parseConfig(text, `${files.name}/${path}`);
}

/** Parts are [library, class]; an absent part is [null, null]. */
function isPart(value: unknown): value is [library: string, className: string] {
  return Array.isArray(value) && value.length === 2 && value.every((entry) => typeof entry === 'string');
}

function notFound({ name }: ModelFiles, path: string, advice: string): DiffusionError {
  return new DiffusionError('FILE_NOT_FOUND', `There is no ${path} in "${name}". ${advice}`, { folder: name, path });
}

/** The error for a part that is named but has no graph. */
export function missingGraph(layout: ModelLayout, part: string): DiffusionError {
  return new DiffusionError(
    'FILE_NOT_FOUND',
    `There is no ${part}/model.onnx in "${layout.name}". Export the model to ONNX, for instance with ` +
      '"optimum-cli export onnx --model <model> <folder>", or download the files of its ONNX export.',
    { folder: layout.name, part },
  );
}
