// Finds the backend or the scheduler class among the exports of a module.

import { existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Backend, SchedulerClass } from '@unnoise/core';
import { isDiffusionError, registry } from '@unnoise/core';
import type { GoldenSource } from '../golden/source.ts';
import { fileGoldens } from '../golden/source.ts';
import { isBackend } from '../run.ts';
import type { SchedulerSubject } from '../scheduler/subject.ts';
import { schedulerSubject } from '../suite.ts';

type Exports = Readonly<Record<string, unknown>>;

export async function loadBackend(module: string, name: string | undefined): Promise<Backend> {
  const [key, found] = theOne(
    await load(module),
    name,
    (value) => isBackend(value) || isFactory(value),
    module,
    'a backend, or a function that makes one',
  );
  const made: unknown =
    typeof found === 'function' ? await called(found as () => unknown, `${key} of ${module}`) : found;
  if (isBackend(made)) return made;
  throw new Error(`${key} of ${module} gave ${String(made)}, which is no backend: it has no upload and run.`);
}

/** Registers the class as well, so that configs can be swapped into it. `golden` is a folder of recorded runs beside this package's. */
export async function loadScheduler(
  module: string,
  name: string | undefined,
  golden: string | undefined,
): Promise<SchedulerSubject> {
  const [, found] = theOne(
    await load(module),
    name,
    isScheduler,
    module,
    'a scheduler class (with className, schema and stepOptions)',
  );
  const scheduler = found as SchedulerClass;
  registry.add(scheduler);
  return schedulerSubject(golden === undefined ? scheduler : { scheduler, golden: goldensIn(golden, scheduler) });
}

function goldensIn(folder: string, { className }: SchedulerClass): GoldenSource {
  const path = resolve(folder);
  for (const name of ['index.json', 'recipe.json'])
    if (!existsSync(join(path, name)))
      throw new Error(
        `${path} has no ${name}, so it is no folder of goldens. tools/golden of unnoise tells their format.`,
      );
  const goldens = fileGoldens(pathToFileURL(path));
  if (goldens.classes.includes(className)) return goldens;
  throw new Error(`${path} has recorded runs of ${goldens.classes.join(', ') || 'nothing'}, but none of ${className}.`);
}

/** A path, or a package as it is seen from where the command runs. */
async function load(module: string): Promise<Exports> {
  const file = isPath(module) ? fileAt(module) : packageAt(module);
  return called(() => import(pathToFileURL(file).href) as Promise<Exports>, module);
}

const isPath = (module: string): boolean => /^(\.{0,2}[/\\]|[a-z]:\\)/i.test(module);

function fileAt(module: string): string {
  const file = resolve(module);
  if (statSync(file, { throwIfNoEntry: false })?.isFile()) return file;
  throw new Error(`There is no file ${file}. Give the path of a JavaScript module, as it is seen from ${resolve()}.`);
}

function packageAt(module: string): string {
  try {
    return createRequire(resolve('here.js')).resolve(module);
  } catch (cause) {
    const hint = existsSync(module) ? `For the file write ./${module}.` : 'Install it, or begin a path with ./';
    throw new Error(`No package ${module} is installed in ${resolve()}. ${hint}`, { cause });
  }
}

/** What the user's code throws, with where it was thrown. */
async function called<T>(action: () => T | Promise<T>, what: string): Promise<T> {
  try {
    return await action();
  } catch (error) {
    const code = isDiffusionError(error) ? `${error.code}: ` : '';
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    throw new Error(`${what} threw ${code}${stack.split('\n').slice(0, 5).join('\n')}`, { cause: error });
  }
}

/** The export to test, with its name: the one asked for, the default, or the only one that fits. */
function theOne(
  exports: Exports,
  name: string | undefined,
  fits: (value: unknown) => boolean,
  module: string,
  wanted: string,
): readonly [string, unknown] {
  const names = name ? [name] : 'default' in exports && fits(exports['default']) ? ['default'] : Object.keys(exports);
  const found = names.filter((key) => fits(exports[key]));
  if (found.length === 1) return [found[0]!, exports[found[0]!]];
  if (found.length > 1) throw new Error(`${module} exports several: ${found.join(', ')}. Choose one with --export.`);
  const has = Object.keys(exports).join(', ') || 'nothing';
  throw new Error(`${module} does not export ${wanted}${name ? ` as ${name}` : ''}. It exports ${has}.`);
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
