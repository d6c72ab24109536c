// The registry, if this program has one, without importing it: who registers nothing does not pay for its tables of names.

import type { Registry } from './registry.ts';

/** Where the registry sits, so that every copy of core shares it. */
export const REGISTRY_KEY: unique symbol = Symbol.for('unnoise.registry') as never;

/** The registry; undefined while no module that registers schedulers or looks them up was imported. */
export function installedRegistry(): Registry | undefined {
  return (globalThis as { [REGISTRY_KEY]?: Registry })[REGISTRY_KEY];
}
