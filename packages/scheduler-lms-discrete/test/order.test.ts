// How fast the linear multistep method converges where the truth is known.
import { convergenceErrors, observedOrder } from '@unnoise/conformance';
import { torchGenerator } from '@unnoise/core';
import { predict, solveFlow, testMixture } from '@unnoise/testing-gmm';
import { expect, it } from 'vitest';
import { LMSDiscreteScheduler } from '../src/index.ts';

const counts = [40, 80, 160, 320];
const shape = [16, 2];

it.each([
  [1, 0.9, 1.1],
  [2, 1.8, 2.2],
  [3, 2.6, 3.3],
  [4, 3.3, 4.3],
])('the linear multistep method of order %i converges so fast on Karras sigmas', async (order, least, most) => {
  const scheduler = new LMSDiscreteScheduler({ use_karras_sigmas: true }, { precision: 'exact64' });
  const errors = await convergenceErrors(counts, {
    start: (numInferenceSteps) => scheduler.start({ numInferenceSteps, order }),
    model: (x, { signal, noise }) => predict(testMixture, 'epsilon', x, signal, noise),
    exact: (y, from, to) => solveFlow(testMixture, y, from, to, 1000),
    noise: torchGenerator(1).normal(shape, 'float64'),
    shape,
  });
  const found = observedOrder(counts, errors);
  expect(found).toBeGreaterThan(least);
  expect(found).toBeLessThan(most);
});
