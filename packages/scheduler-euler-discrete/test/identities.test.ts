// What Euler's method is equal to, in float64: its README lists these identities.
import { rms, spreadOf, trajectory } from '@unnoise/conformance';
import type { Generator, NoiseLevel } from '@unnoise/core';
import { tensor, torchGenerator } from '@unnoise/core';
import { createReferenceBackend } from '@unnoise/core/reference';
import { DDIMScheduler } from '@unnoise/scheduler-ddim';
import { DPMSolverMultistepScheduler } from '@unnoise/scheduler-dpmsolver-multistep';
import { gaussian, gaussianFlow, predict, testMixture, velocityAtSigma } from '@unnoise/testing-gmm';
import { describe, expect, it } from 'vitest';
import type { EulerDiscreteConfig } from '../src/index.ts';
import { EulerDiscreteScheduler } from '../src/index.ts';

const shape = [3, 2];
const exact = { precision: 'exact64' } as const;
const backend = createReferenceBackend();
const noise = torchGenerator(3).normal(shape, 'float64');
const host = (data: ArrayLike<number>, size = shape) => tensor(Float64Array.from(data), size, { backend });
const euler = (config: Partial<EulerDiscreteConfig> = {}) => new EulerDiscreteScheduler(config, exact);
const model = (x: Float64Array, { signal, noise: sigma }: NoiseLevel) =>
  predict(testMixture, 'epsilon', x, signal, sigma);

describe('without churn', () => {
  it('equals DDIM with eta 0 on the same timesteps', async () => {
    const run = new DDIMScheduler({ clip_sample: false }, exact).start(8);
    const signals = run.timesteps.map((t, i) => run.plan.noiseLevel!(i, t).signal);
    const y = noise.map((value) => value / signals[0]!);
    const ours = await trajectory({ run: euler().start({ timesteps: run.timesteps }), model, start: y, shape });
    const theirs = await trajectory({ run, model, start: noise, shape });
    ours.forEach((point, i) =>
      expect(
        rms(
          theirs[i]!.map((value) => value / (signals[i] ?? 1)),
          point,
        ),
      ).toBeLessThan(1e-11),
    );
  });

  it.each([
    ['karras', { use_karras_sigmas: true }],
    ['exponential', { use_exponential_sigmas: true }],
    ['plain', {}],
  ])('equals DPM-Solver++ of order 1 on the same levels (%s sigmas)', async (_, config) => {
    const run = new DPMSolverMultistepScheduler({ solver_order: 1, ...config }, exact).start(12);
    const sigmas = Array.from(run.plan.sigmas!);
    const signals = sigmas.map((sigma) => 1 / Math.sqrt(sigma ** 2 + 1));
    const y = noise.map((value) => value * sigmas[0]!);
    const ours = await trajectory({ run: euler().start({ sigmas }), model, start: y, shape });
    const theirs = await trajectory({ run, model, start: y.map((value) => value * signals[0]!), shape });
    ours.forEach((point, i) =>
      expect(
        rms(
          theirs[i]!.map((value) => value / signals[i]!),
          point,
        ),
      ).toBeLessThan(1e-10),
    );
  });

  it('has one result for every prediction type', async () => {
    const clean = (x: Float64Array, { noise: sigma }: NoiseLevel) => predict(testMixture, 'sample', x, 1, sigma);
    const velocity = (x: Float64Array, { noise: sigma }: NoiseLevel) => velocityAtSigma(testMixture, x, sigma);
    const trials = Object.entries({ epsilon: model, original_sample: clean, v_prediction: velocity }).map(
      ([type, asked]) => ({
        run: euler({ prediction_type: type as EulerDiscreteConfig['prediction_type'] }).start({
          sigmas: [14, 5, 1, 0.2, 0],
        }),
        model: asked,
        start: noise,
        shape,
      }),
    );
    expect(await spreadOf(trials)).toBeLessThan(1e-11);
  });
});

