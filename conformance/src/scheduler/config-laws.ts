// Laws of configs: what survives a file and a copy, and what is refused.

import type { ConfigObject, SchedulerMixin } from '@unnoise/core';
import { SchedulerMixin as Base, defaultedKeys, parseConfig } from '@unnoise/core';
import type { Check } from '../check.ts';
import type { Given } from './law.ts';
import { numbers } from './run-laws.ts';
import { disposeInputs, startRun } from './specimen.ts';

function plainConfig(scheduler: SchedulerMixin): ConfigObject {
  const { _class_name: _, _diffusers_version: __, ...config } = scheduler.config as ConfigObject;
  return Object.fromEntries(Object.entries(config).sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function configThroughJson({ subject, specimen, backend, scheduler }: Given, check: Check): void {
  const loaded = Base.fromConfig.call(subject.scheduler, parseConfig(scheduler.saveConfig()), {}, { backend });
  check.equal(plainConfig(loaded), plainConfig(scheduler), 'the config read back');
  check.equal(
    numbers(loaded.start(specimen.request)),
    numbers(scheduler.start(specimen.request)),
    'the plan of the config read back',
  );
}

export function configThroughMemory({ subject, scheduler }: Given, check: Check): void {
  const loaded = Base.fromConfig.call(subject.scheduler, scheduler);
  check.equal(plainConfig(loaded), plainConfig(scheduler), 'the config');
  check.equal(defaultedKeys(loaded.config), defaultedKeys(scheduler.config), 'the keys that are defaults');
}

export async function unknownKeys({ subject, specimen, backend, scheduler }: Given, check: Check): Promise<void> {
  const Scheduler = subject.scheduler;
  await check.throws(
    () => new Scheduler({ ...specimen.config, no_such_key: 1 }),
    ['CONFIG_INVALID'],
    'an unknown config key',
  );
  await check.throws(
    () => scheduler.start({ ...specimen.request, noSuchKey: 1 } as never),
    ['REQUEST_INVALID'],
    'an unknown key of start',
  );
  const inputs = await specimen.inputs(backend, 0);
  const run = startRun(scheduler, specimen, 1);
  try {
    const step = () => run.step(inputs.out, inputs.x, { noSuchOption: 1 } as never);
    await check.throws(step, ['REQUEST_INVALID'], 'an unknown step option');
  } finally {
    run.dispose();
    disposeInputs(inputs);
  }
}
