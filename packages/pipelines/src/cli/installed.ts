// Packages as seen from where the command runs: the schedulers that come with it, and the modules and models that the user has.

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { registry } from '@unnoise/core';
import { loadScheduler, schedulers } from '@unnoise/schedulers';

/** Registers the class of this name if it is one of those that the command brings along, which is all that have a package. */
export async function registerIfPresent(className: string): Promise<boolean> {
  if (registry.has(className)) return true;
  if (!Object.hasOwn(schedulers, className)) return false;
  await loadScheduler(className);
  return true;
}

/** Loads a module of the user's, by path or package name. */
export async function importModule(specifier: string | undefined): Promise<void> {
  if (specifier === undefined) return;
  const path = locate(specifier) ?? resolve(specifier);
  await import(pathToFileURL(path).href);
}

/** The folder of an installed package. */
export function packageFolder(name: string): string | undefined {
  const manifest = locate(`${name}/package.json`);
  return manifest ? dirname(manifest) : folderOfEntry(name);
}

/** Some packages do not export their manifest: the folder that is called as they are, above what they do export. */
function folderOfEntry(name: string): string | undefined {
  const entry = locate(name);
  const own = join('node_modules', ...name.split('/'));
  const at = entry?.lastIndexOf(own) ?? -1;
  return at < 0 ? undefined : entry!.slice(0, at + own.length);
}

export async function packageVersion(name: string): Promise<string | undefined> {
  const folder = packageFolder(name);
  if (!folder) return undefined;
  return (JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { version: string }).version;
}

/** From the current folder first, then from this package, then among the schedulers that come along. */
function locate(specifier: string): string | undefined {
  for (const base of [join(process.cwd(), '_'), import.meta.url, import.meta.resolve('@unnoise/schedulers')]) {
    try {
      return createRequire(base).resolve(specifier);
    } catch {
      // not there: the next base, or undefined
    }
  }
  return undefined;
}