describe('a single point as data', () => {
  const mean = [0.7, -0.4];
  const knows = (x: Float64Array, { signal, noise: sigma }: NoiseLevel) =>
    predict(gaussian(mean, 0), 'epsilon', x, signal, sigma);

  it('is reached in one step to sigma 0', async () => {
    for (const sigma of [0.01, 1, 157]) {
      const [, end] = await trajectory({
        run: euler().start({ sigmas: [sigma, 0] }),
        model: knows,
        start: noise,
        shape,
      });
      end!.forEach((value, i) => expect(value).toBeCloseTo(mean[i % 2]!, 11));
    }
  });

  it('has a straight flow, on which every step is exact', async () => {
    const sigmas = [20, 7, 2, 0.4];
    const samples = await trajectory({ run: euler().start({ sigmas }), model: knows, start: noise, shape });
    for (let i = 1; i < sigmas.length; i++)
      expect(rms(samples[i]!, gaussianFlow(noise, 20, sigmas[i]!, mean, 0))).toBeLessThan(1e-12);
  });
});

describe('churn', () => {
  const sigmas = [8, 4, 2, 1, 0];
  const ones: Generator = Object.assign(torchGenerator(0), { normal: () => Float32Array.of(1) });

  /** From x = 0 with x0 = 0, a step gives the added noise times sigmaNext / sigmaHat. */
  async function added(
    index: number,
    churn: { sChurn: number; sTmin?: number; sTmax?: number; sNoise?: number },
    generator?: Generator,
  ) {
    const run = euler({ prediction_type: 'sample' }).start({ sigmas, beginIndex: index });
    await run.scaleModelInput(host([0], [1, 1]));
    const { prevSample } = await run.step(host([0], [1, 1]), host([0], [1, 1]), {
      ...churn,
      ...(generator && { generator }),
    });
    return (await prevSample.data())[0]!;
  }
  const expected = (index: number, gamma: number, sNoise = 1) => {
    const [sigma, next] = [sigmas[index]!, sigmas[index + 1]!];
    const raised = sigma * (1 + gamma);
    return (sNoise * Math.sqrt(raised ** 2 - sigma ** 2) * next) / raised;
  };

  it('raises the noise to sigma (1 + sChurn / steps), by independent noise', async () => {
    for (const index of [0, 1, 2]) {
      expect(await added(index, { sChurn: 0.8 }, ones)).toBeCloseTo(expected(index, 0.8 / 4), 12);
      expect(await added(index, { sChurn: 0.8, sNoise: 1.01 }, ones)).toBeCloseTo(expected(index, 0.8 / 4, 1.01), 12);
    }
  });

  it('raises it by a factor of sqrt 2 at most', async () => {
    expect(await added(1, { sChurn: 100 }, ones)).toBeCloseTo(expected(1, Math.SQRT2 - 1), 12);
  });

  it('draws nothing outside sTmin to sTmax, so that no generator is needed there', async () => {
    expect(await added(0, { sChurn: 1, sTmax: 5 })).toBe(0);
    expect(await added(2, { sChurn: 1, sTmin: 3 })).toBe(0);
    expect(await added(1, { sChurn: 1, sTmin: 4, sTmax: 4 }, ones)).toBeCloseTo(expected(1, 1 / 4), 12);
    await expect(added(1, { sChurn: 1, sTmin: 3, sTmax: 5 })).rejects.toMatchObject({ code: 'GENERATOR_REQUIRED' });
  });
});

describe('levels', () => {
  it('of sigma 0 leave what addNoise is given as it is', async () => {
    const scheduler = euler();
    scheduler.setTimesteps({ sigmas: [10, 1, 0, 0] });
    const noised = await scheduler.addNoise(
      host(noise),
      host(noise.map((value) => 2 - value)),
      scheduler.timesteps[2]!,
    );
    expect([...(await noised.data())]).toEqual([...noise]);
  });
});
