// A key that a config carries for another class has no effect: schedulers without rescale_betas_zero_snr ignore it, as upstream.
import { expect, it } from 'vitest';
import { schedulerClass } from '../../tools/check/structure.ts';
import { schedulers } from '../../tools/workspace.ts';

const KEY = 'rescale_betas_zero_snr';
const classes = await Promise.all(schedulers().map(schedulerClass));
const without = classes.filter((one) => one && !(KEY in one.schema) && 'beta_schedule' in one.schema);

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
  expect(await hidden.explain(1)).toBe(await plain.explain(1));
});
