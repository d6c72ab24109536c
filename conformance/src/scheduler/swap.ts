// Configs that travel from class to class: what arrives, what is a default again, and what upstream warns about.

import type { ConfigObject, SchedulerClass, SchedulerMixin } from '@unnoise/core';
import { SchedulerMixin as Base, defaultedKeys, parseConfig, registry, setWarningHandler } from '@unnoise/core';
import type { Case } from '../case.ts';
import { caseId } from '../case.ts';
import type { Check } from '../check.ts';
import type { GoldenSwap } from '../golden/format.ts';
import type { SchedulerSubject } from './subject.ts';

export function swapCase(golden: GoldenSwap): Case<SchedulerSubject> {
  return {
    id: caseId(`scheduler/${golden.class}/swap`, { case: golden.id.replace('swap/', '') }),
    needs: [],
    spec: "a config loaded from another class gives upstream's config, defaults and warnings",
    async run(subject, check) {
      const { error } = golden;
      if (error) {
        await check.throws(() => swapped(golden, subject, check), [error.code], `the swap to ${golden.to}`);
        return;
      }
      const { scheduler, warned } = swapped(golden, subject, check);
      const { _diffusers_version: _, ...config }: ConfigObject = scheduler.config;
      check.equal(sorted(config), sorted(golden.result!), 'the config');
      check.equal(defaultedKeys(scheduler.config).toSorted(), golden.defaults, 'the keys that are defaults');
      check.equal(warned.toSorted(), golden.unused?.toSorted(), 'the unused keys that are warned about');
    },
  };
}

/** Goes from class to class. Only the last step's warnings count. */
function swapped(
  golden: GoldenSwap,
  subject: SchedulerSubject,
  check: Check,
): { scheduler: SchedulerMixin; warned: readonly string[] } {
  const find = (name: string): SchedulerClass => classOf(name, subject, check);
  let source = golden.from_config as ConfigObject;
  if (golden.via !== 'raw') source = handedOver(new (find(golden.from!))(source), golden.via);
  for (const name of golden.through) source = handedOver(load(find(name), source).scheduler, golden.via);
  return load(find(golden.to), source, golden.overrides);
}

function classOf(name: string, { scheduler }: SchedulerSubject, check: Check): SchedulerClass {
  if (name === scheduler.className) return scheduler;
  if (!registry.has(name)) check.decline(`${name} is not registered`);
  return registry.get(name);
}

function handedOver(scheduler: SchedulerMixin, via: GoldenSwap['via']): ConfigObject {
  return via === 'json' ? parseConfig(scheduler.saveConfig()) : scheduler.config;
}

function load(
  target: SchedulerClass,
  source: ConfigObject,
  overrides: ConfigObject = {},
): { scheduler: SchedulerMixin; warned: readonly string[] } {
  const warned: string[] = [];
  const before = setWarningHandler((message) => warned.push(...unusedKeys(message)));
  try {
    return { scheduler: Base.fromConfig.call(target, source, overrides) as SchedulerMixin, warned };
  } finally {
    setWarningHandler(before);
  }
}

/** The keys in core's one sentence about keys that nobody reads. */
function unusedKeys(message: string): readonly string[] {
  return / does not use (.*?);/.exec(message)?.[1]?.split(', ') ?? [];
}

function sorted(config: ConfigObject): ConfigObject {
  return Object.fromEntries(Object.entries(config).sort(([a], [b]) => (a < b ? -1 : 1)));
}
