// Finds the backend or the scheduler class among the exports of a module.

import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Backend, SchedulerClass } from '@unnoise/core';
import { registry } from '@unnoise/core';
import { isBackend } from '../run.ts';
import type { SchedulerSubject } from '../scheduler/subject.ts';
import { schedulerSubject } from '../suite.ts';

type Exports = Readonly<Record<string, unknown>>;

export async function loadBackend(module: string, name: string | undefined): Promise<Backend> {
  const exports = await load(module);
  const [found] = candidates(
    exports,
    name,
    (value) => isBackend(value) || isFactory(value),
    module,
    'a backend, or a function that makes one',
  );
  const made: unknown = typeof found === 'function' ? await (found as () => unknown)() : found;
  if (isBackend(made)) return made;
  throw new Error(`What ${module} makes is not a backend: it has no upload and run.`);
}

/** Registers the class as well, so that configs can be swapped into it. */
export async function loadScheduler(module: string, name: string | undefined): Promise<SchedulerSubject> {
  const [found] = candidates(
    await load(module),
    name,
    isScheduler,
    module,
    'a scheduler class (with className, schema and stepOptions)',
  );
  registry.add(found as SchedulerClass);
  return schedulerSubject(found as SchedulerClass);
}

/** A path, or a package as it is seen from where the command runs. */
function load(module: string): Promise<Exports> {
  const isPath = /^(\.{0,2}[/\\]|[a-z]:\\)/i.test(module);
  const file = isPath ? resolve(module) : createRequire(resolve('here.js')).resolve(module);
  return import(pathToFileURL(file).href) as Promise<Exports>;
}

function candidates(
  exports: Exports,
  name: string | undefined,
  fits: (value: unknown) => boolean,
  module: string,
  wanted: string,
): readonly unknown[] {
  const names = name ? [name] : 'default' in exports && fits(exports['default']) ? ['default'] : Object.keys(exports);
  const found = names.filter((key) => fits(exports[key]));
  if (found.length === 1) return [exports[found[0]!]];
  const reason =
    found.length > 1 ? `exports several: ${found.join(', ')}. Choose one with --export` : `does not export ${wanted}`;
  throw new Error(`${module} ${reason}.`);
}

/** create, createMyBackend, ...: called without arguments. Classes are not called. */
function isFactory(value: unknown): boolean {
  return typeof value === 'function' && !/^class\b/.test(Function.prototype.toString.call(value)) && value.length === 0;
}

function isScheduler(value: unknown): boolean {
  const { className, schema, stepOptions } = (value ?? {}) as Partial<SchedulerClass>;
  return (
    typeof value === 'function' && typeof className === 'string' && schema !== undefined && stepOptions !== undefined
  );
}
