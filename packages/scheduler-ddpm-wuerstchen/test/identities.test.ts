// What Würstchen's step and schedule are equal to, in float64: the README lists these identities.
import { lawError, observedOrder, rms, trajectory } from '@unnoise/conformance';
import type { NoiseLevel } from '@unnoise/core';
import { torchGenerator } from '@unnoise/core';
import { DDPMScheduler } from '@unnoise/scheduler-ddpm';
import { predict, testMixture } from '@unnoise/testing-gmm';
import { describe, expect, it } from 'vitest';
import type { DDPMWuerstchenConfig } from '../src/index.ts';
import { DDPMWuerstchenScheduler } from '../src/index.ts';

const exact = { precision: 'exact64' } as const;
const wuerstchen = (config: Partial<DDPMWuerstchenConfig> = {}) => new DDPMWuerstchenScheduler(config, exact);
const shape = [3, 2];
const start = torchGenerator(3).normal(shape, 'float64');
const model = (x: Float64Array, { signal, noise }: NoiseLevel) => predict(testMixture, 'epsilon', x, signal, noise);
const levels = wuerstchen().start(1).plan.noiseLevel!;

describe('the schedule', () => {
  it('is the continuous cosine, of which the trained cosine schedule is the values at (t + 1) / N', () => {
    const ddpm = new DDPMScheduler({ beta_schedule: 'squaredcos_cap_v2' }, exact).start(1).plan;
    for (const t of [4, 99, 500, 900, 989])
      expect(levels(0, (t + 1) / 1000).signal).toBeCloseTo(ddpm.noiseLevel!(0, t).signal, 12);
  });

  it('never reaches pure signal or pure noise', () => {
    expect(levels(0, 0).signal ** 2).toBeCloseTo(0.9999, 12);
    expect(levels(0, 1).signal ** 2).toBeCloseTo(0.0001, 12);
  });

  it('is bent by scaler: 1 - (1 - t)^scaler above 1, t^scaler below', () => {
    const at = (scaler: number, t: number) => wuerstchen({ scaler }).start(1).plan.noiseLevel!(0, t).signal;
    expect(at(2, 0.4)).toBeCloseTo(levels(0, 1 - 0.6 ** 2).signal, 12);
    expect(at(0.5, 0.4)).toBeCloseTo(levels(0, 0.4 ** 0.5).signal, 12);
  });
});

describe('a run', () => {
  it('is that of DDPM with the cosine schedule, draw for draw, up to the step to time 0', async () => {
    const timesteps = [899, 749, 599, 399, 199, 99];
    const run = wuerstchen().start({
      timesteps: [...timesteps.map((t) => (t + 1) / 1000), 0],
      generator: torchGenerator(1),
    });
    const ddpm = new DDPMScheduler({ beta_schedule: 'squaredcos_cap_v2', clip_sample: false }, exact).start({
      timesteps,
      generator: torchGenerator(1),
    });
    const [ours, theirs] = [
      await trajectory({ run, model, start, shape }),
      await trajectory({ run: ddpm, model, start, shape }),
    ];
    expect(ours).toHaveLength(7);
    ours.slice(0, -1).forEach((x, i) => expect(rms(x, theirs[i]!)).toBeLessThan(1e-10));
  });

  it('has no step at the time where it ends; the façade lists that time, as upstream', () => {
    const scheduler = wuerstchen();
    scheduler.setTimesteps(4);
    expect(scheduler.timesteps).toEqual([1, 0.75, 0.5, 0.25, 0]);
    expect(scheduler.start(4).timesteps).toEqual([1, 0.75, 0.5, 0.25]);
    expect(scheduler.previousTimestep(0.6)).toBe(0.25);
    scheduler.dispose();
    expect(scheduler.timesteps).toEqual([]);
  });
});

describe('the law of the samples for Gaussian data', () => {
  it('has the right mean, and a variance that is too small by less and less', async () => {
    const counts = [20, 40, 80];
    const errors = await Promise.all(
      counts.map((numInferenceSteps) =>
        lawError((generator) => wuerstchen().start({ numInferenceSteps, generator }), { mean: 0.7, deviation: 0.5 }),
      ),
    );
    for (const { mean } of errors) expect(Math.abs(mean)).toBeLessThan(1e-10);
    const variances = errors.map(({ variance }) => variance);
    expect(variances.every((variance) => variance < 0)).toBe(true);
    expect(observedOrder(counts, variances)).toBeGreaterThan(0.6);
  });
});
