// The compatibility matrix: every recorded config loaded into every class, with all classes installed.
import { readFileSync, readdirSync } from 'node:fs';
import type { ConfigObject, ErrorCode, SchedulerClass } from '@unnoise/core';
import { DiffusionError, SchedulerMixin, defaultedKeys, parseConfig, registry, setWarningHandler } from '@unnoise/core';
import { registerAll } from '@unnoise/schedulers';
import { describe, expect, it } from 'vitest';

interface Source {
  /** Null: the config is loaded as it stands. */
  readonly class: string | null;
  readonly config: ConfigObject;
  readonly via: 'memory' | 'json' | 'raw';
  readonly arrives: ConfigObject;
  readonly defaults: readonly string[];
}

/** What upstream does beside the rule. */
interface Row {
  readonly changed?: ConfigObject;
  readonly given?: readonly string[];
  readonly unused?: readonly string[];
  readonly error?: { readonly code: ErrorCode; readonly text: string };
}

type Outcome =
  | { readonly error: string }
  | { readonly config: ConfigObject; readonly given: readonly string[]; readonly unused: readonly string[] };

const FOLDER = new URL('../golden/compatibility/', import.meta.url);
const REQUIRED: Readonly<Record<string, ConfigObject>> = {
  AmusedScheduler: { mask_token_id: 63 },
  VQDiffusionScheduler: { num_vec_classes: 5 },
};
const classes = readdirSync(FOLDER)
  .map((file) => file.replace('.json', ''))
  .filter((name) => name !== 'sources');
const sources = Object.entries(recorded<Source>('sources'));

await registerAll();

/** JSON has no word for infinity. */
function recorded<T>(name: string): Readonly<Record<string, T>> {
  const text = readFileSync(new URL(`${name}.json`, FOLDER), 'utf8');
  return JSON.parse(text, (_, value: unknown) => (value === '-Infinity' ? -Infinity : value));
}

function handedOver({ class: name, config, via }: Source): ConfigObject {
  if (name === null) return config;
  const scheduler = new (registry.get(name))(config);
  return via === 'json' ? parseConfig(scheduler.saveConfig()) : scheduler.config;
}

const sorted = (config: ConfigObject): ConfigObject =>
  Object.fromEntries(Object.entries(config).sort(([a], [b]) => (a < b ? -1 : 1)));

const without = (config: ConfigObject, keys: readonly string[]): ConfigObject =>
  Object.fromEntries(Object.entries(config).filter(([key]) => !keys.includes(key)));

/** What upstream's constructors let pass, and fails in its later steps: refused in the constructor here. */
function refusedEarlier(className: string, config: ConfigObject): ErrorCode | undefined {
  const { solver_order: order, algorithm_type: algorithm, sigma_min: low, sigma_max: high } = config;
  if (className === 'KarrasVeScheduler' && (low === null || high === null)) return 'CONFIG_INVALID';
  if (!(Number(order) > 2)) return undefined;
  if (className === 'CosineDPMSolverMultistepScheduler') return 'CONFIG_INVALID';
  const sde = String(algorithm).startsWith('sde');
  return className === 'DPMSolverMultistepInverseScheduler' && sde ? 'CONFIG_CONFLICT' : undefined;
}

/** RePaint's README: upstream's constructor fails on betas that are a list, as every file has them; here they are betas. */
const takenHere = ({ error }: Row): boolean => error?.text === 'expected np.ndarray (got list)';

function expected(target: SchedulerClass, defaults: ConfigObject, row: Row, source: Source): Outcome {
  if (row.error) return { error: row.error.code };
  const travelled = without(source.arrives, source.defaults);
  const renamed = '_class_name' in travelled ? { _class_name: target.className } : {};
  const config = { ...defaults, ...travelled, ...renamed, ...row.changed };
  const code = refusedEarlier(target.className, config);
  if (code) return { error: code };
  return {
    config: sorted(config),
    given:
      row.given ??
      Object.keys(defaults)
        .filter((key) => key in travelled)
        .sort(),
    unused: row.unused ?? [],
  };
}

function found(target: SchedulerClass, source: Source): Outcome {
  const config = handedOver(source);
  const unused: string[] = [];
  const before = setWarningHandler((message) =>
    unused.push(...(/ does not use (.*?);/.exec(message)?.[1]?.split(', ') ?? [])),
  );
  try {
    const overrides = without(REQUIRED[target.className] ?? {}, Object.keys(config));
    const result = SchedulerMixin.fromConfig.call(target, config, overrides).config as ConfigObject;
    const given = Object.keys(target.schema).filter((key) => !defaultedKeys(result).includes(key));
    return { config: sorted(without(result, ['_diffusers_version'])), given: given.sort(), unused: unused.sort() };
  } catch (error) {
    if (error instanceof DiffusionError) return { error: error.code };
    throw error;
  } finally {
    setWarningHandler(before);
  }
}

describe('a config that leaves', () => {
  it.each(sources)("%s is upstream's", (_, source) => {
    const config = handedOver(source);
    expect(sorted(without(config, ['_diffusers_version']))).toEqual(sorted(source.arrives));
    expect([...defaultedKeys(config)].sort()).toEqual(source.defaults);
  });
});

const agrees = (name: string): void => {
  const { defaults, ...rows } = recorded<Row>(name);
  const target = registry.get(name);
  const outcomes = (of: (source: Source, row: Row) => Outcome) =>
    Object.fromEntries(
      sources
        .filter(([start]) => !takenHere(rows[start] ?? {}))
        .map(([start, source]) => [start, of(source, rows[start] ?? {})]),
    );
  expect(outcomes((source) => found(target, source))).toEqual(
    outcomes((source, row) => expected(target, defaults as ConfigObject, row, source)),
  );
};

describe('a config that arrives', () => {
  it.each(classes)('in %s is taken or refused as upstream does', (name) => agrees(name));

  it('with a list of betas is taken by RePaint too', () => {
    const rows = Object.entries(recorded<Row>('RePaintScheduler')).filter(([, row]) => takenHere(row));
    expect(rows.length).toBeGreaterThan(0);
    const outcomes = rows.map(([start]) =>
      found(registry.get('RePaintScheduler'), recorded<Source>('sources')[start]!),
    );
    for (const outcome of outcomes) expect(outcome).toHaveProperty('config.trained_betas');
  });

  it('is loaded from each of the classes into each', () => {
    const pairs = sources.filter(([, { class: name }]) => name !== null);
    expect(new Set(pairs.map(([, { class: name }]) => name))).toEqual(new Set(classes));
    expect(pairs).toHaveLength(4 * classes.length);
  });
});
