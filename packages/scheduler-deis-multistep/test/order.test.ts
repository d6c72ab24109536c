// How fast DEIS converges on a mixture of Gaussians, where the truth is known: order k for k outputs.
import { convergenceErrors, observedOrder } from '@unnoise/conformance';
import { torchGenerator } from '@unnoise/core';
import { predict, solveFlow, testMixture } from '@unnoise/testing-gmm';
import { describe, expect, it } from 'vitest';
import { DEISMultistepScheduler } from '../src/index.ts';

const counts = [20, 40, 80, 160];
const shape = [16, 2];

function errors(solver_order: number) {
  const config = { solver_order, lower_order_final: false, use_karras_sigmas: true };
  const scheduler = new DEISMultistepScheduler(config, { precision: 'exact64' });
  return convergenceErrors(counts, {
    start: (count) => scheduler.start(count),
    model: (x, { signal, noise }) => predict(testMixture, 'epsilon', x, signal, noise),
    exact: (y, from, to) => solveFlow(testMixture, y, from, to, 1000),
    noise: torchGenerator(1).normal(shape, 'float64'),
    shape,
  });
}

describe('the order of convergence', () => {
  it.each([
    [1, 0.95, 1.1],
    [2, 1.7, 2.1],
    [3, 2.3, 3.1],
  ])('is %i for that solver_order', async (order, low, high) => {
    const found = observedOrder(counts, await errors(order));
    expect(found).toBeGreaterThan(low);
    expect(found).toBeLessThan(high);
  });
});
