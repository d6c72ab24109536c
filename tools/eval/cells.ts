// One cell of the table: a sampler at a number of model evaluations. Cells are kept, so that an evaluation can go on where it stopped.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Estimate } from './bootstrap.ts';
import { bootstrap } from './bootstrap.ts';
import type { Statistics } from './frechet.ts';
import { frechetTo, mean, statistics } from './frechet.ts';
import type { Sampler } from './samplers.ts';
import type { Pictures, Yardstick } from './yardstick.ts';

export interface Quality {
  readonly frechet: Estimate;
  /** Share of pictures in which the judge sees the class asked for. */
  readonly accuracy: Estimate;
}

export interface Cell extends Quality {
  readonly sampler: string;
  /** Model evaluations allowed, and made. */
  readonly evaluations: number;
  readonly calls: number;
  /** RMS distance to the fine solution from the same noise; deterministic samplers only. */
  readonly paired?: Estimate;
  readonly millisecondsPerPicture: number;
}

export interface Setting {
  readonly yardstick: Yardstick;
  readonly reference: Statistics;
  /** The fine solution, of the first pictures. */
  readonly fine: Pictures;
  readonly count: number;
  /** What the numbers depend on beside the code: part of the name under which a cell is kept. */
  readonly version: string;
  readonly folder: string;
}

export async function cell(setting: Setting, sampler: Sampler, evaluations: number): Promise<Cell | undefined> {
  const { yardstick } = setting;
  const plan = yardstick.steps(sampler, evaluations);
  if (!plan) return undefined;
  return kept(setting, [sampler.name, sampler.config, evaluations], async () => {
    const begun = performance.now();
    const pictures = await yardstick.draw(sampler, plan.steps, setting.count);
    const millisecondsPerPicture = (performance.now() - begun) / setting.count;
    return {
      sampler: sampler.name,
      evaluations,
      calls: plan.calls,
      ...(await quality(setting, pictures)),
      ...(sampler.deterministic && { paired: pairedError(pictures, setting.fine) }),
      millisecondsPerPicture,
    };
  });
}

export async function quality({ yardstick, reference }: Setting, pictures: Pictures): Promise<Quality> {
  const { features, right } = await yardstick.judge(pictures);
  const distance = frechetTo(reference);
  return {
    frechet: bootstrap(right.length, (rows) => distance(statistics(rows.map((row) => features[row]!)))),
    accuracy: bootstrap(right.length, (rows) => mean(rows.map((row) => Number(right[row])))),
  };
}

/** Root mean square over pictures and pixels, of those that have a fine solution. */
export function pairedError(pictures: Pictures, fine: Pictures): Estimate {
  const squares = fine.values.map((truth, i) =>
    mean([...truth].map((value, j) => (value - pictures.values[i]![j]!) ** 2)),
  );
  return bootstrap(squares.length, (rows) => Math.sqrt(mean(rows.map((row) => squares[row]!))));
}

export async function kept<T>(
  { version, count, folder }: Pick<Setting, 'version' | 'count' | 'folder'>,
  key: unknown,
  make: () => Promise<T>,
): Promise<T> {
  const name = createHash('sha256')
    .update(JSON.stringify([version, count, key]))
    .digest('hex')
    .slice(0, 16);
  const file = join(folder, `${name}.json`);
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as T;
  const made = await make();
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(made));
  return made;
}
