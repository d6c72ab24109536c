// What KDPM2 is equal to, in float64: its README lists these identities.
import { rms, shownLevelOf, trajectory } from '@unnoise/conformance';
import type { Plan, Run } from '@unnoise/core';
import { tensor, torchGenerator } from '@unnoise/core';
import { createReferenceBackend } from '@unnoise/core/reference';
import { EulerDiscreteScheduler } from '@unnoise/scheduler-euler-discrete';
import { gaussian, gaussianFlow, predict, testMixture, velocityAtSigma } from '@unnoise/testing-gmm';
import { describe, expect, it } from 'vitest';
import type { KDPM2DiscreteConfig } from '../src/index.ts';
import { KDPM2DiscreteScheduler } from '../src/index.ts';

const shape = [3, 2];
const exact = { precision: 'exact64' } as const;
const backend = createReferenceBackend();
const host = (data: ArrayLike<number>) => tensor(Float64Array.from(data), shape, { backend });
const kdpm2 = (config: Partial<KDPM2DiscreteConfig> = {}) => new KDPM2DiscreteScheduler(config, exact);
const normal = torchGenerator(3).normal(shape, 'float64');
const startOf = (sigma: number) => normal.map((value) => value * sigma);
const epsilon = (x: Float64Array, sigma: number) => Float64Array.from(predict(testMixture, 'epsilon', x, 1, sigma));
const velocity = (x: Float64Array, sigma: number) => velocityAtSigma(testMixture, x, sigma);

/** The level of the sample at a position, middles included: noiseLevel has only those of the table. */
const sigmaAt = (plan: Plan<unknown>, index: number) =>
  Math.sqrt(1 / plan.inputScale!(index, plan.timesteps[index]!) ** 2 - 1);

const samplesOf = (run: Run, model: (x: Float64Array, sigma: number) => ArrayLike<number>, start: Float64Array) =>
  trajectory({ run, model: (x, { noise }) => model(x, noise), level: shownLevelOf, start, shape });

/** The sigmas of a doubled schedule, once each. */
const once = ({ sigmas }: Plan<unknown>) => Array.from(sigmas!).filter((_, i) => i % 2 === 0);

/** The midpoint method, with the middle in ln sigma. */
function midpoint(sigmas: readonly number[], start: Float64Array): Float64Array {
  let x = start;
  for (let i = 0; i + 1 < sigmas.length; i++) {
    const [from, to] = [sigmas[i]!, sigmas[i + 1]!];
    const middle = Math.exp((Math.log(from) + Math.log(to)) / 2);
    const slope = epsilon(x, from);
    const there = x.map((value, j) => value + (middle - from) * slope[j]!);
    const used = to === 0 ? slope : epsilon(there, middle);
    x = x.map((value, j) => value + (to - from) * used[j]!);
  }
  return x;
}

describe('the method', () => {
  it.each([
    ['karras', { use_karras_sigmas: true }],
    ['exponential', { use_exponential_sigmas: true }],
    ['plain', {}],
  ])('is the midpoint method in ln sigma (%s sigmas)', async (_, config) => {
    const run = kdpm2(config).start(9);
    const sigmas = once(run.plan);
    expect(sigmas).toHaveLength(10);
    const samples = await samplesOf(run, epsilon, startOf(sigmas[0]!));
    expect(samples).toHaveLength(18);
    expect(rms(samples.at(-1)!, midpoint(sigmas, startOf(sigmas[0]!)))).toBeLessThan(1e-11);
  });

  it("takes Euler's step to the middle first", async () => {
    const run = kdpm2().start(6);
    const sigmas = once(run.plan);
    const samples = await samplesOf(run, epsilon, startOf(sigmas[0]!));
    for (let i = 0; i < 5; i++) {
      const half = [sigmas[i]!, Math.sqrt(sigmas[i]! * sigmas[i + 1]!)];
      const euler = new EulerDiscreteScheduler({}, exact).start({ sigmas: half });
      const [, next] = await trajectory({
        run: euler,
        model: (x) => epsilon(x, half[0]!),
        start: samples[2 * i]!,
        shape,
      });
      expect(rms(samples[2 * i + 1]!, next!)).toBeLessThan(1e-11);
    }
  });

  it('is the same for a model that predicts the velocity', async () => {
    const wanted = await samplesOf(kdpm2().start(6), epsilon, startOf(150));
    const samples = await samplesOf(kdpm2({ prediction_type: 'v_prediction' }).start(6), velocity, startOf(150));
    samples.forEach((x, i) => expect(rms(x, wanted[i]!)).toBeLessThan(1e-10));
  });
});

describe('a single point as data', () => {
  const mean = [0.7, -0.4];

  it('has a straight flow, on which every call is exact', async () => {
    const run = kdpm2().start(5);
    const { plan } = run;
    const [first] = once(plan);
    const samples = await samplesOf(
      run,
      (x, sigma) => predict(gaussian(mean, 0), 'epsilon', x, 1, sigma),
      startOf(first!),
    );
    samples.forEach((x, i) => {
      const level = i < plan.timesteps.length ? sigmaAt(plan, i) : 0;
      expect(rms(x, gaussianFlow(startOf(first!), first!, level, mean, 0))).toBeLessThan(1e-9);
    });
  });
});

describe('halves', () => {
  it('come in order: a run that begins in the middle of a step is refused, and stays where it is', async () => {
    const run = kdpm2().start({ numInferenceSteps: 4, beginIndex: 3 });
    await run.scaleModelInput(host(normal));
    await expect(run.step(host(normal), host(normal))).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    expect(run.stepIndex).toBe(3);
  });

  it('have timesteps of their own, between those of the levels', () => {
    const { timesteps } = kdpm2({ use_karras_sigmas: true }).start(8);
    expect(timesteps).toHaveLength(15);
    expect([...timesteps].sort((a, b) => b - a)).toEqual(timesteps);
    timesteps.forEach((t, i) => expect(Number.isInteger(t)).toBe(i % 2 === 0));
  });
});

describe('configs', () => {
  it('of other classes leave their own keys out of it, but for sigma_min and sigma_max, as upstream', () => {
    const foreign = {
      _class_name: 'EulerDiscreteScheduler',
      rescale_betas_zero_snr: true,
      beta_start: 0.00085,
      beta_end: 0.012,
    };
    const sigmas = (config: object) => {
      const scheduler = KDPM2DiscreteScheduler.fromConfig({ ...foreign, ...config }, {}, exact);
      scheduler.setTimesteps(5);
      return Array.from(scheduler.sigmas!);
    };
    expect(sigmas({ final_sigmas_type: 'sigma_min' })).toEqual(Array.from(kdpm2().start(5).plan.sigmas!));
    expect(sigmas({ use_karras_sigmas: true, sigma_max: 10 })[0]).toBeCloseTo(10, 12);
  });
});
