// What DDIMInverse is equal to, in float64: its README lists these identities.
import { observedOrder, rms } from '@unnoise/conformance';
import type { NoiseLevel, Run } from '@unnoise/core';
import { setWarningHandler, tensor, torchGenerator } from '@unnoise/core';
import { createReferenceBackend } from '@unnoise/core/reference';
import { DDIMScheduler } from '@unnoise/scheduler-ddim';
import type { Distribution, PredictionType } from '@unnoise/testing-gmm';
import { gaussian, predict, testMixture } from '@unnoise/testing-gmm';
import { describe, expect, it } from 'vitest';
import type { DDIMInverseConfig } from '../src/index.ts';
import { DDIMInverseScheduler } from '../src/index.ts';

const backend = createReferenceBackend();
const shape = [8, 2];
const start = torchGenerator(3).normal(shape, 'float64');
const host = (data: ArrayLike<number>) => tensor(Float64Array.from(data), shape, { backend });
const config = { clip_sample: false, set_alpha_to_one: false };
const up = (more: Partial<DDIMInverseConfig> = {}) =>
  new DDIMInverseScheduler({ ...config, ...more }, { precision: 'exact64' });
const down = (prediction_type: DDIMInverseConfig['prediction_type'] = 'epsilon') =>
  new DDIMScheduler({ ...config, prediction_type }, { precision: 'exact64' });

/** The level that a step of DDIM from this timestep leaves, or one of DDIMInverse reaches. */
const levelAt = (timestep: number): NoiseLevel => down().start(1).plan.noiseLevel!(0, Math.max(timestep, 0));

/** A run with a perfect model. `levelOf` gives the level of the sample that is stepped at a timestep. */
async function walk(
  run: Run,
  model: Distribution,
  x: Float64Array,
  levelOf: (timestep: number) => NoiseLevel,
): Promise<Float64Array> {
  let sample = x;
  for (const timestep of run.timesteps) {
    const { signal, noise } = levelOf(timestep);
    const out = host(predict(model, 'epsilon', sample, signal, noise));
    sample = Float64Array.from(await (await run.step(out, host(sample))).prevSample.data());
  }
  return sample;
}

describe('a step', () => {
  it.each(['epsilon', 'sample', 'v_prediction'] as const)(
    'undoes that of DDIM from the same timestep (%s)',
    async (type: PredictionType) => {
      for (const timestep of [100, 500, 900]) {
        const level = levelAt(timestep);
        const out = host(predict(testMixture, type, start, level.signal, level.noise));
        const { prevSample, predOriginalSample } = await down(type as 'epsilon')
          .start(10)
          .step(out, host(start), {}, timestep);
        // The same eps and x0, told in the prediction type at the lower level.
        const [a, x0] = [levelAt(timestep - 100), await predOriginalSample!.data()];
        const eps = start.map((value, i) => (value - level.signal * x0[i]!) / level.noise);
        const told = {
          epsilon: eps,
          sample: x0,
          v_prediction: eps.map((value, i) => a.signal * value - a.noise * x0[i]!),
        };
        const back = await up({ prediction_type: type as 'epsilon' })
          .start(10)
          .step(host(told[type as 'epsilon']), prevSample, {}, timestep);
        expect(rms(await back.prevSample.data(), start)).toBeLessThan(1e-12);
      }
    },
  );
});

describe('up and down again', () => {
  it('returns to the start, with order 1', async () => {
    const counts = [20, 40, 100, 200];
    const clean = testMixture.sample(8, torchGenerator(5));
    const errors: number[] = [];
    for (const steps of counts) {
      const stride = 1000 / steps;
      const noise = await walk(up().start(steps), testMixture, clean, (t) => levelAt(t - stride));
      const again = await walk(down().start(steps), testMixture, noise, levelAt);
      errors.push(rms(again, clean));
    }
    const order = observedOrder(counts, errors);
    expect(order).toBeGreaterThan(0.9);
    expect(order).toBeLessThan(1.1);
    expect(errors.at(-1)).toBeLessThan(2e-2);
  });
});

describe('a single point as data', () => {
  it('is noised to every level by one step', async () => {
    const mean = [0.7, -0.4];
    const point = gaussian(mean, 0);
    const from = levelAt(0);
    const x = start.map((value, i) => from.signal * mean[i % 2]! + from.noise * value);
    for (const timestep of [0, 300, 999]) {
      const out = host(predict(point, 'epsilon', x, from.signal, from.noise));
      const { prevSample } = await up().start(1).step(out, host(x), {}, timestep);
      const { signal, noise } = levelAt(timestep);
      expect(
        rms(
          await prevSample.data(),
          start.map((value, i) => signal * mean[i % 2]! + noise * value),
        ),
      ).toBeLessThan(1e-11);
    }
  });
});

describe('set_alpha_to_zero', () => {
  it('is the old name of set_alpha_to_one, and said to be', () => {
    const heard: string[] = [];
    const before = setWarningHandler((message) => heard.push(message));
    const old = { set_alpha_to_zero: false };
    expect(new DDIMInverseScheduler(old as object).config.set_alpha_to_one).toBe(false);
    expect(DDIMInverseScheduler.fromConfig(old).config.set_alpha_to_one).toBe(false);
    setWarningHandler(before);
    expect(heard).toEqual(
      [1, 2].map(() => expect.stringContaining('set_alpha_to_zero is deprecated, use set_alpha_to_one')),
    );
  });
});
