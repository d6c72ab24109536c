// How fast DDIM converges on a mixture of Gaussians, where the truth is known.
import { convergenceErrors, observedOrder } from '@unnoise/conformance';
import { torchGenerator } from '@unnoise/core';
import { predict, solveFlow, testMixture } from '@unnoise/testing-gmm';
import { describe, expect, it } from 'vitest';
import type { DDIMConfig } from '../src/index.ts';
import { DDIMScheduler } from '../src/index.ts';

const shape = [16, 2];

function errors(counts: readonly number[], config: Partial<DDIMConfig>) {
  const scheduler = new DDIMScheduler({ clip_sample: false, ...config }, { precision: 'exact64' });
  return convergenceErrors(counts, {
    start: (steps) => scheduler.start(steps),
    model: (x, { signal, noise }) => predict(testMixture, 'epsilon', x, signal, noise),
    exact: (y, from, to) => solveFlow(testMixture, y, from, to, 400),
    noise: torchGenerator(1).normal(shape, 'float64'),
    shape,
  });
}

describe('DDIM with eta 0', () => {
  it('converges with order 1 on leading timesteps', async () => {
    const counts = [20, 40, 80, 160];
    const order = observedOrder(counts, await errors(counts, {}));
    expect(order).toBeGreaterThan(0.9);
    expect(order).toBeLessThan(1.1);
  });

  it('stops converging on linspace timesteps, as upstream: a stride back is not the next timestep', async () => {
    const [e20, e40, , e160, e320] = await errors([20, 40, 80, 160, 320], { timestep_spacing: 'linspace' });
    expect(observedOrder([20, 40], [e20!, e40!])).toBeGreaterThan(0.8);
    expect(observedOrder([160, 320], [e160!, e320!])).toBeLessThan(0.5);
  });
});
