// What the inverse solver is, in float64: its README lists these laws.
import { observedOrder, rms, trajectory } from '@unnoise/conformance';
import type { NoiseLevel } from '@unnoise/core';
import { torchGenerator } from '@unnoise/core';
import { DPMSolverMultistepScheduler } from '@unnoise/scheduler-dpmsolver-multistep';
import { gaussian, gaussianFlow, predict, testMixture } from '@unnoise/testing-gmm';
import { describe, expect, it } from 'vitest';
import type { DPMSolverMultistepInverseConfig } from '../src/index.ts';
import { DPMSolverMultistepInverseScheduler } from '../src/index.ts';

const shape = [8, 2];
const exact = { precision: 'exact64' } as const;
const clean = torchGenerator(3).normal(shape, 'float64');
const inverse = (config: Partial<DPMSolverMultistepInverseConfig> = {}) =>
  new DPMSolverMultistepInverseScheduler(config, exact);
const model = (x: Float64Array, { signal, noise }: NoiseLevel) => predict(testMixture, 'epsilon', x, signal, noise);

describe('inversion, then generation', () => {
  const karras = { use_karras_sigmas: true, lower_order_final: false } as const;

  /** To the noisiest level and back to the first one, which both schedules have. */
  async function roundTrip(config: { readonly solver_order: number }, steps: number): Promise<number> {
    const up = inverse({ ...karras, ...config }).start(steps);
    const noisy = await trajectory({ run: up, model, start: clean, shape, steps: steps - 1 });
    const down = new DPMSolverMultistepScheduler({ ...karras, ...config }, exact).start(steps);
    const back = await trajectory({ run: down, model, start: noisy.at(-1)!, shape, steps: steps - 1 });
    return rms(back.at(-1)!, clean);
  }

  it.each([
    [1, 0.9, 1.3],
    [2, 1.9, 3.4],
  ])('returns to the start, with order %i or better in the number of steps', async (solver_order, low, high) => {
    const counts = [10, 20, 40, 60]; // with more, timesteps repeat
    const errors = await Promise.all(counts.map((count) => roundTrip({ solver_order }, count)));
    expect(observedOrder(counts, errors)).toBeGreaterThan(low);
    expect(observedOrder(counts, errors)).toBeLessThan(high);
  });
});

describe('the schedule', () => {
  it.each(['use_karras_sigmas', 'use_exponential_sigmas'] as const)(
    'has the levels of the forward one, rising: %s',
    (key) => {
      const sigmas = Array.from(inverse({ [key]: true }).start(9).plan.sigmas!).slice(0, -1);
      const forward = Array.from(new DPMSolverMultistepScheduler({ [key]: true }, exact).start(9).plan.sigmas!);
      forward
        .slice(0, -1)
        .reverse()
        .forEach((sigma, i) => expect(sigmas[i]! / sigma).toBeCloseTo(1, 12));
    },
  );

  it('ends at a trained level: there must be as many betas as timesteps', () => {
    const trained_betas = [0.01, 0.02, 0.05, 0.1];
    expect(() => inverse({ trained_betas }).start(2)).toThrow(expect.objectContaining({ code: 'CONFIG_CONFLICT' }));
    expect(inverse({ trained_betas, num_train_timesteps: 4 }).start(2).timesteps).toEqual([0, 2]);
  });

  it('leaves out repeated timesteps, but not their sigmas', () => {
    const { timesteps, sigmas } = inverse({ use_karras_sigmas: true }).start(999).plan;
    expect(new Set(timesteps).size).toBe(timesteps.length);
    expect(timesteps.length).toBeLessThan(999);
    expect(sigmas!.length).toBe(1000);
  });
});

describe('a single point as data', () => {
  const mean = [0.7, -0.4];
  const knows = (x: Float64Array, { signal, noise }: NoiseLevel) =>
    predict(gaussian(mean, 0), 'epsilon', x, signal, noise);
  const orders = [1, 2, 3].flatMap((order) =>
    (['dpmsolver++', 'dpmsolver'] as const).map((type) => [type, order] as const),
  );

  it.each(orders)(
    'has a straight flow, on which every step is exact (%s, order %i)',
    async (algorithm_type, solver_order) => {
      const run = inverse({ algorithm_type, solver_order }).start(9);
      const { sigmas, timesteps, noiseLevel } = run.plan;
      const samples = await trajectory({ run, model: knows, start: clean, shape, steps: 8 });
      const y = samples.map((x, i) => x.map((value) => value / noiseLevel!(i, timesteps[i]!).signal));
      y.forEach((point, i) => {
        const wanted = gaussianFlow(y[0]!, sigmas![0]!, sigmas![i]!, mean, 0);
        expect(rms(point, wanted) / Math.max(1, sigmas![i]! / sigmas![0]!)).toBeLessThan(1e-10);
      });
    },
  );
});
