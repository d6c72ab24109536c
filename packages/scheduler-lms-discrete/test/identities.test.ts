// What the linear multistep method is equal to, in float64: its README lists these identities.
import { rms, spreadOf, trajectory } from '@unnoise/conformance';
import type { NoiseLevel } from '@unnoise/core';
import { tensor, torchGenerator } from '@unnoise/core';
import { createReferenceBackend } from '@unnoise/core/reference';
import { EulerDiscreteScheduler } from '@unnoise/scheduler-euler-discrete';
import { gaussian, gaussianFlow, predict, testMixture, velocityAtSigma } from '@unnoise/testing-gmm';
import { describe, expect, it } from 'vitest';
import type { LMSDiscreteConfig } from '../src/index.ts';
import { LMSDiscreteScheduler } from '../src/index.ts';

const shape = [3, 2];
const exact = { precision: 'exact64' } as const;
const backend = createReferenceBackend();
const host = (data: ArrayLike<number>) => tensor(Float64Array.from(data), shape, { backend });
const lms = (config: Partial<LMSDiscreteConfig> = {}) => new LMSDiscreteScheduler(config, exact);
const model = (x: Float64Array, { noise: sigma }: NoiseLevel) => predict(testMixture, 'epsilon', x, 1, sigma);
const normal = torchGenerator(3).normal(shape, 'float64');
const startOf = (sigma: number) => normal.map((value) => value * sigma);

/** A derivative that is a power of sigma alone, and its integral. */
const monomial = (degree: number) => ({
  slope: (sigma: number) => (sigma / 10) ** degree,
  area: (sigma: number) => (10 / (degree + 1)) * (sigma / 10) ** (degree + 1),
});

describe('the method', () => {
  it.each([
    ['karras', { use_karras_sigmas: true }],
    ['exponential', { use_exponential_sigmas: true }],
    ['plain', {}],
  ])("is Euler's of order 1 (%s sigmas)", async (_, config) => {
    const run = lms(config).start({ numInferenceSteps: 9, order: 1 });
    const sigmas = Array.from(run.plan.sigmas!);
    const euler = new EulerDiscreteScheduler({}, exact).start({ sigmas });
    const ours = await trajectory({ run, model, start: startOf(sigmas[0]!), shape });
    const theirs = await trajectory({ run: euler, model, start: startOf(sigmas[0]!), shape });
    ours.forEach((x, i) => expect(rms(x, theirs[i]!)).toBeLessThan(1e-11));
  });

  it('weighs two derivatives by 1 + r/2 and -r/2, where r is the ratio of the steps', async () => {
    const run = lms({ use_karras_sigmas: true }).start({ numInferenceSteps: 8, order: 2 });
    const sigmas = Array.from(run.plan.sigmas!);
    const samples = await trajectory({ run, model, start: startOf(sigmas[0]!), shape });
    const slopes = samples.slice(0, 8).map((x, i) => predict(testMixture, 'epsilon', x, 1, sigmas[i]!));
    for (let i = 1; i < 8; i++) {
      const [before, h] = [sigmas[i]! - sigmas[i - 1]!, sigmas[i + 1]! - sigmas[i]!];
      const r = h / before;
      const wanted = samples[i]!.map((x, j) => x + h * ((1 + r / 2) * slopes[i]![j]! - (r / 2) * slopes[i - 1]![j]!));
      expect(rms(samples[i + 1]!, wanted)).toBeLessThan(1e-11);
    }
  });

  it.each([1, 2, 3, 4, 5])('of order %i integrates polynomials of degree below it exactly', async (order) => {
    const { slope, area } = monomial(order - 1);
    const run = lms({ use_karras_sigmas: true }).start({ numInferenceSteps: 12, order });
    const sigmas = Array.from(run.plan.sigmas!);
    const known = (x: Float64Array, { noise: sigma }: NoiseLevel) => x.map(() => slope(sigma));
    const samples = await trajectory({ run, model: known, start: normal, shape });
    for (let i = order - 1; i < 12; i++) {
      const wanted = samples[i]!.map((x) => x + area(sigmas[i + 1]!) - area(sigmas[i]!));
      expect(rms(samples[i + 1]!, wanted) / area(sigmas[0]!)).toBeLessThan(1e-14);
    }
  });

  it('is the same for every prediction type', async () => {
    const clean = (x: Float64Array, { noise: sigma }: NoiseLevel) => predict(testMixture, 'sample', x, 1, sigma);
    const velocity = (x: Float64Array, { noise: sigma }: NoiseLevel) => velocityAtSigma(testMixture, x, sigma);
    const trials = Object.entries({ epsilon: model, sample: clean, v_prediction: velocity }).map(([type, asked]) => ({
      run: lms({ prediction_type: type as LMSDiscreteConfig['prediction_type'] }).start(8),
      model: asked,
      start: startOf(150),
      shape,
    }));
    expect(await spreadOf(trials)).toBeLessThan(1e-10);
  });
});

