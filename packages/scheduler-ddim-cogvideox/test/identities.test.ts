// What CogVideoX's DDIM is equal to, in float64: its README lists these identities.
import { rms, sameTrajectory, trajectory } from '@unnoise/conformance';
import type { NoiseLevel } from '@unnoise/core';
import { torchGenerator } from '@unnoise/core';
import { DDIMScheduler } from '@unnoise/scheduler-ddim';
import { gaussian, predict, testMixture } from '@unnoise/testing-gmm';
import { describe, expect, it } from 'vitest';
import type { CogVideoXDDIMConfig } from '../src/index.ts';
import { CogVideoXDDIMScheduler } from '../src/index.ts';

const shape = [3, 2];
const start = torchGenerator(3).normal(shape, 'float64');
const exact = { precision: 'exact64' } as const;
const cogvideox = (config: Partial<CogVideoXDDIMConfig> = {}) => new CogVideoXDDIMScheduler(config, exact);
const { beta_start, beta_end, beta_schedule } = cogvideox().config;
const ddimOf = (config: object = {}) =>
  new DDIMScheduler({ beta_start, beta_end, beta_schedule, clip_sample: false, ...config }, exact);
const modelOf =
  (type: CogVideoXDDIMConfig['prediction_type']) =>
  (x: Float64Array, { signal, noise }: NoiseLevel) =>
    predict(testMixture, type, x, signal, noise);

describe('snr_shift_scale 1', () => {
  it.each(['epsilon', 'sample', 'v_prediction'] as const)('is DDIM with eta 0 (%s)', async (type) => {
    for (const timestep_spacing of ['leading', 'trailing', 'linspace'] as const) {
      const config = { timestep_spacing, prediction_type: type };
      const [run, ddim] = [cogvideox({ snr_shift_scale: 1, ...config }).start(8), ddimOf(config).start(8)];
      const trial = { model: modelOf(type), start, shape };
      await expect(
        sameTrajectory({ ...trial, run }, { ...trial, run: ddim }, { bound: 1e-11 }),
      ).resolves.toBeUndefined();
    }
  });
});

describe('the shift', () => {
  const snr = ({ signal, noise }: NoiseLevel) => (signal / noise) ** 2;

  it.each([0.5, 3, 10])('divides the signal to noise ratio of every level by snr_shift_scale (%d)', (scale) => {
    const levels = [1, scale].map((snr_shift_scale) => cogvideox({ snr_shift_scale }).start(1).plan.noiseLevel!);
    for (const t of [0, 1, 400, 999]) {
      const [plain, shifted] = levels.map((levelOf) => snr(levelOf(0, t)));
      expect((scale * shifted!) / plain!).toBeCloseTo(1, 12);
    }
  });

  it('is not the identity: the samples of scale 3 are others than those of DDIM', async () => {
    const trial = { model: modelOf('epsilon'), start, shape };
    const ends = await Promise.all(
      [cogvideox().start(8), ddimOf().start(8)].map((run) => trajectory({ ...trial, run })),
    );
    expect(rms(ends[0]!.at(-1)!, ends[1]!.at(-1)!)).toBeGreaterThan(0.01);
  });
});

describe('a single point as data', () => {
  it('is reached in any number of steps', async () => {
    const mean = [0.7, -0.4];
    const model = (x: Float64Array, { signal, noise }: NoiseLevel) =>
      predict(gaussian(mean, 0), 'epsilon', x, signal, noise);
    for (const steps of [1, 2, 7]) {
      const end = (await trajectory({ run: cogvideox().start(steps), model, start, shape })).at(-1)!;
      end.forEach((value, i) => expect(value).toBeCloseTo(mean[i % 2]!, 10));
    }
  });
});
