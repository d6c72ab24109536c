// The exact law of ancestral samples for Gaussian data, without a random number.
import { lawError, observedOrder } from '@unnoise/conformance';
import { describe, expect, it } from 'vitest';
import { EulerAncestralDiscreteScheduler } from '../src/index.ts';

const counts = [10, 20, 40, 100, 200];

function errors(deviation: number) {
  const scheduler = new EulerAncestralDiscreteScheduler({}, { precision: 'exact64' });
  const start = (numInferenceSteps: number) =>
    lawError((generator) => scheduler.start({ numInferenceSteps, generator }), { mean: 0.7, deviation });
  return Promise.all(counts.map(start));
}

describe('the law of the samples', () => {
  it('has the right mean', async () => {
    for (const { mean } of await errors(0.5)) expect(Math.abs(mean)).toBeLessThan(1e-10);
  });

  it('has too little variance, by less and less', async () => {
    const variances = (await errors(0.5)).map(({ variance }) => variance);
    expect(variances).toEqual([...variances].sort((a, b) => a - b));
    expect(variances.at(-1)).toBeLessThan(0);
    expect(variances.at(-1)).toBeGreaterThan(-0.08);
    expect(observedOrder(counts.slice(-2), variances.slice(-2))).toBeGreaterThan(0.8);
  });

  it('is exact where the data is a single point', async () => {
    for (const { mean, variance } of await errors(0)) {
      expect(Math.abs(mean)).toBeLessThan(1e-10);
      expect(Math.abs(variance)).toBeLessThan(1e-6);
    }
  });
});
