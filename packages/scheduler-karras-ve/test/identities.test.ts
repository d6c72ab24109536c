// What KarrasVe promises, in float64: its README lists these laws.
import { observedOrder, rms } from '@unnoise/conformance';
import type { Generator, Tensor } from '@unnoise/core';
import { tensor, torchGenerator } from '@unnoise/core';
import { createReferenceBackend } from '@unnoise/core/reference';
import { score, solveFlow, testMixture } from '@unnoise/testing-gmm';
import { describe, expect, it } from 'vitest';
import type { KarrasVeConfig } from '../src/index.ts';
import { KarrasVeScheduler } from '../src/index.ts';

const backend = createReferenceBackend();
const host = (data: ArrayLike<number>, shape: readonly number[]): Tensor =>
  tensor(Float64Array.from(data), shape, { backend });
const [FIRST, LAST] = [20, 0.05];
/** The schedule holds the squares of the sigmas: these are its ends. */
const karras = (config: Partial<KarrasVeConfig> = {}) =>
  new KarrasVeScheduler(
    { sigma_max: Math.sqrt(FIRST), sigma_min: Math.sqrt(LAST), s_noise: 1, s_churn: 0, ...config },
    { precision: 'exact64' },
  );
type Model = (x: Float64Array, sigma: number) => ArrayLike<number>;

interface Loop {
  readonly steps: number;
  readonly model: Model;
  readonly start: Float64Array;
  readonly shape: readonly number[];
  readonly generator: Generator;
  readonly correct: boolean;
}

/** Upstream's pipeline down to the last level of the schedule; the step from there to 0 is left out. */
async function sampled(scheduler: KarrasVeScheduler, loop: Loop): Promise<Float64Array> {
  const { steps, model, start, shape, generator } = loop;
  scheduler.setTimesteps(steps);
  const { schedule } = scheduler;
  const output = async (x: Tensor, sigma: number) => host(model(Float64Array.from(await x.data()), sigma), shape);
  let x = host(start, shape);
  for (const t of scheduler.timesteps.slice(0, -1)) {
    const { sampleHat, sigmaHat } = await scheduler.addNoiseToInput(x, schedule[t]!, { generator });
    const sigmaPrev = schedule[t - 1]!;
    const { prevSample, derivative } = await scheduler.step(await output(sampleHat, sigmaHat), t, sampleHat, {
      sigmaHat,
      sigmaPrev,
    });
    x = prevSample;
    if (!loop.correct) continue;
    const out = await output(x, sigmaPrev);
    ({ prevSample: x } = await scheduler.stepCorrect(out, sigmaHat, sigmaPrev, sampleHat, x, derivative));
  }
  return Float64Array.from(await x.data());
}

describe('the schedule', () => {
  it('runs from sigma_max squared to sigma_min squared', () => {
    const scheduler = new KarrasVeScheduler();
    scheduler.setTimesteps(3);
    const { schedule, timesteps, sigmas } = scheduler;
    expect([...schedule].map((sigma) => Number(sigma.toPrecision(6)))).toEqual([0.0004, 2, 10000]);
    expect(timesteps).toEqual([2, 1, 0]);
    expect(Array.from(sigmas!)).toEqual([...schedule.toReversed(), 0]);
  });
});

describe('without churn', () => {
  const shape = [64, 2];
  const start = torchGenerator(3)
    .normal(shape, 'float64')
    .map((value) => FIRST * value);
  const exact = solveFlow(testMixture, start, FIRST, LAST);
  const model: Model = (x, sigma) => score(testMixture, x, 1, sigma).map((value) => sigma * value);
  const counts = [20, 40, 80, 160];
  const errors = (correct: boolean) =>
    Promise.all(
      counts.map(async (steps) =>
        rms(
          await sampled(karras(), { steps: steps + 1, model, start, shape, generator: torchGenerator(0), correct }),
          exact,
        ),
      ),
    );

  it('corrected steps are of second order', async () => {
    const order = observedOrder(counts, await errors(true));
    expect(order).toBeGreaterThan(1.9);
    expect(order).toBeLessThan(2.2);
  });

  it('steps alone are of first order: Euler in sigma', async () => {
    const order = observedOrder(counts, await errors(false));
    expect(order).toBeGreaterThan(0.9);
    expect(order).toBeLessThan(1.1);
  });

  it('a run of steps is a run of the façade', async () => {
    const run = () => karras().start(6);
    const slope = (x: Float64Array) => x.map(Math.sin);
    const facade = karras();
    facade.setTimesteps(6);
    let [x, y] = [host(start, shape), host(start, shape)];
    const independent = run();
    for (const t of facade.timesteps) {
      const out = host(slope(Float64Array.from(await x.data())), shape);
      x = (await facade.step(out, t, x)).prevSample;
      y = (await independent.step(out, y)).prevSample;
    }
    expect([...(await x.data())]).toEqual([...(await y.data())]);
  });
});

describe('more noise before a step', () => {
  it.each([
    [10, Math.SQRT2 - 1],
    [200, 0.4],
  ])('gives the law of the level it goes to (%s steps)', async (steps, share) => {
    const scheduler = karras({ s_churn: 80 });
    scheduler.setTimesteps(steps);
    const generator = Object.assign(torchGenerator(0), { normal: () => Float32Array.of(0, 1) });
    const { sampleHat, sigmaHat } = await scheduler.addNoiseToInput(host([3, 0], [2, 1]), 2, { generator });
    const [kept, noise] = await sampleHat.data();
    expect(sigmaHat).toBeCloseTo(2 * (1 + share), 12);
    expect(kept).toBe(3);
    expect(noise! ** 2).toBeCloseTo(sigmaHat ** 2 - 2 ** 2, 12);
  });
});

describe('with churn, on Gaussian data', () => {
  const [mean, deviation] = [0.7, 0.5];
  const model: Model = (x, sigma) => x.map((value) => (sigma * (mean - value)) / (deviation ** 2 + sigma ** 2));

  /** The relative error of the variance, exact: one row a deviation off the mean, and one for a unit impulse in each draw. */
  async function varianceError(steps: number): Promise<number> {
    let row = 2;
    const generator = Object.assign(torchGenerator(0), {
      normal: () => new Float32Array(steps + 2).fill(1, row, ++row),
    });
    const spread = Math.hypot(deviation, FIRST);
    const start = Float64Array.from({ length: steps + 2 }, (_, i) => mean + (i === 1 ? spread : 0));
    const loop = { steps: steps + 1, model, start, shape: [steps + 2, 1], generator, correct: true };
    const [middle, ...others] = await sampled(karras({ s_churn: 40 }), loop);
    expect(middle).toBeCloseTo(mean, 10);
    const variance = others.reduce((sum, value) => sum + (value - middle!) ** 2, 0);
    return variance / (deviation ** 2 + LAST ** 2) - 1;
  }

  it('the samples tend to the law of the data', async () => {
    const errors = (await Promise.all([20, 40, 80, 160].map(varianceError))).map(Math.abs);
    expect(errors).toEqual([...errors].sort((a, b) => b - a));
    expect(errors.at(-1)).toBeLessThan(0.01);
  });
});
