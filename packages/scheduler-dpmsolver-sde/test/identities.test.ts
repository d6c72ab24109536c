// What the SDE solver is equal to, and the exact law of its samples, in float64: its README lists these.
import { observedOrder, rms, shownLevelOf, trajectory } from '@unnoise/conformance';
import type { NoiseSampler, Plan, Run } from '@unnoise/core';
import { tensor, torchGenerator } from '@unnoise/core';
import { createReferenceBackend } from '@unnoise/core/reference';
import { EulerDiscreteScheduler } from '@unnoise/scheduler-euler-discrete';
import { gaussian, predict, testMixture, velocityAtSigma } from '@unnoise/testing-gmm';
import { describe, expect, it } from 'vitest';
import type { DPMSolverSDEConfig } from '../src/index.ts';
import { DPMSolverSDEScheduler } from '../src/index.ts';

const exact = { precision: 'exact64' } as const;
const backend = createReferenceBackend();
const shape = [3, 2];
const host = (data: ArrayLike<number>) => tensor(Float64Array.from(data), shape, { backend });
const sde = (config: Partial<DPMSolverSDEConfig> = {}) => new DPMSolverSDEScheduler(config, exact);
const normal = torchGenerator(3).normal(shape, 'float64');
const epsilon = (x: Float64Array, sigma: number) => Float64Array.from(predict(testMixture, 'epsilon', x, 1, sigma));

type Model = (x: Float64Array, sigma: number) => ArrayLike<number>;

const samplesOf = (run: Run, model: Model, start: ArrayLike<number>, size = shape, steps = run.timesteps.length) =>
  trajectory({ run, model: (x, { noise }) => model(x, noise), level: shownLevelOf, start, shape: size, steps });

/** The sigmas of a doubled schedule, once each. */
const once = ({ sigmas }: Plan<unknown>) => Array.from(sigmas!).filter((_, i) => i % 2 === 0);

describe('a step without noise', () => {
  it.each([
    ['karras', { use_karras_sigmas: true }],
    ['plain', {}],
  ])("is Euler's to to^2 / sigma, in its second half with x0 from the middle (%s sigmas)", async (_, config) => {
    const run = sde(config).start({ numInferenceSteps: 6, sNoise: 0, generator: torchGenerator(0) });
    const sigmas = once(run.plan);
    const samples = await samplesOf(
      run,
      epsilon,
      normal.map((value) => value * sigmas[0]!),
    );
    for (let i = 0; i < 5; i++) {
      const [x, middle, from] = [samples[2 * i]!, samples[2 * i + 1]!, sigmas[i]!];
      const sigmaMid = Math.sqrt(from * sigmas[i + 1]!);
      const euler = new EulerDiscreteScheduler({}, exact).start({ sigmas: [from, sigmaMid ** 2 / from] });
      const [, there] = await trajectory({ run: euler, model: (y) => epsilon(y, from), start: x, shape });
      expect(rms(middle, there!)).toBeLessThan(1e-11);
      const slope = epsilon(middle, sigmaMid);
      const kept = (sigmas[i + 1]! / from) ** 2;
      const end = x.map((value, j) => kept * value + (1 - kept) * (middle[j]! - sigmaMid * slope[j]!));
      expect(rms(samples[2 * i + 2]!, end)).toBeLessThan(1e-11);
    }
  });

  it('is the same for a model that predicts the velocity', async () => {
    const velocity: Model = (x, sigma) => velocityAtSigma(testMixture, x, sigma);
    const start = normal.map((value) => value * 25);
    const config = { noise_sampler_seed: 11 };
    const wanted = await samplesOf(sde(config).start(6), epsilon, start);
    const samples = await samplesOf(sde({ ...config, prediction_type: 'v_prediction' }).start(6), velocity, start);
    samples.forEach((x, i) => expect(rms(x, wanted[i]!)).toBeLessThan(1e-11));
  });
});

