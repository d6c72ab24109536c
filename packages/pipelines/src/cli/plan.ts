// What `unnoise generate` draws: which classes, how many of each, in which batches, from which seeds, and how they are laid out.

import type { ImagePipeline } from '../pipeline/load.ts';
import { ClassConditionalImagePipeline } from '../pipeline/class-conditional.ts';
import { UsageError } from './errors.ts';
import type { GenerateArguments } from './generate-options.ts';

/** One picture to draw. */
export interface Job {
  readonly seed: number;
  /** Undefined for models without classes. */
  readonly label: number | undefined;
  /** The class by name where it has one. */
  readonly title: string | undefined;
}

export interface DrawingPlan {
  readonly jobs: readonly Job[];
  readonly batches: readonly (readonly Job[])[];
  readonly columns: number;
  /** The classes, top to bottom, where each row is one. */
  readonly rows: readonly string[];
}

const MANY = 20;
const COUNT_OF_ALL = 8;

export function drawingPlan(
  pipeline: ImagePipeline,
  { classes, count, batch, seed, columns }: GenerateArguments,
): DrawingPlan {
  const labels = labelsOf(pipeline, classes);
  const each = count ?? (labels.length > 1 && !classes ? COUNT_OF_ALL : 1);
  const jobs = labels.flatMap(({ label, title }, row) =>
    Array.from({ length: each }, (_, i) => ({ seed: seed + row * each + i, label, title })),
  );
  const natural = labels.length > 1 && each > 1 ? each : Math.ceil(Math.sqrt(jobs.length));
  const across = columns ?? natural;
  const named = labels.length > 1 && across === each;
  return {
    jobs,
    batches: Array.from({ length: Math.ceil(jobs.length / batch) }, (_, i) => jobs.slice(i * batch, (i + 1) * batch)),
    columns: across,
    rows: named ? labels.map(({ label, title }) => title ?? String(label)) : [],
  };
}

type Label = Pick<Job, 'label' | 'title'>;

function labelsOf(pipeline: ImagePipeline, classes: readonly string[] | undefined): readonly Label[] {
  if (!(pipeline instanceof ClassConditionalImagePipeline)) {
    if (classes)
      throw new UsageError(`--class is "${classes.join(',')}", and this model has no classes. Leave it out.`);
    return [{ label: undefined, title: undefined }];
  }
  const { labels } = pipeline;
  const ids = classes ? classes.map((name) => labels.idOf(name)) : labels.all.slice(0, MANY);
  if (ids.length === 0)
    throw new UsageError('this model draws by class and does not list its classes. Pass --class with numbers.');
  return ids.map((label) => ({ label, title: labels.names.get(label) }));
}
