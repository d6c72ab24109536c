// The exact law of DDPM's samples for Gaussian data, without a random number.
import { lawError, observedOrder } from '@unnoise/conformance';
import { describe, expect, it } from 'vitest';
import type { VarianceType } from '../src/index.ts';
import { DDPMScheduler } from '../src/index.ts';

const counts = [10, 20, 40, 100, 200];

function errors(type: VarianceType, deviation = 0.5) {
  const scheduler = new DDPMScheduler({ clip_sample: false, variance_type: type }, { precision: 'exact64' });
  const start = (numInferenceSteps: number) =>
    lawError((generator) => scheduler.start({ numInferenceSteps, generator }), { mean: 0.7, deviation });
  return Promise.all(counts.map(start));
}

describe('the law of the samples', () => {
  it.each(['fixed_small', 'fixed_large'] as const)('has the right mean (%s)', async (type) => {
    for (const { mean } of await errors(type)) expect(Math.abs(mean)).toBeLessThan(1e-12);
  });

  it('has too little variance with fixed_small, by less and less', async () => {
    const variances = (await errors('fixed_small')).map(({ variance }) => variance);
    expect(variances).toEqual([...variances].sort((a, b) => a - b));
    expect(variances.at(-1)).toBeLessThan(0);
    expect(variances.at(-1)).toBeGreaterThan(-0.08);
    expect(observedOrder(counts.slice(-2), variances.slice(-2))).toBeGreaterThan(0.8);
  });

  it('has too much variance with fixed_large, and weak order 1', async () => {
    const variances = (await errors('fixed_large')).map(({ variance }) => variance);
    for (const variance of variances) expect(variance).toBeGreaterThan(0);
    const order = observedOrder(counts, variances);
    expect(order).toBeGreaterThan(0.95);
    expect(order).toBeLessThan(1.1);
  });

  it('is exact with fixed_small where the data is a single point', async () => {
    for (const { mean, variance } of await errors('fixed_small', 0)) {
      expect(Math.abs(mean)).toBeLessThan(1e-12);
      expect(Math.abs(variance)).toBeLessThan(1e-9);
    }
  });
});
