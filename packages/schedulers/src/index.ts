// Every scheduler behind one door, loaded when asked for: by class name, by the config of a model, or by the name that people use.
// What a scheduler does is its own package's business.

import type { ConfigObject, ConfigSource, LoadOptions, SchedulerOptions, SchedulerClass } from '@unnoise/core';
import { DiffusionError, loadConfig, registry, SchedulerMixin } from '@unnoise/core';
import { samplerFromName } from './samplers.ts';
import { schedulers } from './map.ts';

export { schedulers } from './map.ts';
export type { SchedulerName } from './map.ts';
export { papers } from './papers.ts';
export { samplerFromName, samplerNames } from './samplers.ts';
export type { NamedSampler } from './samplers.ts';
export { SIGMA_SCHEDULES } from './sigma-schedules.ts';

/** The class of that `_class_name`, registered. @throws DiffusionError SCHEDULER_UNKNOWN. */
export async function loadScheduler(className: string): Promise<SchedulerClass> {
  if (registry.has(className)) return registry.get(className);
  if (Object.hasOwn(schedulers, className)) registry.add(await schedulers[className as keyof typeof schedulers]());
  return registry.get(className);
}

/** Loads and registers all of them. For tools; an application asks for what it needs. */
export async function registerAll(): Promise<readonly SchedulerClass[]> {
  return Promise.all(Object.keys(schedulers).map(loadScheduler));
}

/**
 * The scheduler of a model: of the class that its config names. `source` is a folder, a file, a URL, a Hub id or the config itself.
 * @throws DiffusionError FILE_NOT_FOUND, CONFIG_INVALID, SCHEDULER_UNKNOWN.
 */
export async function fromPretrained(
  source: ConfigSource,
  options: LoadOptions & SchedulerOptions & { readonly overrides?: ConfigObject } = {},
): Promise<SchedulerMixin> {
  const config = await loadConfig(source, options);
  const { _class_name: name } = config;
  if (typeof name === 'string') return ofConfig(await loadScheduler(name), config, options.overrides, options);
  throw new DiffusionError(
    'CONFIG_INVALID',
    `The config has no _class_name (it is ${JSON.stringify(name)}). Call fromPretrained of the class you want.`,
    { _class_name: name },
  );
}

/**
 * The scheduler that people call by this name ("DPM++ 2M Karras", "euler_ancestral"), on the config of a model.
 * @throws DiffusionError SCHEDULER_UNKNOWN, CONFIG_CONFLICT.
 */
export async function createSampler(name: string, config: ConfigObject = {}): Promise<SchedulerMixin> {
  const sampler = samplerFromName(name);
  return ofConfig(await loadScheduler(sampler.className), config, sampler.config);
}

function ofConfig(
  scheduler: SchedulerClass,
  config: ConfigObject,
  overrides?: ConfigObject,
  options?: SchedulerOptions,
): SchedulerMixin {
  return SchedulerMixin.fromConfig.call(scheduler, config, overrides, options) as SchedulerMixin;
}
