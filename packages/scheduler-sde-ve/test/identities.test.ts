// What the predictor and the corrector promise, in float64: the README lists these laws.
import { energyDistance, noised, score, testMixture } from '@unnoise/testing-gmm';
import type { Generator, Tensor } from '@unnoise/core';
import { tensor, torchGenerator } from '@unnoise/core';
import { createReferenceBackend } from '@unnoise/core/reference';
import { describe, expect, it } from 'vitest';
import type { ScoreSdeVeConfig } from '../src/index.ts';
import { ScoreSdeVeScheduler } from '../src/index.ts';

const backend = createReferenceBackend();
const host = (data: ArrayLike<number>, shape: readonly number[]): Tensor =>
  tensor(Float64Array.from(data), shape, { backend });
const sde = (config: Partial<ScoreSdeVeConfig> = {}) =>
  new ScoreSdeVeScheduler({ sigma_min: 0.01, sigma_max: 20, ...config }, { precision: 'exact64' });
const levelAt = (scheduler: ScoreSdeVeScheduler, t: number): number =>
  scheduler.discreteSigmas[Math.trunc(t * (scheduler.timesteps.length - 1))]!;

interface Loop {
  readonly steps: number;
  readonly model: (x: Float64Array, sigma: number) => ArrayLike<number>;
  readonly start: Float64Array;
  readonly shape: readonly number[];
  readonly generator: Generator;
  readonly corrections?: number;
}

/** Upstream's pipeline: corrections at the level of the sample, then a step; the mean of the last one. */
async function sampled(scheduler: ScoreSdeVeScheduler, loop: Loop): Promise<Float64Array> {
  const { steps, model, start, shape, generator, corrections = 0 } = loop;
  scheduler.setTimesteps(steps);
  let [x, mean] = [host(start, shape), host(start, shape)];
  for (const t of scheduler.timesteps) {
    const scoreOf = async () => host(model(Float64Array.from(await x.data()), levelAt(scheduler, t)), shape);
    for (let i = 0; i < corrections; i++) {
      ({ prevSample: x } = await scheduler.stepCorrect(await scoreOf(), x, { generator }));
    }
    ({ prevSample: x, prevSampleMean: mean } = await scheduler.stepPred(await scoreOf(), t, x, { generator }));
  }
  return Float64Array.from(await mean.data());
}

describe('on Gaussian data', () => {
  const [mean, deviation] = [0.7, 0.5];
  const model = (x: Float64Array, sigma: number) => x.map((value) => (mean - value) / (deviation ** 2 + sigma ** 2));

  /** The relative error of the variance, exact: one row a deviation off the mean, and one for a unit impulse in each draw. */
  async function varianceError(steps: number): Promise<number> {
    let row = 2;
    const generator = Object.assign(torchGenerator(0), {
      normal: () => new Float32Array(steps + 2).fill(1, row, ++row),
    });
    const start = Float64Array.from({ length: steps + 2 }, (_, i) => mean + (i === 1 ? Math.hypot(deviation, 20) : 0));
    const [middle, ...others] = await sampled(sde(), { steps, model, start, shape: [steps + 2, 1], generator });
    expect(middle).toBeCloseTo(mean, 10);
    return others.reduce((sum, value) => sum + (value - middle!) ** 2, 0) / deviation ** 2 - 1;
  }

  it('the samples of the predictor tend to the law of the data, with weak order 1', async () => {
    const errors = (await Promise.all([100, 200, 400].map(varianceError))).map(Math.abs);
    expect(errors[2]).toBeLessThan(0.06);
    for (const [i, error] of errors.slice(1).entries()) {
      expect(errors[i]! / error).toBeGreaterThan(1.7);
      expect(errors[i]! / error).toBeLessThan(2.3);
    }
  });
});

describe('the corrector', () => {
  const [sigma, spread, count] = [0.8, Math.hypot(0.5, 0.8), 4000];
  const shape = [count, 1];
  const normals = torchGenerator(4).normal(shape, 'float64');
  const variance = (x: ArrayLike<number>) => Array.from(x).reduce((sum, value) => sum + value ** 2, 0) / count;

  async function corrected(x: Float64Array, times: number, snr: number): Promise<number> {
    const scheduler = sde({ snr });
    const generator = torchGenerator(5);
    let sample = host(x, shape);
    for (let i = 0; i < times; i++) {
      const values = Float64Array.from(await sample.data());
      const scores = host(
        values.map((value) => -value / (0.5 ** 2 + sigma ** 2)),
        shape,
      );
      ({ prevSample: sample } = await scheduler.stepCorrect(scores, sample, { generator }));
    }
    return variance(await sample.data());
  }

  it('keeps samples that have the law of the level', async () => {
    const right = normals.map((value) => spread * value);
    expect(await corrected(right, 30, 0.1)).toBeCloseTo(spread ** 2, 1);
  });

  it('brings others to it', async () => {
    const narrow = normals.map((value) => 0.3 * value);
    expect(await corrected(narrow, 120, 0.15)).toBeGreaterThan(0.9 * spread ** 2);
  });
});

describe('on a Gaussian mixture', () => {
  const count = 800;
  const shape = [count, 2];
  const start = torchGenerator(1)
    .normal(shape, 'float64')
    .map((value) => 20 * value);
  const model = (x: Float64Array, sigma: number) => score(testMixture, x, 1, sigma);
  const truth = noised(testMixture, count, 1, 0.01, torchGenerator(2));
  const errorOf = async (steps: number, corrections: number) => {
    const loop = { steps, model, start, shape, generator: torchGenerator(3), corrections };
    return energyDistance(await sampled(sde({ snr: 0.3 }), loop), truth, 2);
  };

  it('a correction before each step brings few steps closer to the data', async () => {
    expect(await errorOf(20, 1)).toBeLessThan(0.7 * (await errorOf(20, 0)));
  });

  it('many steps give the law of the data', async () => {
    expect(await errorOf(300, 1)).toBeLessThan(0.01);
  });
});

describe('a request', () => {
  it('gives timesteps and noise levels that belong together, by either name', () => {
    const [one, two] = [sde(), sde()];
    one.setTimesteps({ numInferenceSteps: 7, sigmaMax: 9 });
    two.setTimesteps(7);
    two.setSigmas({ numInferenceSteps: 7, sigmaMax: 9 });
    expect([...one.discreteSigmas]).toEqual([...two.discreteSigmas]);
    expect(one.discreteSigmas).toHaveLength(one.timesteps.length);
    expect(one.discreteSigmas.at(-1)).toBeCloseTo(9, 12);
  });
});
