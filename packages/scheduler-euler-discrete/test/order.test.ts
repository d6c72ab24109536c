// How fast Euler's method converges where the truth is known: as an ODE solver, and in law with churn.
import { convergenceErrors, lawError, observedOrder } from '@unnoise/conformance';
import { torchGenerator } from '@unnoise/core';
import { predict, solveFlow, testMixture } from '@unnoise/testing-gmm';
import { describe, expect, it } from 'vitest';
import { EulerDiscreteScheduler } from '../src/index.ts';

const counts = [20, 40, 80, 160];
const shape = [16, 2];
const scheduler = new EulerDiscreteScheduler({ use_karras_sigmas: true }, { precision: 'exact64' });

describe("Euler's method", () => {
  it('converges with order 1 on Karras sigmas', async () => {
    const errors = await convergenceErrors(counts, {
      start: (steps) => scheduler.start(steps),
      model: (x, { signal, noise }) => predict(testMixture, 'epsilon', x, signal, noise),
      exact: (y, from, to) => solveFlow(testMixture, y, from, to, 600),
      noise: torchGenerator(1).normal(shape, 'float64'),
      shape,
    });
    const order = observedOrder(counts, errors);
    expect(order).toBeGreaterThan(0.95);
    expect(order).toBeLessThan(1.05);
  });

  it('gives the right law with churn in the limit of many steps', async () => {
    const many = [80, 160];
    const errors = await Promise.all(
      many.map((numInferenceSteps) =>
        lawError((generator) => scheduler.start({ numInferenceSteps, generator, sChurn: 5 }), {
          mean: 0.7,
          deviation: 0.5,
        }),
      ),
    );
    for (const { mean } of errors) expect(Math.abs(mean)).toBeLessThan(1e-12);
    const order = observedOrder(
      many,
      errors.map(({ variance }) => variance),
    );
    expect(order).toBeGreaterThan(0.95);
    expect(order).toBeLessThan(1.1);
  });
});
