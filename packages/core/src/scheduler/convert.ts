// Turning one class's config into another's arguments, and a config into the text of its file.

import type { ConfigObject, SplitConfig } from '../config/config.ts';
import { splitConfig } from '../config/config.ts';
import { DiffusionError } from '../errors.ts';
import { formatConfig } from '../config/json.ts';
import { KARRAS_KEYS, UPSTREAM_KEYS } from './known-keys.ts';
import { KARRAS_COMPATIBLES, packageOf } from './names.ts';
import { registry } from './registry.ts';
import type { SchedulerClass } from './scheduler.ts';

/** The diffusers release whose config format and semantics this version follows. */
export const DIFFUSERS_VERSION = '0.42.1';

/** Splits a foreign config for `target`. Keys that a compatible class, or the class that wrote the config, has are kept in silence. */
export function convertConfig(target: SchedulerClass, source: ConfigObject, overrides: ConfigObject): SplitConfig {
  const compatible = keysOf(target.compatibles);
  const writer = source['_class_name'];
  const own = typeof writer === 'string' ? keysOf([writer]) : new Set<string>();
  return splitConfig(target, source, overrides, (key) => compatible.has(key) || own.has(key));
}

/** Keys of the named classes: from their schemas where registered, else from what is known of upstream's classes. */
function keysOf(names: readonly string[]): ReadonlySet<string> {
  const keys = new Set<string>();
  for (const name of names) {
    const known = registry.has(name) ? Object.keys(registry.get(name).schema) : upstreamKeys(name);
    for (const key of known) keys.add(key);
  }
  return keys;
}

function upstreamKeys(name: string): readonly string[] {
  if ((KARRAS_COMPATIBLES as readonly string[]).includes(name)) return KARRAS_KEYS;
  return packageOf(name) ? UPSTREAM_KEYS : [];
}

/** The text of scheduler_config.json. */
export function configText(className: string, config: ConfigObject): string {
  return formatConfig({ _diffusers_version: DIFFUSERS_VERSION, ...config, _class_name: className });
}

/** The config of a scheduler, of any copy of core, or the object itself. Throws CONFIG_INVALID for what is neither. */
export function configOf(className: string, source: unknown): ConfigObject {
  if (typeof source !== 'object' || source === null) {
    throw new DiffusionError(
      'CONFIG_INVALID',
      `${className}.fromConfig needs a config object or a scheduler; got ${String(source)}.`,
    );
  }
  return 'setTimesteps' in source && 'config' in source ? (source.config as ConfigObject) : (source as ConfigObject);
}
