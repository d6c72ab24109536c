// What the predictor promises, in float64: the README lists these laws.
import { energyDistance, predict, testMixture } from '@unnoise/testing-gmm';
import type { Generator, NoiseLevel, Tensor } from '@unnoise/core';
import { tensor, torchGenerator } from '@unnoise/core';
import { createReferenceBackend } from '@unnoise/core/reference';
import { describe, expect, it } from 'vitest';
import { ScoreSdeVpScheduler } from '../src/index.ts';

const backend = createReferenceBackend();
const host = (data: ArrayLike<number>, shape: readonly number[]): Tensor =>
  tensor(Float64Array.from(data), shape, { backend });
const sde = () => new ScoreSdeVpScheduler({}, { precision: 'exact64' });

/** The level at time t, from the integral of the rate. */
function levelAt(t: number): NoiseLevel {
  const signal = Math.exp(-0.25 * t ** 2 * 19.9 - 0.05 * t);
  return { signal, noise: Math.sqrt(1 - signal ** 2) };
}

type Model = (x: Float64Array, level: NoiseLevel) => ArrayLike<number>;

async function sampled(
  steps: number,
  model: Model,
  start: Float64Array,
  shape: readonly number[],
  generator: Generator,
): Promise<Float64Array> {
  const scheduler = sde();
  scheduler.setTimesteps(steps);
  let [x, mean] = [host(start, shape), host(start, shape)];
  for (const t of scheduler.timesteps) {
    const out = host(model(Float64Array.from(await x.data()), levelAt(t)), shape);
    ({ prevSample: x, prevSampleMean: mean } = await scheduler.stepPred(out, x, t, { generator }));
  }
  return Float64Array.from(await mean.data());
}

describe('on Gaussian data', () => {
  const [mean, deviation] = [0.7, 0.5];
  const model: Model = (x, { signal, noise }) =>
    x.map((value) => (noise * (value - signal * mean)) / ((signal * deviation) ** 2 + noise ** 2));

  /** Errors of mean and variance, exact: one row at the mean, one a deviation off, and one for a unit impulse in each draw. */
  async function errors(steps: number): Promise<readonly [mean: number, variance: number]> {
    let row = 2;
    const generator = Object.assign(torchGenerator(0), {
      normal: () => new Float32Array(steps + 2).fill(1, row, ++row),
    });
    const { signal, noise } = levelAt(1);
    const start = Float64Array.from(
      { length: steps + 2 },
      (_, i) => signal * mean + (i === 1 ? Math.hypot(signal * deviation, noise) : 0),
    );
    const [middle, ...others] = await sampled(steps, model, start, [steps + 2, 1], generator);
    const variance = others.reduce((sum, value) => sum + (value - middle!) ** 2, 0);
    return [Math.abs(middle! - mean), Math.abs(variance / deviation ** 2 - 1)];
  }

  it('mean and variance of the samples tend to those of the data, with weak order 1', async () => {
    const all = await Promise.all([100, 200, 400].map(errors));
    for (const which of [0, 1] as const) {
      const list = all.map((one) => one[which]);
      expect(list[2]).toBeLessThan(0.05);
      for (const i of [0, 1]) {
        expect(list[i]! / list[i + 1]!).toBeGreaterThan(1.7);
        expect(list[i]! / list[i + 1]!).toBeLessThan(2.3);
      }
    }
  });
});

describe('on a Gaussian mixture', () => {
  const count = 800;
  const shape = [count, 2];
  const start = torchGenerator(1).normal(shape, 'float64');
  const model: Model = (x, { signal, noise }) => predict(testMixture, 'epsilon', x, signal, noise);
  const truth = testMixture.sample(count, torchGenerator(2));
  const errorOf = async (steps: number) =>
    energyDistance(await sampled(steps, model, start, shape, torchGenerator(3)), truth, 2);

  it('many steps give the law of the data, few do not', async () => {
    expect(await errorOf(300)).toBeLessThan(0.01);
    expect(await errorOf(2)).toBeGreaterThan(0.03);
  });
});

describe('step', () => {
  it('changes nothing where the rate is 0, also in float32', async () => {
    const scheduler = new ScoreSdeVpScheduler({ beta_min: 0.1, beta_max: 0 });
    scheduler.setTimesteps(4);
    const x = tensor(torchGenerator(1).normal([2, 3]), [2, 3]);
    const { prevSample } = await scheduler.step(x, 1, x, { generator: torchGenerator(5) });
    expect(await prevSample.data()).toEqual(await x.data());
  });

  it('is stepPred without the mean, draw for draw', async () => {
    const shape = [2, 3];
    const [x, out] = [1, 2].map((seed) => host(torchGenerator(seed).normal(shape, 'float64'), shape)) as [
      Tensor,
      Tensor,
    ];
    const scheduler = sde();
    scheduler.setTimesteps(7);
    const named = await scheduler.stepPred(out, x, 0.4, { generator: torchGenerator(5) });
    const plain = await scheduler.step(out, 0.4, x, { generator: torchGenerator(5) });
    expect([...(await plain.prevSample.data())]).toEqual([...(await named.prevSample.data())]);
  });
});
