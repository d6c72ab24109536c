// What ancestral KDPM2 is equal to, in float64: its README lists these identities.
import { observedOrder, rms, shownLevelOf, trajectory } from '@unnoise/conformance';
import type { Generator, Plan, Run } from '@unnoise/core';
import { tensor, torchGenerator } from '@unnoise/core';
import { createReferenceBackend } from '@unnoise/core/reference';
import { EulerDiscreteScheduler } from '@unnoise/scheduler-euler-discrete';
import { gaussian, predict, testMixture, velocityAtSigma } from '@unnoise/testing-gmm';
import { describe, expect, it } from 'vitest';
import type { KDPM2AncestralDiscreteConfig } from '../src/index.ts';
import { KDPM2AncestralDiscreteScheduler } from '../src/index.ts';

const exact = { precision: 'exact64' } as const;
const backend = createReferenceBackend();
const shape = [3, 2];
const host = (data: ArrayLike<number>) => tensor(Float64Array.from(data), shape, { backend });
const ancestral = (config: Partial<KDPM2AncestralDiscreteConfig> = {}) =>
  new KDPM2AncestralDiscreteScheduler(config, exact);
const normal = torchGenerator(3).normal(shape, 'float64');
const epsilon = (x: Float64Array, sigma: number) => Float64Array.from(predict(testMixture, 'epsilon', x, 1, sigma));
const draws = (normal: (shape: readonly number[]) => Float32Array): Generator =>
  Object.assign(torchGenerator(0), { normal });
const silent = () => draws(() => new Float32Array(6));

type Model = (x: Float64Array, sigma: number) => ArrayLike<number>;

const samplesOf = (run: Run, model: Model, start: ArrayLike<number>, size = shape, steps = run.timesteps.length) =>
  trajectory({ run, model: (x, { noise }) => model(x, noise), level: shownLevelOf, start, shape: size, steps });

/** The sigmas of a doubled schedule, once each. */
const once = ({ sigmas }: Plan<unknown>) => Array.from(sigmas!).filter((_, i) => i % 2 === 0);

describe('a step whose noise is nothing', () => {
  it.each([
    ['karras', { use_karras_sigmas: true }],
    ['plain', {}],
  ])('is the midpoint method to sigma_next^2 / sigma, halfway in ln sigma (%s sigmas)', async (_, config) => {
    const run = ancestral(config).start({ numInferenceSteps: 7, generator: silent() });
    const sigmas = once(run.plan);
    const samples = await samplesOf(
      run,
      epsilon,
      normal.map((value) => value * sigmas[0]!),
    );
    for (let i = 0; i < 6; i++) {
      const [x, from, next] = [samples[2 * i]!, sigmas[i]!, sigmas[i + 1]!];
      const [down, middle] = [next ** 2 / from, next];
      const euler = new EulerDiscreteScheduler({}, exact).start({ sigmas: [from, middle] });
      const [, there] = await trajectory({ run: euler, model: (y) => epsilon(y, from), start: x, shape });
      expect(rms(samples[2 * i + 1]!, there!)).toBeLessThan(1e-11);
      const slope = epsilon(there!, middle);
      expect(
        rms(
          samples[2 * i + 2]!,
          x.map((value, j) => value + (down - from) * slope[j]!),
        ),
      ).toBeLessThan(1e-11);
    }
  });

  it('is the same for a model that predicts the velocity', async () => {
    const velocity: Model = (x, sigma) => velocityAtSigma(testMixture, x, sigma);
    const start = normal.map((value) => value * 25);
    const request = () => ({ numInferenceSteps: 6, generator: torchGenerator(9) });
    const wanted = await samplesOf(ancestral().start(request()), epsilon, start);
    const samples = await samplesOf(ancestral({ prediction_type: 'v_prediction' }).start(request()), velocity, start);
    samples.forEach((x, i) => expect(rms(x, wanted[i]!)).toBeLessThan(1e-11));
  });
});

