// What `unnoise generate` draws: which subjects, how many of each, in which batches, from which seeds, and how they are laid out.

import type { ImagePipeline } from '../pipeline/load.ts';
import type { GenerateArguments } from './generate-options.ts';
import type { Subject } from './subjects.ts';
import { subjectRows } from './subjects.ts';

/** One picture to draw. */
export interface Job extends Subject {
  readonly seed: number;
}

export interface DrawingPlan {
  readonly jobs: readonly Job[];
  readonly batches: readonly (readonly Job[])[];
  readonly columns: number;
  /** What the rows show, top to bottom, where each shows one thing. */
  readonly rows: readonly string[];
}

const COUNT_OF_ALL = 8;

export function drawingPlan(pipeline: ImagePipeline, given: GenerateArguments): DrawingPlan {
  const { count, batch, seed, columns } = given;
  const rows = subjectRows(pipeline, given);
  const all = rows.length > 1 && !given.classes && given.prompts.length === 0;
  const each = count ?? (all ? COUNT_OF_ALL : 1);
  const subjects = rows
    .flatMap((row) => row.subjects)
    .flatMap((subject) => Array.from({ length: each }, () => subject));
  const jobs = subjects.map((subject, i) => ({ ...subject, seed: seed + i }));
  const inRow = jobs.length / rows.length;
  const across = columns ?? (rows.length > 1 && inRow > 1 ? inRow : Math.ceil(Math.sqrt(jobs.length)));
  const titles = rows.flatMap(({ title }) => (title === undefined ? [] : [title]));
  return {
    jobs,
    batches: Array.from({ length: Math.ceil(jobs.length / batch) }, (_, i) => jobs.slice(i * batch, (i + 1) * batch)),
    columns: across,
    rows: rows.length > 1 && across === inRow ? titles : [],
  };
}
