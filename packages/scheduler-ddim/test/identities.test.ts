// What DDIM is equal to, in float64: its README lists these identities.
import { levelOf, rms, trajectory } from '@unnoise/conformance';
import type { NoiseLevel } from '@unnoise/core';
import { tensor, torchGenerator } from '@unnoise/core';
import { createReferenceBackend } from '@unnoise/core/reference';
import { EulerDiscreteScheduler } from '@unnoise/scheduler-euler-discrete';
import type { PredictionType } from '@unnoise/testing-gmm';
import { gaussian, gaussianFlow, predict, testMixture } from '@unnoise/testing-gmm';
import { describe, expect, it } from 'vitest';
import type { DDIMConfig } from '../src/index.ts';
import { DDIMScheduler } from '../src/index.ts';

const shape = [3, 2];
const backend = createReferenceBackend();
const host = (data: Float64Array) => tensor(data, shape, { backend });
const noise = torchGenerator(3).normal(shape, 'float64');
const ddim = (config: Partial<DDIMConfig> = {}) =>
  new DDIMScheduler({ clip_sample: false, ...config }, { precision: 'exact64' });
const perfect =
  (type: PredictionType) =>
  (x: Float64Array, { signal, noise: sigma }: NoiseLevel) =>
    predict(testMixture, type, x, signal, sigma);

describe('eta 0', () => {
  it.each(['epsilon', 'sample'] as const)("is Euler's method on x / alpha in sigma / alpha (%s)", async (type) => {
    const run = ddim({ prediction_type: type }).start(8);
    const euler = new EulerDiscreteScheduler({ prediction_type: type }, { precision: 'exact64' }).start({
      timesteps: run.timesteps,
    });
    const { signal } = levelOf(run);
    const levels = run.timesteps.map((t, i) => run.plan.noiseLevel!(i, t).signal);
    const x = await trajectory({ run, model: perfect(type), start: noise, shape });
    const y = await trajectory({
      run: euler,
      model: perfect(type),
      start: noise.map((value) => value / signal),
      shape,
    });
    y.forEach((point, i) =>
      expect(
        rms(
          x[i]!.map((value) => value / (levels[i] ?? 1)),
          point,
        ),
      ).toBeLessThan(1e-12),
    );
  });

  it('is the same method for every prediction type', async () => {
    const of = (type: DDIMConfig['prediction_type']) =>
      trajectory({ run: ddim({ prediction_type: type }).start(8), model: perfect(type), start: noise, shape });
    const wanted = await of('epsilon');
    for (const type of ['sample', 'v_prediction'] as const)
      (await of(type)).forEach((x, i) => expect(rms(x, wanted[i]!)).toBeLessThan(1e-11));
  });
});

describe('eta 1', () => {
  it('draws from the posterior of the noising chain', async () => {
    const steps = 10;
    const { plan } = ddim().start(steps);
    const at = async (t: number, x0: number, x: number, z: number) => {
      const { signal: alpha, noise: sigma } = plan.noiseLevel!(0, t);
      const [out, sample, varianceNoise] = [(x - alpha * x0) / sigma, x, z].map((value) =>
        tensor([value], [1, 1], { backend }),
      );
      const { prevSample } = await ddim()
        .start(steps)
        .step(out!, sample!, { eta: 1, varianceNoise: varianceNoise! }, t);
      return (await prevSample.data())[0]!;
    };
    for (const t of plan.timesteps.slice(0, -1)) {
      const [now, before] = [t, t - 100].map((timestep) => plan.noiseLevel!(0, timestep));
      const beta = 1 - (now!.signal / before!.signal) ** 2;
      const [x0, x, z] = [0.3, -1.2, 0.7];
      const mean = (before!.signal * beta * x0 + Math.sqrt(1 - beta) * before!.noise ** 2 * x) / now!.noise ** 2;
      const deviation = (Math.sqrt(beta) * before!.noise) / now!.noise;
      expect(await at(t, x0, x, z)).toBeCloseTo(mean + deviation * z, 12);
    }
  });
});

describe('a single point as data', () => {
  const mean = [0.7, -0.4];
  const point = gaussian(mean, 0);
  const knows = (x: Float64Array, { signal, noise: sigma }: NoiseLevel) => predict(point, 'epsilon', x, signal, sigma);

  it('is reached in one step from any level', async () => {
    for (const t of [0, 1, 10, 500, 999]) {
      const run = ddim().start(1);
      const level = run.plan.noiseLevel!(0, t);
      const { prevSample } = await run.step(host(knows(noise, level)), host(noise), {}, t);
      [...(await prevSample.data())].forEach((value, i) => expect(value).toBeCloseTo(mean[i % 2]!, 10));
    }
  });

  it('has a straight flow, on which every step is exact', async () => {
    const run = ddim().start(7);
    const levels = run.timesteps.map((t, i) => run.plan.noiseLevel!(i, t));
    const samples = await trajectory({ run, model: knows, start: noise, shape });
    const scaled = (i: number) => samples[i]!.map((value) => value / levels[i]!.signal);
    const sigma = (i: number) => levels[i]!.noise / levels[i]!.signal;
    for (let i = 1; i < levels.length; i++)
      expect(rms(scaled(i), gaussianFlow(scaled(i - 1), sigma(i - 1), sigma(i), mean, 0))).toBeLessThan(1e-11);
  });
});

describe('levels', () => {
  it('of sigma 0 leave what addNoise is given as it is', async () => {
    const scheduler = ddim({ num_train_timesteps: 3, trained_betas: [0, 0.5, 0.9] });
    const noised = await scheduler.addNoise(host(noise), host(noise.map((value) => 2 - value)), 0);
    expect([...(await noised.data())]).toEqual([...noise]);
  });
});

describe('thresholding', () => {
  it.each([0, -1])('has thresholds above 0, and none of %d', async (sample_max_value) => {
    const x = tensor(noise, [1, 3, 2], { backend });
    const step = ddim({ thresholding: true, sample_max_value }).start(2).step(x, x);
    await expect(step).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});
