// How fast Heun's method converges where the truth is known.
import { convergenceErrors, observedOrder } from '@unnoise/conformance';
import { torchGenerator } from '@unnoise/core';
import { predict, solveFlow, testMixture } from '@unnoise/testing-gmm';
import { expect, it } from 'vitest';
import { HeunDiscreteScheduler } from '../src/index.ts';

const counts = [20, 40, 80, 160];
const shape = [16, 2];

it("Heun's method converges with order 2 on Karras sigmas", async () => {
  const scheduler = new HeunDiscreteScheduler({ use_karras_sigmas: true }, { precision: 'exact64' });
  const errors = await convergenceErrors(counts, {
    start: (steps) => scheduler.start(steps),
    model: (x, { signal, noise }) => predict(testMixture, 'epsilon', x, signal, noise),
    exact: (y, from, to) => solveFlow(testMixture, y, from, to, 600),
    noise: torchGenerator(1).normal(shape, 'float64'),
    shape,
  });
  const order = observedOrder(counts, errors);
  expect(order).toBeGreaterThan(1.95);
  expect(order).toBeLessThan(2.3);
});
