// How fast PNDM converges on a mixture of Gaussians, where the truth is known.
import { convergenceErrors, observedOrder } from '@unnoise/conformance';
import { torchGenerator } from '@unnoise/core';
import { predict, solveFlow, testMixture } from '@unnoise/testing-gmm';
import { describe, expect, it } from 'vitest';
import { PNDMScheduler } from '../src/index.ts';

const shape = [16, 2];
const counts = [10, 20, 40];

function errors(skip: boolean): Promise<readonly number[]> {
  const scheduler = new PNDMScheduler({ skip_prk_steps: skip }, { precision: 'exact64' });
  return convergenceErrors(counts, {
    start: (steps) => scheduler.start(steps),
    model: (x, { signal, noise }) => predict(testMixture, 'epsilon', x, signal, noise),
    exact: (y, from, to) => solveFlow(testMixture, y, from, to, 400),
    noise: torchGenerator(1).normal(shape, 'float64'),
    shape,
  });
}

describe.each([
  ['Runge-Kutta steps', false],
  ['the repeated step', true],
])('PNDM started by %s', (_, skip) => {
  it('converges with order 2.5 at least, to 0.002 in 40 steps', async () => {
    const found = await errors(skip);
    expect(observedOrder(counts, found)).toBeGreaterThan(2.5);
    expect(found.at(-1)).toBeLessThan(2e-3);
  });
});
