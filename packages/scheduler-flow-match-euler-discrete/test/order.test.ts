// How fast Euler's method for flow matching converges on a mixture of Gaussians, where the truth is known.
import { convergenceErrors, observedOrder } from '@unnoise/conformance';
import { torchGenerator } from '@unnoise/core';
import { predict, solveFlow, testMixture } from '@unnoise/testing-gmm';
import { describe, expect, it } from 'vitest';
import type { FlowMatchEulerDiscreteConfig } from '../src/index.ts';
import { FlowMatchEulerDiscreteScheduler } from '../src/index.ts';

const counts = [20, 40, 80, 160];
const shape = [16, 2];
/** From 0.98 to 0.02: at 1 there is no signal, and at 0 the last step is a projection. */
const spread = (steps: number) => Array.from({ length: steps }, (_, i) => 0.98 - (0.96 * i) / (steps - 1));

async function order(config: Partial<FlowMatchEulerDiscreteConfig>): Promise<number> {
  const scheduler = new FlowMatchEulerDiscreteScheduler(config, { precision: 'exact64' });
  const errors = await convergenceErrors(counts, {
    start: (steps) => scheduler.start({ sigmas: spread(steps) }),
    model: (x, { signal, noise }) => predict(testMixture, 'flow_prediction', x, signal, noise),
    exact: (y, from, to) => solveFlow(testMixture, y, from, to, 400),
    noise: torchGenerator(1).normal(shape, 'float64'),
    shape,
  });
  return observedOrder(counts, errors);
}

describe("Euler's method on the straight flow", () => {
  it.each([
    ['evenly spread sigmas', {}],
    ['shifted sigmas', { shift: 3 }],
    ['Karras sigmas', { use_karras_sigmas: true }],
  ])('converges with order 1 on %s', async (_, config) => {
    const found = await order(config);
    expect(found).toBeGreaterThan(0.95);
    expect(found).toBeLessThan(1.1);
  });
});
