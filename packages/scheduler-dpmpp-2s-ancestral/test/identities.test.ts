// What DPM++ 2S ancestral is equal to, its order and the law of its samples, in float64: its README lists these.
import { convergenceErrors, lawError, observedOrder, rms, trajectory } from '@unnoise/conformance';
import type { NoiseLevel } from '@unnoise/core';
import { torchGenerator } from '@unnoise/core';
import { gaussian, gaussianFlow, predict, solveFlow, testMixture } from '@unnoise/testing-gmm';
import { describe, expect, it } from 'vitest';
import type { DPMPP2SAncestralConfig } from '../src/index.ts';
import { DPMPP2SAncestralScheduler } from '../src/index.ts';

const exact = { precision: 'exact64' } as const;
const karras = { use_karras_sigmas: true };
const shape = [3, 2];
const sampler = (config: Partial<DPMPP2SAncestralConfig> = {}) => new DPMPP2SAncestralScheduler(config, exact);
const model = (x: Float64Array, { signal, noise }: NoiseLevel) => predict(testMixture, 'epsilon', x, signal, noise);
const normal = torchGenerator(3).normal(shape, 'float64');

describe('without noise', () => {
  it('converges with order 2', async () => {
    const counts = [20, 40, 80, 160];
    const errors = await convergenceErrors(counts, {
      start: (steps) => sampler({ ...karras, eta: 0 }).start(steps),
      model,
      exact: (y, from, to) => solveFlow(testMixture, y, from, to, 600),
      noise: torchGenerator(1).normal([16, 2], 'float64'),
      shape: [16, 2],
    });
    expect(observedOrder(counts, errors)).toBeGreaterThan(1.9);
    expect(observedOrder(counts, errors)).toBeLessThan(2.4);
  });

  it('is exact in every call where the data is a single point', async () => {
    const mean = [0.7, -0.4];
    const knows = (x: Float64Array, { noise }: NoiseLevel) => predict(gaussian(mean, 0), 'epsilon', x, 1, noise);
    const run = sampler({ eta: 0 }).start(5);
    const sigmas = Array.from(run.plan.sigmas!);
    const start = normal.map((value) => value * sigmas[0]!);
    const samples = await trajectory({ run, model: knows, start, shape });
    samples.forEach((x, i) => expect(rms(x, gaussianFlow(start, sigmas[0]!, sigmas[i]!, mean, 0))).toBeLessThan(1e-11));
  });
});

describe('a step', () => {
  it('without its noise goes to sigma_next^2 / sigma with the x0 of the middle, which is at sigma_next', async () => {
    const ours = sampler({ s_noise: 0 }).start({ sigmas: [9, 4, 0], generator: torchGenerator(0) });
    expect(Array.from(ours.plan.sigmas!)).toEqual([9, 4, 4, 0].map((sigma) => expect.closeTo(sigma, 12)));
    const start = normal.map((value) => value * 9);
    const [, middle, end] = await trajectory({ run: ours, model, start, shape });
    const clean = predict(testMixture, 'sample', middle!, 1, 4);
    const kept = 16 / 81;
    expect(
      rms(
        end!,
        start.map((value, i) => kept * value + (1 - kept) * clean[i]!),
      ),
    ).toBeLessThan(1e-11);
  });

  it('is the same for every prediction type', async () => {
    const clean = (x: Float64Array, { noise }: NoiseLevel) => predict(testMixture, 'sample', x, 1, noise);
    const start = normal.map((value) => value * 14);
    const request = () => ({ numInferenceSteps: 6, generator: torchGenerator(9) });
    const wanted = await trajectory({ run: sampler().start(request()), model, start, shape });
    const run = sampler({ prediction_type: 'sample' }).start(request());
    const samples = await trajectory({ run, model: clean, start, shape });
    samples.forEach((x, i) => expect(rms(x, wanted[i]!)).toBeLessThan(1e-11));
  });
});

describe('the law of the samples', () => {
  const lawOf = (numInferenceSteps: number, deviation: number) =>
    lawError((generator) => sampler(karras).start({ numInferenceSteps, generator }), { mean: 0.7, deviation });

  it('has the right mean, and converges with weak order 2', async () => {
    const counts = [40, 80, 160];
    const found = await Promise.all(counts.map((n) => lawOf(n, 0.5)));
    for (const { mean } of found) expect(Math.abs(mean)).toBeLessThan(1e-10);
    const order = observedOrder(
      counts,
      found.map(({ variance }) => variance),
    );
    expect(order).toBeGreaterThan(1.8);
    expect(order).toBeLessThan(3.2);
  });

  it('is exact where the data is a single point', async () => {
    const { mean, variance } = await lawOf(10, 0);
    expect(Math.abs(mean)).toBeLessThan(1e-10);
    expect(Math.abs(variance)).toBeLessThan(1e-6);
  });
});

it('cosine betas give a plan of two calls per step also where float32 leaves nothing of sigma_down', () => {
  const run = new DPMPP2SAncestralScheduler({ beta_schedule: 'squaredcos_cap_v2' }).start(5);
  expect(run.timesteps).toHaveLength(9);
  expect(run.timesteps.every(Number.isFinite)).toBe(true);
});