describe('equal sigmas', () => {
  it('have no step between them, of whatever order, and none can be taken on from there', async () => {
    // timesteps beyond the trained ones, 11 to 7, have the largest sigma
    const trained_betas = [0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4];
    const run = lms({ num_train_timesteps: 12, trained_betas }).start(12);
    for (let i = 0; i < 4; i++) {
      await run.scaleModelInput(host(normal));
      const { prevSample } = await run.step(host(startOf(2)), host(normal));
      expect(Array.from(await prevSample.data())).toEqual(Array.from(normal));
    }
    await run.scaleModelInput(host(normal));
    await expect(run.step(host(normal), host(normal))).rejects.toMatchObject({ code: 'NUMERIC' });
  });
});

describe('a single point as data', () => {
  const mean = [0.7, -0.4];
  const knows = (x: Float64Array, { noise: sigma }: NoiseLevel) => predict(gaussian(mean, 0), 'epsilon', x, 1, sigma);

  it('has a straight flow, on which every step is exact', async () => {
    const run = lms().start(9);
    const sigmas = Array.from(run.plan.sigmas!);
    const start = startOf(sigmas[0]!);
    const samples = await trajectory({ run, model: knows, start, shape });
    samples.forEach((x, i) => expect(rms(x, gaussianFlow(start, sigmas[0]!, sigmas[i]!, mean, 0))).toBeLessThan(1e-10));
  });
});

describe('the order', () => {
  it.each([0, -1, 1.5])('is a whole number from 1, and not %d', async (order) => {
    const run = lms().start(3);
    await run.scaleModelInput(host(normal));
    await expect(run.step(host(normal), host(normal), { order })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  });

  it('may change from step to step: derivatives that a lower one leaves out are kept for a higher one', async () => {
    const { slope, area } = monomial(3);
    const run = lms({ use_karras_sigmas: true }).start(6);
    const sigmas = Array.from(run.plan.sigmas!);
    const moves: number[] = [];
    for (const [i, order] of [4, 4, 4, 2, 4, 4].entries()) {
      await run.scaleModelInput(host([0, 0, 0, 0, 0, 0]));
      const { prevSample } = await run.step(host(normal.map(() => slope(sigmas[i]!))), host([0, 0, 0, 0, 0, 0]), {
        order,
      });
      moves.push((await prevSample.data())[0]! / (area(sigmas[i + 1]!) - area(sigmas[i]!)));
    }
    expect(moves[3]).not.toBeCloseTo(1, 2);
    expect(moves.slice(4)).toEqual([expect.closeTo(1, 11), expect.closeTo(1, 11)]);
  });
});

describe('configs', () => {
  const source = {
    _class_name: 'EulerDiscreteScheduler',
    sigma_min: 0.1,
    sigma_max: 10,
    final_sigmas_type: 'sigma_min',
  };

  it('of EulerDiscrete bring their sigma_min and sigma_max, but not for karras, as upstream', () => {
    const first = (key: string) => {
      const scheduler = LMSDiscreteScheduler.fromConfig({ ...source, [key]: true }, {}, exact);
      scheduler.setTimesteps(4);
      return scheduler.sigmas![0];
    };
    expect(first('use_exponential_sigmas')).toBeCloseTo(10, 12);
    expect(first('use_karras_sigmas')).toBeCloseTo(lms().start(4).plan.sigmas![0]!, 9);
  });
});
