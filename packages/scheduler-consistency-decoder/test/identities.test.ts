// Two jumps are exact where the model is: laws in float64, which the README lists.
import { energyDistance, solveFlow, testMixture } from '@unnoise/testing-gmm';
import { tensor, torchGenerator } from '@unnoise/core';
import { createReferenceBackend } from '@unnoise/core/reference';
import { describe, expect, it } from 'vitest';
import { ConsistencyDecoderScheduler } from '../src/index.ts';

const backend = createReferenceBackend();
const decoder = () => new ConsistencyDecoderScheduler({}, { precision: 'exact64' });
const host = (data: ArrayLike<number>, shape: readonly number[]) => tensor(Float64Array.from(data), shape, { backend });

/** alpha^2 at a timestep of the cosine schedule, whose betas are cut at 0.999. */
function product(t: number): number {
  const f = (time: number) => Math.cos((((time + 0.008) / 1.008) * Math.PI) / 2) ** 2;
  let value = 1;
  for (let i = 0; i <= t; i++) value *= 1 - Math.min(1 - f((i + 1) / 1024) / f(i / 1024), 0.999);
  return value;
}

type Jump = (y: Float64Array, sigma: number) => Float64Array;

/** A run of a network whose consistency function is `jump`, from y = x / alpha. */
async function decoded(jump: Jump, y: Float64Array, shape: readonly number[], generator = torchGenerator(3)) {
  const run = decoder().start({ numInferenceSteps: 2, generator });
  let x = host(
    y.map((value) => value * Math.sqrt(product(1008))),
    shape,
  );
  while (!run.done) {
    const alpha = Math.sqrt(product(run.timestep!));
    const sigma = Math.sqrt(1 - alpha ** 2) / alpha;
    const [skip, weight] = [0.25 / (sigma ** 2 + 0.25), (sigma * 0.5) / Math.hypot(sigma, 0.5)];
    const now = Float64Array.from(await x.data(), (value) => value / alpha);
    const out = jump(now, sigma).map((value, i) => (value - skip * now[i]!) / weight);
    (await run.scaleModelInput(x)).dispose();
    ({ prevSample: x } = await run.step(host(out, shape), x));
  }
  return Float64Array.from(await x.data());
}

const first = Math.sqrt(1 / product(1008) - 1);

describe('with the exact consistency function', () => {
  it('of Gaussian data the samples have the law of the data', async () => {
    const [mean, deviation] = [0.7, 0.5];
    const jump: Jump = (y, sigma) =>
      y.map((value) => mean + ((value - mean) * deviation) / Math.hypot(deviation, sigma));
    const generator = Object.assign(torchGenerator(0), { normal: () => Float32Array.of(0, 0, 1) });
    const start = Float64Array.of(mean, mean + Math.hypot(deviation, first), mean);
    const [middle, ...others] = await decoded(jump, start, [3, 1], generator);
    expect(middle).toBeCloseTo(mean, 10);
    const variance = others.reduce((sum, value) => sum + (value - middle!) ** 2, 0);
    expect(variance).toBeCloseTo(deviation ** 2, 10);
  });

  it('of a Gaussian mixture too; with the mean of the data for a jump they do not', async () => {
    const count = 500;
    const noise = torchGenerator(1).normal([count, 2], 'float64');
    const start = testMixture.sample(count, torchGenerator(2)).map((value, i) => value + first * noise[i]!);
    const truth = testMixture.sample(count, torchGenerator(4));
    const exact: Jump = (y, sigma) => solveFlow(testMixture, y, sigma, 1e-3, 100);
    const mean: Jump = (y, sigma) => testMixture.posterior(y, 1, sigma).x0;
    expect(energyDistance(await decoded(exact, start, [count, 2]), truth, 2)).toBeLessThan(0.01);
    expect(energyDistance(await decoded(mean, start, [count, 2]), truth, 2)).toBeGreaterThan(0.03);
  });
});

describe('the schedule', () => {
  it('begins with nearly nothing but noise', () => {
    const { initNoiseSigma } = decoder().start(2).plan;
    expect(initNoiseSigma).toBeCloseTo(Math.sqrt(1 - product(1008)), 12);
    expect(initNoiseSigma).toBeGreaterThan(0.999);
  });

  it('needs 1009 trained timesteps', () => {
    const scheduler = new ConsistencyDecoderScheduler({ num_train_timesteps: 1008 });
    expect(() => scheduler.setTimesteps(2)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });

  it('must be set before a step', async () => {
    const x = host([1, 2], [1, 2]);
    await expect(decoder().step(x, 1008, x, { generator: torchGenerator(0) })).rejects.toMatchObject({
      code: 'TIMESTEPS_NOT_SET',
    });
  });
});
