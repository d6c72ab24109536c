// The lists of orders, and how fast singlestep DPM-Solver converges on a mixture of Gaussians, where the truth is known.
import { convergenceErrors, lawError, observedOrder } from '@unnoise/conformance';
import { setWarningHandler, torchGenerator } from '@unnoise/core';
import { predict, solveFlow, testMixture } from '@unnoise/testing-gmm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DPMSolverSinglestepConfig } from '../src/index.ts';
import { DPMSolverSinglestepScheduler } from '../src/index.ts';
import { ordersOf } from '../src/orders.ts';

const shape = [16, 2];
const noiseSolver = { algorithm_type: 'dpmsolver', final_sigmas_type: 'sigma_min' } as const;
const exact = { precision: 'exact64' } as const;

let handler: (message: string) => void;
beforeAll(() => {
  handler = setWarningHandler(() => {}); // dpmsolver is deprecated upstream, and says so
});
afterAll(() => {
  setWarningHandler(handler);
});

describe('the order of a step', () => {
  const shapes = [1, 2, 3].flatMap((order) => Array.from({ length: 12 }, (_, i) => [order, i + 1] as const));

  it.each(shapes)('climbs from 1 to at most %i, one at a time, in %i steps', (order, steps) => {
    for (const toZero of [true, false]) {
      const orders = ordersOf({ steps, order, lower: true, toZero });
      expect(orders.length).toBe(steps);
      orders.forEach((k, i) => expect(k === 1 || k === orders[i - 1]! + 1).toBe(true));
      expect(Math.max(...orders)).toBeLessThanOrEqual(order);
      if (toZero) expect(orders.at(-1)).toBe(1);
    }
  });

  it('is that of whole cycles where nothing is lowered', () => {
    expect(ordersOf({ steps: 6, order: 3, lower: false, toZero: false })).toEqual([1, 2, 3, 1, 2, 3]);
  });
});

describe('the order of convergence, per model call', () => {
  // whole cycles before the step that is left out
  const counts: Readonly<Record<number, readonly number[]>> = {
    1: [20, 40, 80, 160],
    2: [21, 41, 81, 161],
    3: [22, 43, 82, 160],
  };

  it.each([
    ['1 for order 1', { solver_order: 1 }, 0.95, 1.1],
    ['2 for 2S midpoint', { solver_order: 2 }, 1.6, 2.3],
    ['2 for 2S heun', { solver_order: 2, solver_type: 'heun' }, 1.6, 2.4],
    ['3 for 3S', { solver_order: 3 }, 2.2, 3.3],
    ['2 for DPM-Solver-2S', { solver_order: 2, ...noiseSolver }, 1.9, 2.7],
    ['3 for DPM-Solver-3S', { solver_order: 3, ...noiseSolver }, 2.7, 3.9],
  ] as const)('is %s', async (_, config, low, high) => {
    const steps = counts[config.solver_order]!;
    const order = observedOrder(steps, await errors(config, steps));
    expect(order).toBeGreaterThan(low);
    expect(order).toBeLessThan(high);
  });

  function errors(config: Partial<DPMSolverSinglestepConfig>, steps: readonly number[]) {
    const scheduler = new DPMSolverSinglestepScheduler({ use_karras_sigmas: true, ...config }, exact);
    return convergenceErrors(steps, {
      start: (count) => scheduler.start(count),
      model: (x, { signal, noise }) => predict(testMixture, 'epsilon', x, signal, noise),
      exact: (y, from, to) => solveFlow(testMixture, y, from, to, 1000),
      noise: torchGenerator(1).normal(shape, 'float64'),
      shape,
    });
  }
});

describe('the law of the samples of the SDE type', () => {
  it('has the right mean, and with more steps the right variance', async () => {
    const config = { solver_order: 1, algorithm_type: 'sde-dpmsolver++', use_karras_sigmas: true } as const;
    const scheduler = new DPMSolverSinglestepScheduler(config, exact);
    const counts = [40, 100, 200];
    const start = (numInferenceSteps: number) =>
      lawError((generator) => scheduler.start({ numInferenceSteps, generator }), { mean: 0.7, deviation: 0.5 });
    const found = await Promise.all(counts.map(start));
    for (const { mean } of found) expect(Math.abs(mean)).toBeLessThan(1e-12);
    const order = observedOrder(
      counts,
      found.map(({ variance }) => variance),
    );
    expect(order).toBeGreaterThan(0.85);
    expect(order).toBeLessThan(1.1);
  });
});