describe('the law of the samples', () => {
  /** Unit impulses in the increments of a Brownian path over the halves of each step; or in every draw, as if they were independent. */
  function impulses(rows: number, independent: boolean): NoiseSampler {
    let draw = 0;
    let first = 0;
    const unit = (...entries: readonly [number, number][]) => {
      const row = new Float64Array(rows);
      for (const [at, value] of entries) row[2 + at] = value;
      return row;
    };
    return (sigma, sigmaNext) => {
      const at = draw++;
      if (at % 2 === 0) first = sigma - sigmaNext;
      if (at % 2 === 0 || independent) return unit([at, 1]);
      const share = first / (sigma - sigmaNext);
      return unit([at - 1, Math.sqrt(share)], [at, Math.sqrt(1 - share)]);
    };
  }

  /** Errors of mean and variance at the last positive sigma, for data N(0.7, deviation^2). */
  async function lawOf(steps: number, deviation: number, independent = false) {
    const rows = 2 * steps;
    const run = sde({ use_karras_sigmas: true }).start({
      numInferenceSteps: steps,
      noiseSampler: impulses(rows, independent),
    });
    const sigmas = once(run.plan);
    const [first, last] = [sigmas[0]!, sigmas.at(-1)!];
    const start = Float64Array.from({ length: rows }, (_, row) => 0.7 + (row === 1 ? Math.hypot(deviation, first) : 0));
    const model: Model = (x, sigma) => predict(gaussian([0.7], deviation), 'epsilon', x, 1, sigma);
    const samples = await samplesOf(run, model, start, [rows, 1], run.timesteps.length - 1);
    const [mean, ...others] = samples.at(-1)!;
    const variance = others.reduce((sum, value) => sum + (value - mean!) ** 2, 0);
    return { mean: mean! - 0.7, variance: variance / (deviation ** 2 + last ** 2) - 1 };
  }

  const counts = [40, 80, 160];
  const errors = (independent: boolean) => Promise.all(counts.map((n) => lawOf(n, 0.5, independent)));
  const orderOf = (found: readonly { variance: number }[]) =>
    observedOrder(
      counts,
      found.map(({ variance }) => variance),
    );

  it('has the right mean, and converges with weak order 2', async () => {
    const found = await errors(false);
    for (const { mean } of found) expect(Math.abs(mean)).toBeLessThan(1e-11);
    expect(orderOf(found)).toBeGreaterThan(1.9);
    expect(orderOf(found)).toBeLessThan(3.2);
  });

  it('would converge with order 1 only if the halves of a step did not share their noise', async () => {
    const order = orderOf(await errors(true));
    expect(order).toBeGreaterThan(0.7);
    expect(order).toBeLessThan(1.2);
  });

  it('is exact where the data is a single point', async () => {
    const { mean, variance } = await lawOf(10, 0);
    expect(Math.abs(mean)).toBeLessThan(1e-11);
    expect(Math.abs(variance)).toBeLessThan(1e-6);
  });
});

describe('the noise', () => {
  const first = async (run: Run) => {
    (await run.scaleModelInput(host(normal))).dispose();
    return (await run.step(host(normal), host(normal))).prevSample.data();
  };

  it('needs a seed: that of the config, or one from the generator', async () => {
    await expect(first(sde().start(4))).rejects.toMatchObject({ code: 'GENERATOR_REQUIRED' });
    const seeds = [1, 1, 2].map((seed) =>
      first(sde().start({ numInferenceSteps: 4, generator: torchGenerator(seed) })),
    );
    const [a, b, c] = await Promise.all(seeds);
    expect(b).toEqual(a);
    expect(c).not.toEqual(a);
  });

  it('is that of the config in every run, whatever the generator', async () => {
    const scheduler = sde({ noise_sampler_seed: 5 });
    const with1 = await first(scheduler.start({ numInferenceSteps: 4, generator: torchGenerator(1) }));
    expect(await first(scheduler.start(4))).toEqual(with1);
  });
});

describe('halves', () => {
  it('come in order: a run that begins in the middle of a step is refused, and stays where it is', async () => {
    const run = sde({ noise_sampler_seed: 1 }).start({ numInferenceSteps: 4, beginIndex: 3 });
    await run.scaleModelInput(host(normal));
    await expect(run.step(host(normal), host(normal))).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    expect(run.stepIndex).toBe(3);
  });
});
