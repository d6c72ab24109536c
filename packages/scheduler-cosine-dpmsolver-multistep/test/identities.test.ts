// What the solver is equal to, and the exact law of its samples, in float64: its README lists these.
import { observedOrder, rms, trajectory } from '@unnoise/conformance';
import type { NoiseLevel, NoiseSampler } from '@unnoise/core';
import { tensor, torchGenerator } from '@unnoise/core';
import { createReferenceBackend } from '@unnoise/core/reference';
import type { Distribution } from '@unnoise/testing-gmm';
import { gaussian, predict, testMixture } from '@unnoise/testing-gmm';
import { describe, expect, it } from 'vitest';
import type { CosineDPMSolverMultistepConfig } from '../src/index.ts';
import { CosineDPMSolverMultistepScheduler } from '../src/index.ts';

const exact = { precision: 'exact64' } as const;
const shape = [3, 2];
const cosine = (config: Partial<CosineDPMSolverMultistepConfig> = {}) =>
  new CosineDPMSolverMultistepScheduler(config, exact);
const normal = torchGenerator(3).normal(shape, 'float64');

/** The network of Karras et al. whose denoiser is the truth: (D - skip x) / scale, with `sign` of the scale. */
const network =
  (data: Distribution, sign: 1 | -1 = -1, sigmaData = 1) =>
  (x: Float64Array, { noise: sigma }: NoiseLevel) => {
    const whole = sigma ** 2 + sigmaData ** 2;
    const clean = predict(data, 'sample', x, 1, sigma);
    return x.map(
      (value, i) => (sign * (clean[i]! - (sigmaData ** 2 / whole) * value) * Math.sqrt(whole)) / (sigma * sigmaData),
    );
  };

const silent: NoiseSampler = (_, __, size) => new Float64Array(size.reduce((a, b) => a * b, 1));

describe('a step', () => {
  it('of order 1 without noise goes to sigma_next^2 / sigma by Euler, and stays there', async () => {
    const run = cosine({ solver_order: 1 }).start({ numInferenceSteps: 6, noiseSampler: silent });
    const sigmas = Array.from(run.plan.sigmas!);
    const start = normal.map((value) => value * sigmas[0]!);
    const samples = await trajectory({ run, model: network(testMixture), start, shape });
    for (let i = 0; i < 6; i++) {
      const [x, from, next] = [samples[i]!, sigmas[i]!, sigmas[i + 1]!];
      const slope = predict(testMixture, 'epsilon', x, 1, from);
      const wanted = x.map((value, j) => value + (next ** 2 / from - from) * slope[j]!);
      expect(rms(samples[i + 1]!, wanted)).toBeLessThan(1e-11 * from);
    }
  });

  it.each([
    ['the sign of epsilon', { prediction_type: 'epsilon' }, 1, 1],
    ['another scale of the data', { sigma_data: 0.5 }, -1, 0.5],
  ] as const)('is the same for a network with %s', async (_, config, sign, sigmaData) => {
    const request = { numInferenceSteps: 8, generator: torchGenerator(4) };
    const start = normal.map((value) => value * 500);
    const wanted = await trajectory({ run: cosine().start(request), model: network(testMixture), start, shape });
    const run = cosine(config).start({ ...request, generator: torchGenerator(4) });
    const samples = await trajectory({ run, model: network(testMixture, sign, sigmaData), start, shape });
    samples.forEach((x, i) => expect(rms(x, wanted[i]!)).toBeLessThan(1e-9));
  });

  it('tells the model a time between 0 and 1', () => {
    const run = cosine().start(4);
    run.timesteps.forEach((t, i) => expect(Math.tan((t * Math.PI) / 2)).toBeCloseTo(run.plan.sigmas![i]!, 6));
  });
});

describe('the law of the samples', () => {
  /** Errors of mean and variance at the last positive sigma, by unit impulses in every draw, for data N(0.7, deviation^2). */
  async function lawOf(steps: number, deviation: number, config: Partial<CosineDPMSolverMultistepConfig>) {
    const rows = steps + 1;
    let draw = 0;
    const noiseSampler: NoiseSampler = () => new Float64Array(rows).fill(1, 2 + draw, 3 + draw++);
    const all = {
      sigma_schedule: 'karras',
      sigma_min: 0.05,
      sigma_max: 40,
      lower_order_final: false,
      ...config,
    } as const;
    const run = cosine(all).start({ numInferenceSteps: steps, noiseSampler });
    const sigmas = Array.from(run.plan.sigmas!);
    const [first, last] = [sigmas[0]!, sigmas.at(-2)!];
    const start = Float64Array.from({ length: rows }, (_, row) => 0.7 + (row === 1 ? Math.hypot(deviation, first) : 0));
    const model = network(gaussian([0.7], deviation));
    const samples = await trajectory({ run, model, start, shape: [rows, 1], steps: steps - 1 });
    const [mean, ...others] = samples.at(-1)!;
    const variance = others.reduce((sum, value) => sum + (value - mean!) ** 2, 0);
    return { mean: mean! - 0.7, variance: variance / (deviation ** 2 + last ** 2) - 1 };
  }

  const counts = [40, 80, 160];

  it.each([
    ['midpoint', { solver_type: 'midpoint' }, 1.85, 2.5],
    ['heun', { solver_type: 'heun' }, 1.85, 3],
    ['order 1', { solver_order: 1 }, 0.8, 1.15],
  ] as const)('has the right mean and converges with the weak order of %s', async (_, config, least, most) => {
    const found = await Promise.all(counts.map((n) => lawOf(n, 0.5, config)));
    for (const { mean } of found) expect(Math.abs(mean)).toBeLessThan(1e-11);
    const order = observedOrder(
      counts,
      found.map(({ variance }) => variance),
    );
    expect(order).toBeGreaterThan(least);
    expect(order).toBeLessThan(most);
  });

  it('is exact where the data is a single point', async () => {
    const { mean, variance } = await lawOf(10, 0, {});
    expect(Math.abs(mean)).toBeLessThan(1e-11);
    expect(Math.abs(variance)).toBeLessThan(1e-11);
  });
});

describe('the noise', () => {
  const backend = createReferenceBackend();
  const host = () => tensor(normal, shape, { backend });
  const step = async (request: object, size = shape) => {
    const run = cosine().start({ numInferenceSteps: 3, ...request });
    await run.scaleModelInput(host());
    return Array.from(await (await run.step(host(), host())).prevSample.data()).slice(0, size[0]);
  };

  it('is that of the seed of the generator, wherever its stream is', async () => {
    const used = torchGenerator(5);
    used.normal([100]);
    expect(await step({ generator: used })).toEqual(await step({ generator: torchGenerator(5) }));
    expect(await step({ generator: torchGenerator(6) })).not.toEqual(await step({ generator: torchGenerator(5) }));
    await expect(step({})).rejects.toMatchObject({ code: 'GENERATOR_REQUIRED' });
  });
});

describe('the sigmas', () => {
  it.each([
    ['exponential', { sigma_min: 0 }],
    ['exponential', { sigma_max: -1 }],
    ['karras', { sigma_max: -1 }],
  ] as const)('of the %s schedule have no logarithm or root: %j', (sigma_schedule, limits) => {
    expect(() => cosine({ sigma_schedule, ...limits })).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });
});
