// What the repository tests its own parts with: every scheduler, and the columns of the matrix that run in Node.

import { readdirSync } from 'node:fs';
import type { SchedulerClass } from '@unnoise/core';
import { registry } from '@unnoise/core';
import '@unnoise/core/beta-sigmas';
import type { Column } from './matrix/columns.ts';
import { NODE_COLUMNS } from './matrix/node-columns.ts';

const PACKAGES = new URL('../../packages/', import.meta.url);

/** The class of every packages/scheduler-*, registered: a new package is tested without being listed here. */
export const SCHEDULERS: readonly SchedulerClass[] = await Promise.all(
  readdirSync(PACKAGES)
    .filter((name) => name.startsWith('scheduler-'))
    .map(async (name) => {
      const exports = Object.values((await import(new URL(`${name}/src/index.ts`, PACKAGES).pathname)) as object);
      return exports.find((value) => typeof value === 'function' && 'className' in value) as SchedulerClass;
    }),
);
registry.add(...SCHEDULERS);

/** The columns of those names. */
export const columns = (...names: readonly string[]): readonly Column[] =>
  names.map((name) => NODE_COLUMNS.find((column) => column.name === name)!);
