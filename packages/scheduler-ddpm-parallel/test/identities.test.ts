// What a batched step is equal to, in float64: the README lists these identities.
import { rms, trajectory } from '@unnoise/conformance';
import type { NoiseLevel, Tensor } from '@unnoise/core';
import { tensor, torchGenerator } from '@unnoise/core';
import { createReferenceBackend } from '@unnoise/core/reference';
import { DDPMScheduler } from '@unnoise/scheduler-ddpm';
import { predict, testMixture } from '@unnoise/testing-gmm';
import { describe, expect, it } from 'vitest';
import type { DDPMParallelConfig } from '../src/index.ts';
import { DDPMParallelScheduler } from '../src/index.ts';

const backend = createReferenceBackend();
const exact = { precision: 'exact64' } as const;
const parallel = (config: Partial<DDPMParallelConfig> = {}) =>
  new DDPMParallelScheduler({ clip_sample: false, ...config }, exact);
const host = (data: ArrayLike<number>, shape: readonly number[]): Tensor =>
  tensor(Float64Array.from(data), shape, { backend });

const silence = { generator: Object.assign(torchGenerator(0), { normal: () => new Float32Array(6) as never }) };

describe('a batched step', () => {
  const shape = [4, 2, 3];
  const [out, x] = [3, 4].map((seed) => torchGenerator(seed).normal(shape, 'float64'));
  const timesteps = [0, 400, 800, 400];

  it.each<Partial<DDPMParallelConfig>>([
    {},
    { prediction_type: 'sample' },
    { prediction_type: 'v_prediction', rescale_betas_zero_snr: true },
    { clip_sample: true, clip_sample_range: 0.4 },
    { thresholding: true, sample_max_value: 1.5 },
    { beta_schedule: 'sigmoid', variance_type: 'fixed_large' },
  ])('of a batch of timesteps is the steps one by one, less their noise (%o)', async (config) => {
    const scheduler = parallel(config);
    scheduler.setTimesteps(5);
    const together = await (await scheduler.batchStepNoNoise(host(out!, shape), timesteps, host(x!, shape))).data();
    for (const [i, timestep] of timesteps.entries()) {
      const item = (data: Float64Array) => host(data.subarray(6 * i, 6 * i + 6), [1, 2, 3]);
      const { prevSample } = await scheduler.step(item(out!), timestep, item(x!), silence);
      expect(rms(await prevSample.data(), together.subarray(6 * i, 6 * i + 6))).toBeLessThan(1e-12);
    }
  });

  it('of a model with a learned variance takes the mean alone', async () => {
    const scheduler = parallel({ variance_type: 'learned_range' });
    scheduler.setTimesteps(5);
    const doubled = host(
      Float64Array.from({ length: 48 }, (_, i) => {
        const [item, rest] = [Math.floor(i / 12), i % 12];
        return rest < 6 ? out![6 * item + rest]! : 0.3;
      }),
      [4, 4, 3],
    );
    const [learned, plain] = await Promise.all(
      [doubled, host(out!, shape)].map(async (given) =>
        (await scheduler.batchStepNoNoise(given, timesteps, host(x!, shape))).data(),
      ),
    );
    expect(learned).toEqual(plain);
  });

  it('goes back one training step before setTimesteps, as step does', async () => {
    const scheduler = parallel();
    const [one, same] = [host(out!, shape), host(x!, shape)];
    const together = await (await scheduler.batchStepNoNoise(one, [7, 7, 7, 7], same)).data();
    const quiet = { generator: Object.assign(torchGenerator(0), { normal: () => new Float32Array(24) as never }) };
    const { prevSample } = await scheduler.step(one, 7, same, quiet);
    expect(rms(await prevSample.data(), together)).toBeLessThan(1e-12);
  });
});

describe('step', () => {
  it.each(['fixed_small', 'fixed_large'] as const)('is that of DDPMScheduler (%s)', async (variance_type) => {
    const start = torchGenerator(7).normal([3, 2], 'float64');
    const model = (x: Float64Array, { signal, noise }: NoiseLevel) => predict(testMixture, 'epsilon', x, signal, noise);
    const runOf = (Scheduler: typeof DDPMScheduler | typeof DDPMParallelScheduler) =>
      new Scheduler({ clip_sample: false, variance_type }, exact).start({
        numInferenceSteps: 8,
        generator: torchGenerator(1),
      });
    const [ours, theirs] = await Promise.all(
      [DDPMParallelScheduler, DDPMScheduler].map((Scheduler) =>
        trajectory({ run: runOf(Scheduler), model, start, shape: [3, 2] }),
      ),
    );
    expect(ours).toEqual(theirs);
    expect(parallel().isOdeScheduler).toBe(false);
  });
});
