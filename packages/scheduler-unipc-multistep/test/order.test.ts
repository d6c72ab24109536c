// How fast UniPC converges on a mixture of Gaussians, where the truth is known: UniC makes order p into p + 1.
import { convergenceErrors, observedOrder } from '@unnoise/conformance';
import { torchGenerator } from '@unnoise/core';
import { predict, solveFlow, testMixture } from '@unnoise/testing-gmm';
import { describe, expect, it } from 'vitest';
import type { UniPCMultistepConfig } from '../src/index.ts';
import { UniPCMultistepScheduler } from '../src/index.ts';

const counts = [20, 40, 80, 160];
const many = [40, 80, 160, 200];
const shape = [16, 2];
const alone = { disable_corrector: Array.from({ length: 200 }, (_, i) => i) };

function errors(config: Partial<UniPCMultistepConfig>, steps: readonly number[] = counts) {
  const karras = { lower_order_final: false, use_karras_sigmas: true };
  const scheduler = new UniPCMultistepScheduler({ ...karras, ...config }, { precision: 'exact64' });
  return convergenceErrors(steps, {
    start: (count) => scheduler.start(count),
    model: (x, { signal, noise }) => predict(testMixture, 'epsilon', x, signal, noise),
    exact: (y, from, to) => solveFlow(testMixture, y, from, to, 1500),
    noise: torchGenerator(1).normal(shape, 'float64'),
    shape,
  });
}

describe('the order of convergence', () => {
  it.each([
    ['2 for order 1 (bh1)', { solver_order: 1, solver_type: 'bh1' }, counts, 1.9, 2.15],
    ['2 for order 1 (bh2)', { solver_order: 1 }, counts, 1.9, 2.1],
    ['3 for order 2 (bh1)', { solver_type: 'bh1' }, counts, 2.8, 3.4],
    ['3 for order 2 (bh2)', {}, counts, 2.8, 3.4],
    ['3 for order 2 on eps', { predict_x0: false, final_sigmas_type: 'sigma_min' }, counts, 2.6, 3.2],
    ['4 for order 3', { solver_order: 3 }, many, 3.4, 5],
    ['1 for order 1 without UniC', { solver_order: 1, ...alone }, counts, 0.95, 1.05],
    ['2 for order 2 without UniC', alone, counts, 1.85, 2.4],
    ['3 for order 3 without UniC', { solver_order: 3, ...alone }, many, 2.5, 3.7],
  ] as const)('is %s', async (_, config, steps, low, high) => {
    const order = observedOrder(steps, await errors(config, steps));
    expect(order).toBeGreaterThan(low);
    expect(order).toBeLessThan(high);
  });
});