describe('the law of the samples', () => {
  /** Errors of mean and variance at the last positive sigma, by unit impulses in every draw, for data N(0.7, deviation^2). */
  async function lawOf(numInferenceSteps: number, deviation: number): Promise<{ mean: number; variance: number }> {
    const rows = 1 + numInferenceSteps;
    let draw = 0;
    const impulses = draws(([size = 0]) => new Float32Array(size).fill(1, 2 + draw, 3 + draw++));
    const run = ancestral({ use_karras_sigmas: true }).start({ numInferenceSteps, generator: impulses });
    const sigmas = once(run.plan);
    const [first, last] = [sigmas[0]!, sigmas.at(-2)!];
    const spread = Math.hypot(deviation, first);
    const start = Float64Array.from({ length: rows }, (_, row) => 0.7 + (row === 1 ? spread : 0));
    const model: Model = (x, sigma) => predict(gaussian([0.7], deviation), 'epsilon', x, 1, sigma);
    const samples = await samplesOf(run, model, start, [rows, 1], run.timesteps.length - 1);
    const [mean, ...others] = samples.at(-1)!;
    const variance = others.reduce((sum, value) => sum + (value - mean!) ** 2, 0);
    expect(draw).toBe(numInferenceSteps - 1);
    return { mean: mean! - 0.7, variance: variance / (deviation ** 2 + last ** 2) - 1 };
  }

  it('has the right mean, and converges with weak order 2', async () => {
    const counts = [40, 80, 160];
    const errors = await Promise.all(counts.map((n) => lawOf(n, 0.5)));
    for (const { mean } of errors) expect(Math.abs(mean)).toBeLessThan(1e-11);
    const order = observedOrder(
      counts,
      errors.map(({ variance }) => variance),
    );
    expect(order).toBeGreaterThan(1.9);
    expect(order).toBeLessThan(3);
  });

  it('is exact where the data is a single point', async () => {
    const { mean, variance } = await lawOf(10, 0);
    expect(Math.abs(mean)).toBeLessThan(1e-11);
    expect(Math.abs(variance)).toBeLessThan(1e-6);
  });
});

describe('halves', () => {
  it('come in order: a run that begins in the middle of a step is refused, and stays where it is', async () => {
    const run = ancestral().start({ numInferenceSteps: 4, beginIndex: 3, generator: silent() });
    await run.scaleModelInput(host(normal));
    await expect(run.step(host(normal), host(normal))).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    expect(run.stepIndex).toBe(3);
  });

  it('draw in turn: the first needs no generator, the second does', async () => {
    const run = ancestral().start(4);
    await run.scaleModelInput(host(normal));
    await run.step(host(normal), host(normal));
    await expect(run.step(host(normal), host(normal))).rejects.toMatchObject({ code: 'GENERATOR_REQUIRED' });
  });
});

describe('cosine betas', () => {
  it.each([
    ['linspace', 5],
    ['trailing', 3],
  ] as const)('give finite samples where upstream gives NaN (%s, %i steps)', async (spacing, numInferenceSteps) => {
    const scheduler = new KDPM2AncestralDiscreteScheduler({
      beta_schedule: 'squaredcos_cap_v2',
      timestep_spacing: spacing,
    });
    const run = scheduler.start({ numInferenceSteps, generator: torchGenerator(2) });
    const samples = await samplesOf(
      run,
      epsilon,
      normal.map((value) => value * run.plan.initNoiseSigma),
    );
    for (const value of samples.at(-1)!) expect(Math.abs(value)).toBeLessThan(run.plan.initNoiseSigma);
    expect(run.timesteps.every(Number.isFinite)).toBe(true);
  });
});

describe('configs', () => {
  it('of other classes leave their own keys out of it', () => {
    const foreign = {
      _class_name: 'EulerDiscreteScheduler',
      rescale_betas_zero_snr: true,
      final_sigmas_type: 'sigma_min',
    };
    const scheduler = KDPM2AncestralDiscreteScheduler.fromConfig(
      { ...foreign, beta_start: 0.00085, beta_end: 0.012 },
      {},
      exact,
    );
    scheduler.setTimesteps(5);
    expect(Array.from(scheduler.sigmas!)).toEqual(Array.from(ancestral().start(5).plan.sigmas!));
  });
});
