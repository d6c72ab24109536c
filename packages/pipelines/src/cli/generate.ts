// unnoise generate: opens a model, draws a batch after the other, and writes PNGs.

import { DiffusionError, registry, warn } from '@unnoise/core';
import { throwIfAborted } from '../loop/abort.ts';
import { readLayout } from '../onnx/layout.ts';
import { loadPipeline, nodeFiles } from '../node.ts';
import type { ImagePipeline } from '../pipeline/load.ts';
import { StableDiffusionPipeline } from '../pipeline/stable-diffusion.ts';
import { draw } from './draw.ts';
import type { GenerateArguments } from './generate-options.ts';
import { generateArguments } from './generate-options.ts';
import { importModule, registerBundled } from './installed.ts';
import { interruptible } from './interrupt.ts';
import type { ModelFolder } from './model-folder.ts';
import { modelFolder } from './model-folder.ts';
import type { Picture } from './output.ts';
import { prepareTarget, scaleOf, write } from './output.ts';
import type { DrawingPlan } from './plan.ts';
import { drawingPlan } from './plan.ts';
import { schedulerNamed } from './scheduler-names.ts';
import { table } from './table.ts';

/** Threads that spin while they wait slow everything down where others want the processor too. */
const PATIENT = { extra: { session: { intra_op: { allow_spinning: '0' } } } };

export async function generate(args: readonly string[]): Promise<void> {
  const given = generateArguments(args);
  registerBundled();
  await importModule(given.module);
  const folder = modelFolder(given.model, given.prompts.length > 0);
  const scheduler = given.scheduler === undefined ? await ownScheduler(folder) : await schedulerNamed(given.scheduler);
  await interruptible(async (signal) => {
    const pipeline = await loadPipeline(folder.path, { scheduler, session: PATIENT });
    try {
      throwIfAborted(signal, 'nothing was computed');
      warnOfForeign(pipeline);
      await drawAndWrite(pipeline, folder, given, signal);
    } finally {
      await pipeline.dispose();
    }
  });
}

/** The class that the model's config names; its package is looked for where the command runs. */
async function ownScheduler({ path }: ModelFolder): Promise<string> {
  const { schedulerConfig } = await readLayout(await nodeFiles(path));
  const name = schedulerConfig?.['_class_name'];
  if (typeof name === 'string') return schedulerNamed(name);
  throw new DiffusionError('CONFIG_INVALID', `"${path}" does not say which scheduler it wants. Pass --scheduler.`);
}

/** A scheduler for another kind of model draws noise without an error, in Python too. Those that read betas read all such models. */
function warnOfForeign({ scheduler, model }: ImagePipeline): void {
  const own = String(model.layout.schedulerConfig?.['_class_name']);
  const { className, schema } = scheduler.class;
  if (className === own || !registry.has(own) || registry.get(own).compatibles.includes(className)) return;
  if ('beta_schedule' in schema && 'beta_schedule' in registry.get(own).schema) return;
  warn(`${className} does not take the configs of ${own}, which this model was made for: it may draw noise.`);
}

async function drawAndWrite(
  pipeline: ImagePipeline,
  folder: ModelFolder,
  given: GenerateArguments,
  signal: AbortSignal,
): Promise<void> {
  const plan = drawingPlan(pipeline, given);
  const target = await prepareTarget(given.output);
  console.log(table(headLines(pipeline, folder, given, plan)));
  const start = performance.now();
  const images = await draw(pipeline, plan, given, signal);
  const seconds = (performance.now() - start) / 1000;
  const pictures = plan.jobs.map((job, i) => picture(images[i]!, job, pipeline, folder, given));
  const written = await write(target, pictures, { columns: plan.columns, scale: scaleOf(given, images[0]!) });
  const each = (1000 * seconds) / images.length;
  console.log(
    table([
      ['time     ', `${each.toFixed(1)} ms a picture, ${seconds.toFixed(2)} s in all`],
      ['written', written],
    ]),
  );
}

function headLines(
  pipeline: ImagePipeline,
  folder: ModelFolder,
  { steps, guidance: asked, eta, seed }: GenerateArguments,
  { jobs, rows, columns }: DrawingPlan,
): string[][] {
  const guidance = guidanceOf(pipeline, asked);
  const options = [
    `${steps} steps`,
    ...(guidance === 1 ? [] : [`guidance ${guidance}`]),
    ...(eta === undefined ? [] : [`eta ${eta}`]),
  ];
  const last = jobs.at(-1)!.seed;
  const lines = [
    ['model', folder.name],
    ['scheduler', `${pipeline.scheduler.class.className}, ${options.join(', ')}`],
    ['seed', last === seed ? String(seed) : `${seed} to ${last} (the first again: --seed ${seed})`],
  ];
  const [{ title }] = jobs as [DrawingPlan['jobs'][number]];
  if (jobs.length === 1 && title !== undefined) return [...lines, ['picture', title]];
  return rows.length > 0 ? [...lines, ['rows', `${rows.join(', ')}; ${columns} of each`]] : lines;
}

function guidanceOf(pipeline: ImagePipeline, asked: number | undefined): number {
  return asked ?? (pipeline instanceof StableDiffusionPipeline ? pipeline.defaultGuidance : 1);
}

/** A picture with its file name and what is noted in its PNG. */
function picture(
  image: Picture['image'],
  { seed, title, prompt }: DrawingPlan['jobs'][number],
  pipeline: ImagePipeline,
  folder: ModelFolder,
  { steps, guidance, negative, strength }: GenerateArguments,
): Picture {
  const what = prompt === undefined ? { class: title } : { prompt: title, negative, strength };
  const text = {
    Software: 'unnoise',
    Comment: JSON.stringify({
      model: folder.name,
      scheduler: pipeline.scheduler.class.className,
      steps,
      seed,
      guidance: guidanceOf(pipeline, guidance),
      ...what,
    }),
  };
  return {
    image,
    text,
    name: [seed, title]
      .filter((part) => part !== undefined)
      .join('-')
      .replace(/[^\w-]+/g, '-'),
  };
}
