// The exact law of the samples of the SDE solvers for Gaussian data, without a random number.
import { lawError, observedOrder } from '@unnoise/conformance';
import { describe, expect, it } from 'vitest';
import type { DPMSolverMultistepConfig } from '../src/index.ts';
import { DPMSolverMultistepScheduler } from '../src/index.ts';

const counts = [40, 100, 200];

function errors(config: Partial<DPMSolverMultistepConfig>, deviation = 0.5) {
  const sde = { algorithm_type: 'sde-dpmsolver++', use_karras_sigmas: true, lower_order_final: false } as const;
  const scheduler = new DPMSolverMultistepScheduler({ ...sde, ...config }, { precision: 'exact64' });
  const start = (numInferenceSteps: number) =>
    lawError((generator) => scheduler.start({ numInferenceSteps, generator }), { mean: 0.7, deviation });
  return Promise.all(counts.map(start));
}

describe('the law of the samples', () => {
  it.each([
    ['1 for order 1', { solver_order: 1 }, 0.85, 1.1],
    ['2 for 2M SDE', {}, 1.9, 2.3],
    ['2 for 2M SDE of the heun type', { solver_type: 'heun' }, 1.9, 2.3],
    ['about 1 for 3M SDE', { solver_order: 3 }, 1.1, 1.6],
  ] as const)('has the right mean, and weak order %s', async (_, config, low, high) => {
    const found = await errors(config);
    for (const { mean } of found) expect(Math.abs(mean)).toBeLessThan(1e-12);
    const order = observedOrder(
      counts,
      found.map(({ variance }) => variance),
    );
    expect(order).toBeGreaterThan(low);
    expect(order).toBeLessThan(high);
  });

  it.each([1, 2, 3])('is exact where the data is a single point (order %i)', async (solver_order) => {
    for (const { mean, variance } of await errors({ solver_order }, 0)) {
      expect(Math.abs(mean)).toBeLessThan(1e-11);
      expect(Math.abs(variance)).toBeLessThan(1e-9);
    }
  });
});
