// The exact law of DDIM's samples for Gaussian data, for every eta, without a random number.
import { lawError, observedOrder } from '@unnoise/conformance';
import { describe, expect, it } from 'vitest';
import { DDIMScheduler } from '../src/index.ts';

const counts = [10, 20, 40, 100, 200];
const scheduler = new DDIMScheduler({ clip_sample: false }, { precision: 'exact64' });
const errorAt = (eta: number, numInferenceSteps: number, deviation = 0.5) =>
  lawError((generator) => scheduler.start({ numInferenceSteps, generator, eta }), { mean: 0.7, deviation });
const errorsOf = (eta: number) => Promise.all(counts.map((steps) => errorAt(eta, steps)));

describe('the law of the samples', () => {
  it('has the right mean, and a variance that is too small by less and less', async () => {
    for (const eta of [0, 0.5, 1]) {
      const errors = await errorsOf(eta);
      for (const { mean } of errors) expect(Math.abs(mean)).toBeLessThan(1e-12);
      const variances = errors.map(({ variance }) => variance);
      expect(variances).toEqual([...variances].sort((a, b) => a - b));
      expect(variances.at(-1)).toBeLessThan(0);
      expect(variances.at(-1)).toBeGreaterThan(-0.08);
      expect(observedOrder(counts.slice(-2), variances.slice(-2))).toBeGreaterThan(0.8);
    }
  });

  it('is better the smaller eta is', async () => {
    for (const steps of [10, 40]) {
      const [none, half, full] = await Promise.all(
        [0, 0.5, 1].map(async (eta) => Math.abs((await errorAt(eta, steps)).variance)),
      );
      expect(none).toBeLessThan(half!);
      expect(half).toBeLessThan(full!);
    }
  });

  it('is exact for every eta and step count where the data is a single point', async () => {
    for (const eta of [0, 0.3, 1]) {
      const { mean, variance } = await errorAt(eta, 10, 0);
      expect(Math.abs(mean)).toBeLessThan(1e-12);
      expect(Math.abs(variance)).toBeLessThan(1e-9);
    }
  });
});
