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
import { refuseElsewhere } from './elsewhere.ts';
import { importModule, registerIfPresent } from './installed.ts';
import { interruptible } from './interrupt.ts';
import type { ModelFolder } from './model-folder.ts';
import { modelFolder } from './model-folder.ts';
import type { Picture } from './output.ts';
import { prepareTarget, scaleOf, write } from './output.ts';
import type { DrawingPlan } from './plan.ts';
import { drawingPlan } from './plan.ts';
import type { NamedScheduler } from './scheduler-names.ts';
import { schedulerNamed } from './scheduler-names.ts';
import { table } from './table.ts';

/** Threads that spin while they wait slow everything down where others want the processor too. */
const PATIENT = { extra: { session: { intra_op: { allow_spinning: '0' } } } };

export async function generate(args: readonly string[]): Promise<void> {
  const given = generateArguments(args);
  await importModule(given.module);
  const folder = modelFolder(given.model, given.prompts.length > 0);
  const scheduler = await schedulerOf(folder, given.scheduler);
  await interruptible(async (signal) => {
    const pipeline = await openedWith(scheduler, folder);
    try {
      throwIfAborted(signal, 'nothing was computed');
      await warnOfForeign(pipeline);
      await drawAndWrite({ pipeline, folder, given, scheduler }, signal);
    } finally {
      await pipeline.dispose();
    }
  });
}

/** The one that was asked for, else the class that the model's config names. */
async function schedulerOf(folder: ModelFolder, asked: string | undefined): Promise<NamedScheduler> {
  const scheduler = await schedulerNamed(asked ?? (await ownName(folder)));
  refuseElsewhere(scheduler.className);
  return scheduler;
}

async function ownName({ path }: ModelFolder): Promise<string> {
  const { schedulerConfig } = await readLayout(await nodeFiles(path));
  const name = schedulerConfig?.['_class_name'];
  if (typeof name === 'string') return name;
  throw new DiffusionError('CONFIG_INVALID', `"${path}" does not say which scheduler it wants. Pass --scheduler.`);
}

async function openedWith({ className, config }: NamedScheduler, { path }: ModelFolder): Promise<ImagePipeline> {
  const pipeline = await loadPipeline(path, { scheduler: className, session: PATIENT });
  return Object.keys(config).length > 0 ? pipeline.useScheduler(className, config) : pipeline;
}

/** A scheduler for another kind of model draws noise without an error, in Python too. Those that read betas read all such models. */
async function warnOfForeign({ scheduler, model }: ImagePipeline): Promise<void> {
  const own = String(model.layout.schedulerConfig?.['_class_name']);
  const { className, schema } = scheduler.class;
  if (className === own || !(await registerIfPresent(own)) || registry.get(own).compatibles.includes(className)) return;
  if ('beta_schedule' in schema && 'beta_schedule' in registry.get(own).schema) return;
  warn(`${className} does not take the configs of ${own}, which this model was made for: it may draw noise.`);
}

interface Task {
  readonly pipeline: ImagePipeline;
  readonly folder: ModelFolder;
  readonly given: GenerateArguments;
  readonly scheduler: NamedScheduler;
}

async function drawAndWrite(task: Task, signal: AbortSignal): Promise<void> {
  const { pipeline, given } = task;
  const plan = drawingPlan(pipeline, given);
  const target = await prepareTarget(given.output);
  console.log(table(headLines(task, plan)));
  const start = performance.now();
  const images = await draw(pipeline, plan, given, signal);
  const seconds = (performance.now() - start) / 1000;
  const pictures = plan.jobs.map((job, i) => picture(images[i]!, job, task));
  const written = await write(target, pictures, { columns: plan.columns, scale: scaleOf(given, images[0]!) });
  const each = (1000 * seconds) / images.length;
  console.log(
    table([
      ['time     ', `${each.toFixed(1)} ms a picture, ${seconds.toFixed(2)} s in all`],
      ['written', written],
    ]),
  );
}

function headLines({ pipeline, folder, given, scheduler }: Task, { jobs, rows, columns }: DrawingPlan): string[][] {
  const { steps, guidance: asked, eta, seed } = given;
  const guidance = guidanceOf(pipeline, asked);
  const options = [
    `${steps} steps`,
    ...(guidance === 1 ? [] : [`guidance ${guidance}`]),
    ...(eta === undefined ? [] : [`eta ${eta}`]),
  ];
  const last = jobs.at(-1)!.seed;
  const lines = [
    ['model', folder.name],
    ['scheduler', `${scheduler.className}${called(scheduler)}, ${options.join(', ')}`],
    ['seed', last === seed ? String(seed) : `${seed} to ${last} (the first again: --seed ${seed})`],
  ];
  const [{ title }] = jobs as [DrawingPlan['jobs'][number]];
  if (jobs.length === 1 && title !== undefined) return [...lines, ['picture', title]];
  return rows.length > 0 ? [...lines, ['rows', `${rows.join(', ')}; ${columns} of each`]] : lines;
}

const called = ({ sampler }: NamedScheduler): string => (sampler === undefined ? '' : ` (${sampler})`);

function guidanceOf(pipeline: ImagePipeline, asked: number | undefined): number {
  return asked ?? (pipeline instanceof StableDiffusionPipeline ? pipeline.defaultGuidance : 1);
}

/** A picture with its file name and what is noted in its PNG. */
function picture(
  image: Picture['image'],
  { seed, title, prompt }: DrawingPlan['jobs'][number],
  { pipeline, folder, given, scheduler }: Task,
): Picture {
  const { steps, guidance, negative, strength } = given;
  const what = prompt === undefined ? { class: title } : { prompt: title, negative, strength };
  const text = {
    Software: 'unnoise',
    Comment: JSON.stringify({
      model: folder.name,
      scheduler: scheduler.className,
      sampler: scheduler.sampler,
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
