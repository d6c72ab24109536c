// unnoise inspect: what a model folder holds and what it needs.

import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isDiffusionError, packageOf, parseConfig, registry } from '@unnoise/core';
import { registerAll } from '@unnoise/schedulers';
import { importRuntime, nodeFiles } from '../node.ts';
import { QUIET } from '../node/runtime.ts';
import { shapeText } from '../onnx/encode.ts';
import type { ModelFiles, ModelLayout, PartLayout } from '../onnx/layout.ts';
import { readLayout } from '../onnx/layout.ts';
import { openPart } from '../onnx/model.ts';
import type { OnnxRuntime, OnnxValueInfo } from '../onnx/runtime.ts';
import { wordLevelTokenizer } from '../text/word-level.ts';
import { parsed } from './arguments.ts';
import { UsageError } from './errors.ts';
import { packageVersion } from './installed.ts';
import { modelFolder } from './model-folder.ts';
import { parameterCount } from './parameters.ts';
import { sizeText, table } from './table.ts';

export async function inspect(args: readonly string[]): Promise<void> {
  const { positionals } = parsed('inspect', args, {});
  if (positionals.length !== 1) throw new UsageError('inspect takes one folder. See unnoise inspect --help.');
  await registerAll();
  const { path } = modelFolder(positionals[0], false);
  const files = await nodeFiles(path);
  const layout = await readLayout(files);
  const runtime = await importRuntime().catch(unlessMissing);
  console.log(`${layout.className}  ${path}`);
  for (const part of layout.parts)
    if (part.name !== 'scheduler') console.log(await partText(files, layout, part, runtime));
  console.log(schedulerText(layout));
  console.log(await packagesText(files, layout));
}

/** Without it everything but inputs and outputs is told, and under "packages" how to install it. */
function unlessMissing(error: unknown): undefined {
  if (!isDiffusionError(error, 'DEPENDENCY_MISSING')) throw error;
}

async function partText(
  files: ModelFiles,
  layout: ModelLayout,
  part: PartLayout,
  runtime: OnnxRuntime | undefined,
): Promise<string> {
  const title = `\n${part.name}  ${part.className}`;
  if (!part.graph) return part.name.startsWith('tokenizer') ? title : `${title}  no ONNX graph`;
  const head = `${title}  ${await weights(join(files.name, part.graph))}`;
  if (!runtime) return head;
  const opened = await openPart(files, layout, part.name, { runtime, session: QUIET });
  try {
    const rows = [...valueRows('in', opened.inputs), ...valueRows('out', opened.outputs)];
    return `${head}\n${table(rows, '  ')}`;
  } finally {
    await opened.dispose();
  }
}

function valueRows(direction: string, values: readonly OnnxValueInfo[]): string[][] {
  return values.map(({ name, type, shape }) => [direction, name, type, shapeText(shape)]);
}

/** Parameters, and the sizes of the files beside the graph that are not configs. */
async function weights(graph: string): Promise<string> {
  const folder = dirname(graph);
  const names = (await readdir(folder)).filter((name) => !name.endsWith('.json'));
  const sizes = await Promise.all(
    names.map(async (name) => `${name} ${sizeText((await stat(join(folder, name))).size)}`),
  );
  const count = await parameters(graph);
  return [...(count ? [`${count.toLocaleString('en')} parameters`] : []), ...sizes].join(', ');
}

/** Undefined for files that are too large to read only for a count. */
async function parameters(graph: string): Promise<number | undefined> {
  return (await stat(graph)).size < 2 ** 30 ? parameterCount(await readFile(graph)) : undefined;
}

function schedulerText({ schedulerConfig }: ModelLayout): string {
  if (!schedulerConfig) return '\nscheduler  none';
  const name = String(schedulerConfig['_class_name']);
  const keys = ['prediction_type', 'beta_schedule', 'timestep_spacing', 'num_train_timesteps'];
  const rows = keys.filter((key) => key in schedulerConfig).map((key) => [key, String(schedulerConfig[key])]);
  const swaps = registry.has(name) ? registry.compatibles(registry.get(name)).slice(1) : [];
  const others = swaps.map(({ className }) => className).join(', ');
  return `\nscheduler  ${name}\n${table([...rows, ...(others ? [['can be', others]] : [])], '  ')}`;
}

async function packagesText(files: ModelFiles, { schedulerConfig, parts }: ModelLayout): Promise<string> {
  const name = String(schedulerConfig?.['_class_name']);
  const scheduler = packageOf(name);
  const needed = [
    ...(parts.some(({ graph }) => graph) ? ['onnxruntime-node'] : []),
    ...(scheduler ? [scheduler] : []),
    ...((await splitsWords(files, parts)) ? ['@huggingface/tokenizers'] : []),
  ];
  const rows = needed.map(async (one) => [one, await installedText(one)]);
  return `\npackages\n${table(await Promise.all(rows), '  ')}`;
}

/** True for a tokenizer that needs a library. */
async function splitsWords(files: ModelFiles, parts: readonly PartLayout[]): Promise<boolean> {
  if (!parts.some(({ name }) => name === 'tokenizer')) return false;
  const text = await files.readText('tokenizer/tokenizer.json');
  return text === undefined || wordLevelTokenizer(parseConfig(text, 'tokenizer/tokenizer.json')) === undefined;
}

async function installedText(name: string): Promise<string> {
  const version = await packageVersion(name);
  return version === undefined ? `not installed: npm install ${name}` : `${version} installed`;
}
