// Turning one class's config into another's arguments, and a config into the text of its file.

import type { ConfigObject, SplitConfig } from '../config/config.ts';
import { splitConfig } from '../config/config.ts';
import { DiffusionError } from '../errors.ts';
import { formatConfig } from '../config/json.ts';
import { installedRegistry } from './installed.ts';
import { warn } from '../warn.ts';
import type { SchedulerClass } from './scheduler.ts';

/** The diffusers release whose config format and semantics this version follows. */
export const DIFFUSERS_VERSION = '0.42.1';

/** Splits a foreign config for `target`. Keys that a compatible class, or the class that wrote the config, has are kept in silence. */
export function convertConfig(target: SchedulerClass, source: ConfigObject, overrides: ConfigObject): SplitConfig {
  const writer = source['_class_name'];
  const names = typeof writer === 'string' ? [...target.compatibles, writer] : target.compatibles;
  return splitConfig(target, source, overrides, (foreign) => {
    const warnBy = (keysOf: KeysOf): void => warnOfUnused(target.className, foreign, names, keysOf);
    const registry = installedRegistry();
    if (registry) return warnBy((name) => registry.keysOf(name));
    // where the list cannot be loaded there is nothing to warn of
    import('./known-keys.ts').then(
      ({ upstreamKeys }) => warnBy(upstreamKeys),
      () => undefined,
    );
  });
}

type KeysOf = (className: string) => readonly string[];

function warnOfUnused(className: string, keys: readonly string[], names: readonly string[], keysOf: KeysOf): void {
  const unused = keys.filter((key) => !names.some((name) => keysOf(name).includes(key)));
  if (unused.length > 0)
    warn(`${className} does not use ${unused.join(', ')}; they are kept in its config but have no effect.`);
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
