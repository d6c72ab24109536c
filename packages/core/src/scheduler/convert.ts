// Turning one class's config into another's arguments, and a config into the text of its file.

import type { ConfigObject, SplitConfig } from '../config/config.ts';
import { splitConfig } from '../config/config.ts';
import { DiffusionError } from '../errors.ts';
import { formatConfig } from '../config/json.ts';
import { installedRegistry } from './installed.ts';
import { KARRAS_COMPATIBLES, KARRAS_KEYS } from './karras.ts';
import type { SchedulerClass } from './scheduler.ts';

/** The diffusers release whose config format and semantics this version follows. */
export const DIFFUSERS_VERSION = '0.42.1';

/** Splits a foreign config for `target`. Keys that a compatible class, or the class that wrote the config, has are kept in silence. */
export function convertConfig(target: SchedulerClass, source: ConfigObject, overrides: ConfigObject): SplitConfig {
  const writer = source['_class_name'];
  const names = typeof writer === 'string' ? [...target.compatibles, writer] : target.compatibles;
  return splitConfig(target, source, overrides, (key) => names.some((name) => hasKey(name, key)));
}

/** Whether a class has a config key. Of a class outside the Karras family nothing is known without the registry's tables. */
function hasKey(className: string, key: string): boolean {
  const known = installedRegistry()?.keysOf(className) ?? (isKarras(className) ? KARRAS_KEYS : undefined);
  return known?.includes(key) ?? true;
}

function isKarras(className: string): boolean {
  return KARRAS_COMPATIBLES.some((name) => name === className);
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
