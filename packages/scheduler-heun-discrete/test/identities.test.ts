// What Heun's method is equal to, in float64: its README lists these identities.
import { rms, spreadOf, trajectory } from '@unnoise/conformance';
import type { NoiseLevel } from '@unnoise/core';
import { tensor, torchGenerator } from '@unnoise/core';
import { createReferenceBackend } from '@unnoise/core/reference';
import { EulerDiscreteScheduler } from '@unnoise/scheduler-euler-discrete';
import { gaussian, gaussianFlow, predict, testMixture, velocityAtSigma } from '@unnoise/testing-gmm';
import { describe, expect, it } from 'vitest';
import type { HeunDiscreteConfig } from '../src/index.ts';
import { HeunDiscreteScheduler } from '../src/index.ts';

const shape = [3, 2];
const exact = { precision: 'exact64' } as const;
const backend = createReferenceBackend();
const heun = (config: Partial<HeunDiscreteConfig> = {}) => new HeunDiscreteScheduler(config, exact);
const model = (x: Float64Array, { noise: sigma }: NoiseLevel) => predict(testMixture, 'epsilon', x, 1, sigma);
const normal = torchGenerator(3).normal(shape, 'float64');
const startOf = (sigma: number) => normal.map((value) => value * sigma);

/** Algorithm 1 of Karras et al. with sigma(t) = t and s(t) = 1, as the paper has it. */
function paperHeun(sigmas: readonly number[], start: Float64Array): Float64Array {
  let x = start;
  for (let i = 0; i + 1 < sigmas.length; i++) {
    const [t, next] = [sigmas[i]!, sigmas[i + 1]!];
    const slope = Float64Array.from(predict(testMixture, 'epsilon', x, 1, t));
    const there = x.map((value, j) => value + (next - t) * slope[j]!);
    const other = next === 0 ? slope : predict(testMixture, 'epsilon', there, 1, next);
    x = x.map((value, j) => value + (next - t) * (0.5 * slope[j]! + 0.5 * other[j]!));
  }
  return x;
}

/** The sigmas of a doubled schedule, once each. */
const once = (sigmas: ArrayLike<number>) => Array.from(sigmas).filter((_, i) => i % 2 === 0 || i === sigmas.length - 1);

describe('the method', () => {
  it.each([
    ['karras', { use_karras_sigmas: true }],
    ['exponential', { use_exponential_sigmas: true }],
    ['plain', {}],
  ])('is algorithm 1 of Karras et al. (%s sigmas)', async (_, config) => {
    const run = heun(config).start(9);
    const sigmas = once(run.plan.sigmas!);
    const start = startOf(sigmas[0]!);
    const samples = await trajectory({ run, model, start, shape });
    expect(samples).toHaveLength(18);
    expect(rms(samples.at(-1)!, paperHeun(sigmas, start))).toBeLessThan(1e-12);
  });

  it("takes Euler's step first, from wherever the step starts", async () => {
    const run = heun().start(6);
    const sigmas = once(run.plan.sigmas!);
    const samples = await trajectory({ run, model, start: startOf(sigmas[0]!), shape });
    for (let i = 0; i < 6; i++) {
      const euler = new EulerDiscreteScheduler({}, exact).start({ sigmas: sigmas.slice(i, i + 2) });
      const [, next] = await trajectory({ run: euler, model, start: samples[2 * i]!, shape });
      expect(rms(samples[2 * i + 1]!, next!)).toBeLessThan(1e-13);
    }
  });

  it('is the same method for every prediction type', async () => {
    const clean = (x: Float64Array, { noise: sigma }: NoiseLevel) => predict(testMixture, 'sample', x, 1, sigma);
    const velocity = (x: Float64Array, { noise: sigma }: NoiseLevel) => velocityAtSigma(testMixture, x, sigma);
    const trials = Object.entries({ epsilon: model, sample: clean, v_prediction: velocity }).map(([type, asked]) => ({
      run: heun({ prediction_type: type as HeunDiscreteConfig['prediction_type'] }).start(6),
      model: asked,
      start: startOf(150),
      shape,
    }));
    expect(await spreadOf(trials)).toBeLessThan(1e-11);
  });
});

describe('a single point as data', () => {
  const mean = [0.7, -0.4];
  const knows = (x: Float64Array, { noise: sigma }: NoiseLevel) => predict(gaussian(mean, 0), 'epsilon', x, 1, sigma);

  it('has a straight flow, on which every call is exact', async () => {
    const run = heun().start(5);
    const sigmas = Array.from(run.plan.sigmas!);
    const start = startOf(sigmas[0]!);
    const samples = await trajectory({ run, model: knows, start, shape });
    samples.forEach((x, i) => {
      const level = i < sigmas.length - 1 ? sigmas[i]! : 0;
      expect(rms(x, gaussianFlow(start, sigmas[0]!, level, mean, 0))).toBeLessThan(1e-11);
    });
  });
});

describe('halves', () => {
  const host = (data: ArrayLike<number>) => tensor(Float64Array.from(data), shape, { backend });

  it('come in order: a run that begins in the middle of a step is refused, and stays where it is', async () => {
    const run = heun().start({ numInferenceSteps: 4, beginIndex: 3 });
    await run.scaleModelInput(host(normal));
    await expect(run.step(host(normal), host(normal))).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    expect(run.stepIndex).toBe(3);
  });

  it('are counted by strength, so that a run begins with a first half', () => {
    expect(heun().start({ numInferenceSteps: 10, strength: 0.35 }).beginIndex).toBe(14);
  });

  it('show in explain', async () => {
    const scheduler = heun();
    scheduler.setTimesteps(3);
    const [from, to] = scheduler.sigmas as unknown as [number, number];
    expect(await scheduler.explain(0)).toContain(`prevSample = sample - ${(from - to).toPrecision(6)}*modelOutput`);
    const half = ((from - to) / 2).toPrecision(6);
    expect(await scheduler.explain(1)).toContain(`prevSample = carry0 + 0*sample - ${half}*modelOutput`);
  });
});

describe('configs', () => {
  it('of other classes leave their own keys out of it', () => {
    const foreign = {
      _class_name: 'EulerDiscreteScheduler',
      rescale_betas_zero_snr: true,
      final_sigmas_type: 'sigma_min',
    };
    const scheduler = HeunDiscreteScheduler.fromConfig({ ...foreign, beta_start: 0.00085, beta_end: 0.012 }, {}, exact);
    scheduler.setTimesteps(5);
    const plain = heun();
    plain.setTimesteps(5);
    expect(Array.from(scheduler.sigmas!)).toEqual(Array.from(plain.sigmas!));
  });

  it('of EulerDiscrete bring their sigma_min and sigma_max, as upstream', () => {
    const source = { _class_name: 'EulerDiscreteScheduler', use_karras_sigmas: true, sigma_min: 0.1, sigma_max: 10 };
    const scheduler = HeunDiscreteScheduler.fromConfig(source, {}, exact);
    scheduler.setTimesteps(4);
    expect(scheduler.sigmas![0]).toBeCloseTo(10, 12);
    expect(Array.from(scheduler.sigmas!).at(-2)).toBeCloseTo(0.1, 12);
  });
});
