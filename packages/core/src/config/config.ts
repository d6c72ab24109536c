// Config semantics exactly as upstream's ConfigMixin: defaults do not travel on a swap, hidden keys survive A to B to A.

import { DiffusionError } from '../errors.ts';
import { warn } from '../warn.ts';
import type { AnySchema } from './schema.ts';
import { checkConfig } from './schema.ts';

/** A config object as read from a file or taken from a scheduler. */
export type ConfigObject = Readonly<Record<string, unknown>>;

/** The part of a scheduler class that config handling needs. */
export interface ConfigOwner {
  readonly className: string;
  readonly schema: AnySchema;
  /** Old key -> new key; the old one is read, with a warning. */
  readonly deprecatedKeys?: Readonly<Record<string, string>>;
}

/** Non-enumerable, so that it never reaches a file: which values were defaults. */
const DEFAULTS = '_use_default_values';

/** The keys of a config that were not given but filled in from the defaults. */
export function defaultedKeys(config: ConfigObject): readonly string[] {
  return (config[DEFAULTS] as readonly string[] | undefined) ?? [];
}

/** The frozen config of a new scheduler: defaults, then what was given, then hidden keys of other classes. */
export function buildConfig<C>(owner: ConfigOwner, given: ConfigObject, hidden: ConfigObject = {}): Readonly<C> {
  checkObject(owner.className, given);
  const present = underCurrentNames(owner, given);
  checkConfig(owner.className, owner.schema, present);
  const keys = Object.keys(owner.schema);
  const values = keys.map((key) => [key, key in present ? present[key] : owner.schema[key]?.default]);
  const config = { ...hidden, ...Object.fromEntries(values) };
  Object.defineProperty(config, DEFAULTS, {
    value: Object.freeze(keys.filter((key) => !(key in present))),
    enumerable: false,
  });
  return Object.freeze(config) as Readonly<C>;
}

/** What was given, deprecated keys renamed. As upstream, those win over the keys that replaced them, unless they are null. */
function underCurrentNames(owner: ConfigOwner, given: ConfigObject): Record<string, unknown> {
  const old = owner.deprecatedKeys ?? {};
  const entries = Object.entries(given).filter(([, value]) => value !== undefined);
  const current = entries.filter(([key]) => !Object.hasOwn(old, key));
  const deprecated = entries.filter(([key, value]) => Object.hasOwn(old, key) && value !== null);
  return Object.fromEntries([...current, ...deprecated.map(([key, value]) => [renamed(owner, key), value])]);
}

/** In Python the keys may be given by position; here they would be lost in silence. */
function checkObject(className: string, given: unknown): void {
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) return;
  throw new DiffusionError(
    'CONFIG_INVALID',
    `${className} was made with ${JSON.stringify(given)}. Give its config as one object: new ${className}({ key: value }).`,
    { className, given },
  );
}

export interface SplitConfig {
  /** What goes to the constructor. */
  readonly given: Record<string, unknown>;
  /** Keys of other classes, kept for a swap back. */
  readonly hidden: Record<string, unknown>;
}

/**
 * Sorts a loaded config into constructor arguments and hidden keys, as upstream's extract_init_dict.
 * `report` is given the foreign keys: whether they are expected depends on other classes, which are not known here.
 */
export function splitConfig(
  owner: ConfigOwner,
  source: ConfigObject,
  overrides: ConfigObject,
  report: (foreign: readonly string[]) => void,
): SplitConfig {
  checkClassName(owner.className, source);
  const dropped = new Set(defaultedKeys(source));
  const loaded = Object.entries(source).filter(([key]) => !dropped.has(key));
  const given: Record<string, unknown> = {};
  const hidden: Record<string, unknown> = {};
  for (const [key, value] of loaded) {
    const current = renamed(owner, key);
    if (Object.hasOwn(owner.schema, current)) given[current] = value;
    else hidden[key] = value;
  }
  const foreign = Object.keys(hidden).filter((key) => !key.startsWith('_') && key !== 'quantization_config');
  if (foreign.length > 0) report(foreign);
  return { given: { ...given, ...knownOverrides(owner, overrides) }, hidden: renameClass(owner.className, hidden) };
}

/** As upstream, an override that the class does not have is left out; here with a warning. */
function knownOverrides(owner: ConfigOwner, overrides: ConfigObject): ConfigObject {
  const entries = Object.entries(overrides);
  const foreign = entries.filter(([key]) => !Object.hasOwn(owner.schema, key)).map(([key]) => key);
  if (foreign.length > 0) warn(`${owner.className} has no config key ${foreign.join(', ')}; the override is left out.`);
  return Object.fromEntries(entries.filter(([key]) => Object.hasOwn(owner.schema, key)));
}

function renameClass(className: string, hidden: Record<string, unknown>): Record<string, unknown> {
  return '_class_name' in hidden ? { ...hidden, _class_name: className } : hidden;
}

function renamed(owner: ConfigOwner, key: string): string {
  const { deprecatedKeys = {} } = owner;
  const current = Object.hasOwn(deprecatedKeys, key) ? deprecatedKeys[key] : undefined;
  if (current) warn(`${owner.className}: config key ${key} is deprecated, use ${current}.`);
  return current ?? key;
}

function checkClassName(className: string, source: ConfigObject): void {
  const name = source['_class_name'];
  if (name === undefined || typeof name === 'string' || Array.isArray(name)) return;
  throw new DiffusionError(
    'CONFIG_INVALID',
    `${className}: _class_name is ${JSON.stringify(name)}, not a class name.`,
    { name },
  );
}
