// A key that a config carries for another class has no effect: schedulers that lack rescale_betas_zero_snr or trained_betas ignore
// it, as upstream.
import { SchedulerMixin, tensor } from '@unnoise/core';
import { describe, expect, it } from 'vitest';
import { schedulerClass } from '../../tools/check/structure.ts';
import { schedulers } from '../../tools/workspace.ts';

const HIDDEN = {
  rescale_betas_zero_snr: true,
  trained_betas: Array.from({ length: 1100 }, (_, i) => 0.001 + i * 1e-6),
} as const;

const all = (await Promise.all(schedulers().map(schedulerClass))).filter((one) => one !== undefined);
const classes = all.filter(({ schema }) => !('num_vec_classes' in schema)); // tokens have no betas

const STEPS = 2; // which all can do

// Whose second call is a part of the first step, and what RePaint cannot do without.
const withinSteps: ReadonlySet<string> = new Set(['DPMFastScheduler', 'DPMAdaptiveScheduler']);
const ones = () => tensor(new Float32Array(16).fill(1), [1, 4, 2, 2]);
const needed = (name: string) => (name === 'RePaintScheduler' ? { originalImage: ones(), mask: ones() } : {});

describe.each(Object.entries(HIDDEN))('%s', (key, value) => {
  const without = classes.filter(({ schema }) => !(key in schema) && 'num_train_timesteps' in schema);
  it.each(without.map((one) => [one.className, one] as const))('%s', async (name, Class) => {
    const make = (source: Record<string, unknown>) =>
      SchedulerMixin.fromConfig.call(Class, { _class_name: 'EulerDiscreteScheduler', skip_prk_steps: true, ...source });
    const [plain, hidden] = [make({}), make({ [key]: value })];
    plain.setTimesteps(STEPS);
    hidden.setTimesteps(STEPS);
    expect(hidden.config[key]).toEqual(value);
    expect(hidden.timesteps).toEqual(plain.timesteps);
    expect(hidden.sigmas).toEqual(plain.sigmas);
    const step = withinSteps.has(name) ? 0 : 1;
    expect(await hidden.explain(step, needed(name))).toBe(await plain.explain(step, needed(name)));
  });
});
