// What ancestral sampling is equal to, in float64: its README lists these identities.
import { rms, trajectory } from '@unnoise/conformance';
import type { NoiseLevel } from '@unnoise/core';
import { tensor, torchGenerator } from '@unnoise/core';
import { createReferenceBackend } from '@unnoise/core/reference';
import { DDIMScheduler } from '@unnoise/scheduler-ddim';
import { DDPMScheduler } from '@unnoise/scheduler-ddpm';
import { EulerDiscreteScheduler } from '@unnoise/scheduler-euler-discrete';
import { predict, testMixture, velocityAtSigma } from '@unnoise/testing-gmm';
import { describe, expect, it } from 'vitest';
import type { EulerAncestralDiscreteConfig } from '../src/index.ts';
import { EulerAncestralDiscreteScheduler } from '../src/index.ts';

const shape = [3, 2];
const exact = { precision: 'exact64' } as const;
const backend = createReferenceBackend();
const ancestral = (config: Partial<EulerAncestralDiscreteConfig> = {}) =>
  new EulerAncestralDiscreteScheduler(config, exact);
const model = (x: Float64Array, { signal, noise }: NoiseLevel) => predict(testMixture, 'epsilon', x, signal, noise);
const normal = torchGenerator(3).normal(shape, 'float64');
const host = (data: ArrayLike<number>) => tensor(Float64Array.from(data), shape, { backend });
const silent = Object.assign(torchGenerator(0), { normal: () => new Float32Array(6) });
const both = { timestep_spacing: 'leading', clip_sample: false } as const;

describe('in the sample of DDPM, x / sqrt(alphas_cumprod)', () => {
  it.each([
    [
      'DDPM with fixed_small',
      () => new DDPMScheduler(both, exact).start({ numInferenceSteps: 10, generator: torchGenerator(5) }),
    ],
    [
      'DDIM with eta 1',
      () => new DDIMScheduler(both, exact).start({ numInferenceSteps: 10, generator: torchGenerator(5), eta: 1 }),
    ],
  ] as const)('matches %s, draw for draw', async (_, start) => {
    const run = start();
    const signals = run.timesteps.map((t, i) => run.plan.noiseLevel!(i, t).signal);
    const ours = ancestral({ timestep_spacing: 'leading' }).start({
      numInferenceSteps: 10,
      generator: torchGenerator(5),
    });
    expect(ours.timesteps).toEqual(run.timesteps);
    const y = normal.map((value) => value / signals[0]!);
    const samples = await trajectory({ run: ours, model, start: y, shape });
    const theirs = await trajectory({ run, model, start: normal, shape });
    // the last step of both goes to noise level 0; DDIM ends at the first trained level instead
    samples.slice(0, -1).forEach((x, i) =>
      expect(
        rms(
          theirs[i]!.map((value) => value / signals[i]!),
          x,
        ),
      ).toBeLessThan(1e-10),
    );
  });
});

describe('a step', () => {
  it("is Euler's step to sigma_next^2 / sigma where the noise is nothing", async () => {
    const run = ancestral().start({ numInferenceSteps: 6, generator: silent });
    const sigmas = Array.from(run.plan.sigmas!);
    const samples = await trajectory({ run, model, start: normal.map((value) => value * sigmas[0]!), shape });
    for (let i = 0; i < 6; i++) {
      const lower = [sigmas[i]!, sigmas[i + 1]! ** 2 / sigmas[i]!];
      const euler = new EulerDiscreteScheduler({}, exact).start({ sigmas: lower });
      const [, next] = await trajectory({ run: euler, model, start: samples[i]!, shape });
      expect(rms(samples[i + 1]!, next!)).toBeLessThan(1e-12);
    }
  });

  it('splits the next variance in two: what stays and what is fresh', () => {
    const { plan } = ancestral().start(7);
    for (let i = 0; i < 7; i++) {
      const { up, down } = plan.row(i, 0) as { up: number; down: number };
      expect(up ** 2 + down ** 2).toBeCloseTo(plan.sigmas![i + 1]! ** 2, 9);
    }
  });

  it('is the same for a model that predicts the velocity', async () => {
    const velocity = (x: Float64Array, { noise: sigma }: NoiseLevel) => velocityAtSigma(testMixture, x, sigma);
    const start = normal.map((value) => value * 150);
    const request = () => ({ numInferenceSteps: 6, generator: torchGenerator(9) });
    const wanted = await trajectory({ run: ancestral().start(request()), model, start, shape });
    const run = ancestral({ prediction_type: 'v_prediction' }).start(request());
    const samples = await trajectory({ run, model: velocity, start, shape });
    samples.forEach((x, i) => expect(rms(x, wanted[i]!)).toBeLessThan(1e-11));
  });

  it('draws also where it goes to sigma 0, as upstream, so that generators stay in step', async () => {
    const run = ancestral().start({ numInferenceSteps: 4, beginIndex: 3 });
    await run.scaleModelInput(host(normal));
    await expect(run.step(host(normal), host(normal))).rejects.toMatchObject({ code: 'GENERATOR_REQUIRED' });
  });
});

describe('cosine betas', () => {
  it.each([
    ['linspace', 4],
    ['trailing', 3],
  ] as const)('give finite samples where upstream gives NaN (%s, %i steps)', async (spacing, numInferenceSteps) => {
    const scheduler = new EulerAncestralDiscreteScheduler({
      beta_schedule: 'squaredcos_cap_v2',
      timestep_spacing: spacing,
    });
    const run = scheduler.start({ numInferenceSteps, generator: torchGenerator(2) });
    const start = normal.map((value) => value * run.plan.initNoiseSigma);
    const end = (await trajectory({ run, model, start, shape })).at(-1)!;
    for (const value of end) expect(Math.abs(value)).toBeLessThan(3);
  });
});

describe('configs', () => {
  it('of other classes leave their own keys out of it', () => {
    const foreign = {
      _class_name: 'EulerDiscreteScheduler',
      use_karras_sigmas: true,
      sigma_max: 10,
      final_sigmas_type: 'sigma_min',
    };
    const scheduler = EulerAncestralDiscreteScheduler.fromConfig(foreign, {}, exact);
    scheduler.setTimesteps(5);
    expect(Array.from(scheduler.sigmas!)).toEqual(Array.from(ancestral().start(5).plan.sigmas!));
  });
});

describe('addNoise', () => {
  it('at a begin index behind the schedule has no level', async () => {
    const scheduler = ancestral();
    scheduler.setTimesteps(2);
    scheduler.setBeginIndex(4);
    await expect(scheduler.addNoise(host(normal), host(normal), 5)).rejects.toMatchObject({ code: 'NUMERIC' });
  });
});
