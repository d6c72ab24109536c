// A key that a config carries for another class has no effect: schedulers without rescale_betas_zero_snr ignore it, as upstream.
import { tensor } from '@unnoise/core';
import { expect, it } from 'vitest';
import { schedulerClass } from '../../tools/check/structure.ts';
import { schedulers } from '../../tools/workspace.ts';

const KEY = 'rescale_betas_zero_snr';
const classes = await Promise.all(schedulers().map(schedulerClass));
const without = classes.filter((one) => one && !(KEY in one.schema) && 'beta_schedule' in one.schema);

// Whose second call is a part of the first step, and what RePaint cannot do without.
const withinSteps: ReadonlySet<string> = new Set(['DPMFastScheduler', 'DPMAdaptiveScheduler']);
const ones = () => tensor(new Float32Array(16).fill(1), [1, 4, 2, 2]);
const needed = (name: string) => (name === 'RePaintScheduler' ? { originalImage: ones(), mask: ones() } : {});

it.each(without.map((one) => [one!.className, one!] as const))('%s', async (_, Class) => {
  const { SchedulerMixin } = await import('@unnoise/core');
  const make = (source: Record<string, unknown>) =>
    SchedulerMixin.fromConfig.call(Class, { _class_name: 'EulerDiscreteScheduler', ...source });
  const [plain, hidden] = [make({}), make({ [KEY]: true })];
  plain.setTimesteps(4);
  hidden.setTimesteps(4);
  expect(hidden.config[KEY]).toBe(true);
  expect(hidden.timesteps).toEqual(plain.timesteps);
  expect(hidden.sigmas).toEqual(plain.sigmas);
  const step = withinSteps.has(Class.className) ? 0 : 1;
  expect(await hidden.explain(step, needed(Class.className))).toBe(await plain.explain(step, needed(Class.className)));
});
