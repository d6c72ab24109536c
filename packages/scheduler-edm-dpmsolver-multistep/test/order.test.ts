// How fast DPM-Solver++ for EDM models converges: as an ODE on a mixture of Gaussians, and the law of its SDE for Gaussian data.
import { convergenceErrors, lawError, observedOrder } from '@unnoise/conformance';
import type { NoiseLevel } from '@unnoise/core';
import { torchGenerator } from '@unnoise/core';
import { predict, solveFlow, testMixture } from '@unnoise/testing-gmm';
import { describe, expect, it } from 'vitest';
import type { EDMDPMSolverMultistepConfig } from '../src/index.ts';
import { EDMDPMSolverMultistepScheduler } from '../src/index.ts';

const shape = [16, 2];
const edm = (config: Partial<EDMDPMSolverMultistepConfig>) =>
  new EDMDPMSolverMultistepScheduler({ lower_order_final: false, ...config }, { precision: 'exact64' });

/** The output F that means x0 where sigma_data is 0.5. */
function outputOf(x: number, x0: number, sigma: number): number {
  const square = sigma ** 2 + 0.25;
  return (x0 - (0.25 / square) * x) / ((sigma * 0.5) / Math.sqrt(square));
}

describe('the order of convergence', () => {
  const counts = [20, 40, 80, 160];
  const model = (x: Float64Array, { noise: sigma }: NoiseLevel) => {
    const x0 = predict(testMixture, 'sample', x, 1, sigma);
    return x.map((value, i) => outputOf(value, x0[i]!, sigma));
  };

  it.each([
    ['1 for order 1', { solver_order: 1 }, 0.9, 1.1],
    ['2 for 2M midpoint', {}, 1.85, 2.4],
    ['2 for 2M heun', { solver_type: 'heun' }, 1.85, 2.5],
    ['2 for 2M on exponential levels', { sigma_schedule: 'exponential' }, 1.85, 2.4],
    ['2 for 3M, not 3: as published, the second difference has half of its weight', { solver_order: 3 }, 1.85, 2.5],
  ] as const)('is %s', async (_, config, low, high) => {
    const scheduler = edm(config);
    const errors = await convergenceErrors(counts, {
      start: (steps) => scheduler.start(steps),
      model,
      exact: (y, from, to) => solveFlow(testMixture, y, from, to, 600),
      noise: torchGenerator(1).normal(shape, 'float64'),
      shape,
    });
    const order = observedOrder(counts, errors);
    expect(order).toBeGreaterThan(low);
    expect(order).toBeLessThan(high);
  });
});

describe('the law of the samples', () => {
  const counts = [40, 100, 200];
  const errors = (config: Partial<EDMDPMSolverMultistepConfig>, deviation = 0.5) => {
    const scheduler = edm({ algorithm_type: 'sde-dpmsolver++', ...config });
    return Promise.all(
      counts.map((numInferenceSteps) =>
        lawError(
          (generator) => scheduler.start({ numInferenceSteps, generator }),
          { mean: 0.7, deviation },
          (x, epsilon, { noise: sigma }) => outputOf(x, x - sigma * epsilon, sigma),
        ),
      ),
    );
  };

  it.each([
    ['1 for order 1', { solver_order: 1 }, 0.85, 1.15],
    ['2 for 2M SDE', {}, 1.8, 2.4],
    ['2 for 2M SDE of the heun type', { solver_type: 'heun' }, 1.8, 2.4],
  ] as const)('has the right mean, and weak order %s', async (_, config, low, high) => {
    const found = await errors(config);
    for (const { mean } of found) expect(Math.abs(mean)).toBeLessThan(1e-10);
    const variances = found.map(({ variance }) => variance);
    const order = observedOrder(counts, variances);
    expect(order).toBeGreaterThan(low);
    expect(order).toBeLessThan(high);
  });

  it.each([1, 2])('is exact where the data is a single point (order %i)', async (solver_order) => {
    for (const { mean, variance } of await errors({ solver_order }, 0)) {
      expect(Math.abs(mean)).toBeLessThan(1e-10);
      expect(Math.abs(variance)).toBeLessThan(1e-8);
    }
  });
});
