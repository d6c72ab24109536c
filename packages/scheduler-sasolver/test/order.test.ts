// How fast SA-Solver converges: with tau 0 on a mixture of Gaussians, and the law of its samples for Gaussian data.
import { convergenceErrors, lawError, observedOrder } from '@unnoise/conformance';
import type { Generator, NoiseLevel, Run } from '@unnoise/core';
import { torchGenerator } from '@unnoise/core';
import { predict, solveFlow, testMixture } from '@unnoise/testing-gmm';
import { describe, expect, it } from 'vitest';
import type { SASolverConfig } from '../src/index.ts';
import { SASolverScheduler } from '../src/index.ts';

const shape = [16, 2];

/** A run whose levels are those it steps between: addNoise goes by the rounded timesteps. */
function start(config: Partial<SASolverConfig>, steps: number, generator: Generator = torchGenerator(2)): Run {
  const given = { use_exponential_sigmas: true, lower_order_final: false, ...config };
  const run = new SASolverScheduler(given, { precision: 'exact64' }).start({ numInferenceSteps: steps, generator });
  const { plan } = run;
  const noiseLevel = (index: number): NoiseLevel => {
    const sigma = plan.sigmas![index]!;
    return { signal: 1 / Math.hypot(sigma, 1), noise: sigma / Math.hypot(sigma, 1) };
  };
  return Object.defineProperty(run, 'plan', { value: { ...plan, noiseLevel } });
}

describe('the order of convergence with tau 0', () => {
  const counts = [80, 160, 320, 640];

  it.each([
    [1, 1, 1],
    [2, 1, 1],
    [1, 2, 2],
    [2, 2, 2],
    [2, 3, 3],
    [3, 3, 3],
    [3, 4, 4],
  ])('of predictor %i and corrector %i is %i', async (predictor_order, corrector_order, wanted) => {
    const errors = await convergenceErrors(counts, {
      start: (steps) => start({ predictor_order, corrector_order, tau_func: 0 }, steps),
      model: (x, { signal, noise }) => predict(testMixture, 'epsilon', x, signal, noise),
      exact: (y, from, to) => solveFlow(testMixture, y, from, to, 1200),
      noise: torchGenerator(1).normal(shape, 'float64'),
      shape,
    });
    const order = observedOrder(counts, errors);
    expect(order).toBeGreaterThan(wanted - 0.3);
    expect(order).toBeLessThan(wanted + 0.7); // from above, where two errors of the third order still cancel
  });
});

describe('the law of the samples', () => {
  const counts = [40, 80, 160];
  const errors = (config: Partial<SASolverConfig>, deviation = 0.5) =>
    Promise.all(
      counts.map((steps) => lawError((generator) => start(config, steps, generator), { mean: 0.7, deviation })),
    );

  it.each([
    ['data_prediction', 0.5, 2],
    ['data_prediction', 1, 2],
    ['noise_prediction', 0.5, 2],
    ['noise_prediction', 1, 2],
  ] as const)(
    'of %s with tau %d has the right mean, and converges with weak order %i',
    async (algorithm_type, tau_func, wanted) => {
      const found = await errors({ algorithm_type, tau_func });
      for (const { mean } of found) expect(Math.abs(mean)).toBeLessThan(1e-9);
      const order = observedOrder(
        counts,
        found.map(({ variance }) => variance),
      );
      expect(order).toBeGreaterThan(wanted - 0.3);
      expect(order).toBeLessThan(wanted + 0.6);
    },
  );

  it.each([0, 0.5, 1])('is exact where the data is a single point (tau %d)', async (tau_func) => {
    for (const { mean, variance } of await errors({ tau_func }, 0)) {
      expect(Math.abs(mean)).toBeLessThan(1e-9);
      expect(Math.abs(variance)).toBeLessThan(1e-8);
    }
  });
});
