// unnoise export-step: a scheduler's steps as ONNX graphs with their coefficients in a table, for loops without this library.

import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { exportStep as exported, type StepTable } from '@unnoise/backend-ort';
import type { DType, SchedulerMixin } from '@unnoise/core';
import { DiffusionError, registry, SchedulerMixin as Mixin } from '@unnoise/core';
import '@unnoise/core/beta-sigmas'; // for configs with use_beta_sigmas
import { parsed, whole } from './arguments.ts';
import { UsageError } from './errors.ts';
import { importModule } from './installed.ts';
import { schedulerNamed } from './scheduler-names.ts';

const OPTIONS = {
  config: { type: 'string' },
  out: { type: 'string', short: 'o', default: 'step.onnx' },
  steps: { type: 'string', short: 'n', default: '50' },
  shape: { type: 'string', default: '1,4,64,64' },
  'output-shape': { type: 'string' },
  dtype: { type: 'string', default: 'float32' },
  import: { type: 'string' },
} as const;

/** What is written beside the graphs: the table, with their file names. */
export interface StepFile extends StepTable {
  readonly graphs: readonly string[];
}

export async function exportStep(args: readonly string[]): Promise<void> {
  const { values, positionals } = parsed('export-step', args, OPTIONS);
  await importModule(values.import);
  const scheduler = await schedulerFor(positionals, values.config);
  const shape = sizes('shape', values.shape);
  const { graphs, table } = await exported(scheduler, whole('steps', values.steps, 1)!, {
    shape,
    outputShape: values['output-shape'] ? sizes('output-shape', values['output-shape']) : shape,
    dtype: floatOrWhole(values.dtype),
  });
  console.log(await write(resolve(values.out), graphs, table));
}

async function schedulerFor(names: readonly string[], config: string | undefined): Promise<SchedulerMixin> {
  const [name, ...more] = names;
  if (!name || more.length > 0)
    throw new UsageError('export-step takes one scheduler. See unnoise export-step --help.');
  const { className, config: said } = await schedulerNamed(name);
  const Scheduler = registry.get(className);
  if (config === undefined) return new Scheduler(said);
  return Mixin.fromPretrained.call(Scheduler, config, { overrides: said });
}

function sizes(option: string, text: string): number[] {
  return text.split(',').map((size) => whole(option, size.trim(), 1)!);
}

function floatOrWhole(dtype: string): DType {
  if (dtype === 'float32' || dtype === 'float16' || dtype === 'int32') return dtype;
  throw new UsageError(`--dtype is "${dtype}". Give float32, float16 or int32.`);
}

/** step.onnx, step.2.onnx, ... and step.json; says what was written. */
async function write(path: string, graphs: readonly Uint8Array[], table: StepTable): Promise<string> {
  const stem = basename(path).replace(/\.onnx$/i, '');
  const names = graphs.map((_, i) => (i === 0 ? `${stem}.onnx` : `${stem}.${i + 1}.onnx`));
  const file: StepFile = { ...table, graphs: names };
  try {
    await mkdir(dirname(path), { recursive: true });
    for (const [i, name] of names.entries()) await writeFile(join(dirname(path), name), graphs[i]!);
    await writeFile(join(dirname(path), `${stem}.json`), `${JSON.stringify(file, undefined, 2)}\n`);
  } catch (cause) {
    const message = `cannot write to "${dirname(path)}": ${(cause as Error).message}. Choose another --out.`;
    throw new DiffusionError('FILE_NOT_FOUND', message, { out: path }, cause);
  }
  return `${join(dirname(path), stem)}.json: ${table.steps.length} steps of ${table.scheduler} over ${names.join(', ')}`;
}
