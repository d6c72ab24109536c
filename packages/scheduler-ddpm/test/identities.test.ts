// What DDPM is equal to, in float64: its README lists these identities.
import { rms, trajectory } from '@unnoise/conformance';
import type { NoiseLevel, StepOptions, Tensor } from '@unnoise/core';
import { tensor, torchGenerator } from '@unnoise/core';
import { createReferenceBackend } from '@unnoise/core/reference';
import { DDIMScheduler } from '@unnoise/scheduler-ddim';
import { predict, testMixture } from '@unnoise/testing-gmm';
import { describe, expect, it } from 'vitest';
import type { DDPMConfig, VarianceType } from '../src/index.ts';
import { DDPMScheduler } from '../src/index.ts';

const shape = [2, 2, 3];
const backend = createReferenceBackend();
const start = torchGenerator(3).normal(shape, 'float64');
const host = (data: ArrayLike<number>, size = shape): Tensor => tensor(Float64Array.from(data), size, { backend });
const ddpm = (config: Partial<DDPMConfig> = {}) =>
  new DDPMScheduler({ clip_sample: false, ...config }, { precision: 'exact64' });
const model = (x: Float64Array, { signal, noise }: NoiseLevel) => predict(testMixture, 'epsilon', x, signal, noise);
const zeros = (): StepOptions['generator'] =>
  Object.assign(torchGenerator(0), { normal: (size: readonly number[]) => new Float32Array(product(size)) });
const product = (size: readonly number[]) => size.reduce((a, b) => a * b, 1);

describe('fixed_small', () => {
  it.each([
    ['unbounded', {}],
    ['clipped', { clip_sample: true, clip_sample_range: 0.5 }],
    ['thresholded', { thresholding: true, dynamic_thresholding_ratio: 0.7 }],
    ['trailing', { timestep_spacing: 'trailing' }],
  ] as const)('is DDIM with eta 1, draw for draw (%s)', async (_, config) => {
    const bounds = { clip_sample: false, ...config };
    const request = { numInferenceSteps: 10 };
    const ddim = new DDIMScheduler(bounds, { precision: 'exact64' });
    const eta1 = { eta: 1, useClippedModelOutput: true, generator: torchGenerator(5) };
    const ours = await trajectory({
      run: ddpm(bounds).start({ ...request, generator: torchGenerator(5) }),
      model,
      start,
      shape,
    });
    const theirs = await trajectory({ run: ddim.start({ ...request, ...eta1 }), model, start, shape });
    ours.forEach((x, i) => expect(rms(x, theirs[i]!)).toBeLessThan(1e-9));
  });
});

describe('one step from the noisiest level', () => {
  it('gives the predicted x0 and nothing else', async () => {
    const run = ddpm({ timestep_spacing: 'trailing' }).start({ numInferenceSteps: 1, generator: torchGenerator(1) });
    expect(run.timesteps).toEqual([999]);
    const { prevSample, predOriginalSample } = await run.step(host(start.map(Math.sin)), host(start));
    expect(rms(await prevSample.data(), await predOriginalSample!.data())).toBeLessThan(1e-9);
  });
});

describe('the variance', () => {
  const plan = ddpm().start(10).plan;
  const timesteps = plan.timesteps.slice(0, -1);
  const betaAt = (t: number) => 1 - (plan.noiseLevel!(0, t).signal / plan.noiseLevel!(0, t - 100).signal) ** 2;
  const smallAt = (t: number) =>
    (betaAt(t) * plan.noiseLevel!(0, t - 100).noise ** 2) / plan.noiseLevel!(0, t).noise ** 2;

  /** What a step adds to its mean for noise z = 1. */
  async function deviation(type: VarianceType, t: number, predicted?: number): Promise<number> {
    const out = predicted === undefined ? host([0.5], [1, 1, 1]) : host([0.5, predicted], [1, 2, 1]);
    const sampleOf = async (generator: StepOptions['generator']) => {
      const { prevSample } = await ddpm({ variance_type: type })
        .start(10)
        .step(out, host([0.3], [1, 1, 1]), { generator: generator! }, t);
      return (await prevSample.data())[0]!;
    };
    const ones = Object.assign(torchGenerator(0), { normal: () => Float32Array.of(1) });
    return (await sampleOf(ones)) - (await sampleOf(zeros()));
  }

  it.each(['fixed_small', 'fixed_small_log'] as const)('of %s is that of the posterior', async (type) => {
    for (const t of timesteps) expect(await deviation(type, t)).toBeCloseTo(Math.sqrt(smallAt(t)), 12);
  });

  it('of fixed_large is beta', async () => {
    for (const t of timesteps) expect(await deviation('fixed_large', t)).toBeCloseTo(Math.sqrt(betaAt(t)), 12);
  });

  it('of learned is what the model says', async () => {
    for (const t of timesteps) expect(await deviation('learned', t, 0.09)).toBeCloseTo(0.3, 12);
  });

  it('of learned_range runs from fixed_small at -1 over the geometric mean at 0 to fixed_large at 1', async () => {
    for (const t of timesteps) {
      const [small, large] = [Math.sqrt(smallAt(t)), Math.sqrt(betaAt(t))];
      expect(await deviation('learned_range', t, -1)).toBeCloseTo(small, 12);
      expect(await deviation('learned_range', t, 0)).toBeCloseTo(Math.sqrt(small * large), 12);
      expect(await deviation('learned_range', t, 1)).toBeCloseTo(large, 12);
    }
  });

  it('is nothing at the last step, which asks for no generator', async () => {
    const { prevSample } = await ddpm({ variance_type: 'fixed_large' }).start(10).step(host(start), host(start), {}, 0);
    expect([...(await prevSample.data())].every(Number.isFinite)).toBe(true);
  });
});

describe('levels', () => {
  it('of sigma 0 leave what addNoise is given as it is', async () => {
    const scheduler = ddpm({ num_train_timesteps: 3, trained_betas: [0, 0.5, 0.9] });
    const noised = await scheduler.addNoise(host(start), host(start.map((value) => 2 - value)), 0);
    expect([...(await noised.data())]).toEqual([...start]);
  });
});
