// Packages as seen from where the command runs: the schedulers that come with it, and whatever else the user has installed.

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { knownSchedulers, packageOf, registry } from '@unnoise/core';
import { DDIMScheduler } from '@unnoise/scheduler-ddim';
import { DDPMScheduler } from '@unnoise/scheduler-ddpm';
import { DPMSolverMultistepScheduler } from '@unnoise/scheduler-dpmsolver-multistep';
import { EulerAncestralDiscreteScheduler } from '@unnoise/scheduler-euler-ancestral-discrete';
import { EulerDiscreteScheduler } from '@unnoise/scheduler-euler-discrete';
import { FlowMatchEulerDiscreteScheduler } from '@unnoise/scheduler-flow-match-euler-discrete';
import { LCMScheduler } from '@unnoise/scheduler-lcm';
import { PNDMScheduler } from '@unnoise/scheduler-pndm';
import { UniPCMultistepScheduler } from '@unnoise/scheduler-unipc-multistep';
import { VQDiffusionScheduler } from '@unnoise/scheduler-vq-diffusion';

/** Registers the schedulers that the command brings along. */
export function registerBundled(): void {
  registry.add(DDIMScheduler, DDPMScheduler, DPMSolverMultistepScheduler, EulerDiscreteScheduler);
  registry.add(EulerAncestralDiscreteScheduler, FlowMatchEulerDiscreteScheduler, LCMScheduler, PNDMScheduler);
  registry.add(UniPCMultistepScheduler, VQDiffusionScheduler);
}

/** Registers the class of this name if its package can be found. */
export async function registerIfInstalled(className: string): Promise<boolean> {
  if (registry.has(className)) return true;
  const name = packageOf(className);
  const module = name && locate(`${name}/register`);
  if (!module) return false;
  await import(pathToFileURL(module).href);
  return registry.has(className);
}

export async function registerAllInstalled(): Promise<void> {
  for (const className of knownSchedulers()) await registerIfInstalled(className);
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

/** From the current folder first, then from this package. */
function locate(specifier: string): string | undefined {
  for (const base of [join(process.cwd(), '_'), import.meta.url]) {
    try {
      return createRequire(base).resolve(specifier);
    } catch {
      // not there: the next base, or undefined
    }
  }
  return undefined;
}
