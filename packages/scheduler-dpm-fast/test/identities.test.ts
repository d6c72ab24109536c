// What DPM fast is equal to, its order and the law of its samples, in float64: its README lists these.
import { observedOrder, rms, trajectory } from '@unnoise/conformance';
import type { NoiseLevel, NoiseSampler, Run } from '@unnoise/core';
import { tensor, torchGenerator } from '@unnoise/core';
import { createReferenceBackend } from '@unnoise/core/reference';
import { EulerDiscreteScheduler } from '@unnoise/scheduler-euler-discrete';
import { gaussian, gaussianFlow, predict, solveFlow, testMixture } from '@unnoise/testing-gmm';
import { describe, expect, it } from 'vitest';
import type { DPMFastConfig } from '../src/index.ts';
import { DPMFastScheduler } from '../src/index.ts';

const exact = { precision: 'exact64' } as const;
const shape = [3, 2];
const fast = (config: Partial<DPMFastConfig> = {}) => new DPMFastScheduler(config, exact);
const model = (x: Float64Array, { signal, noise }: NoiseLevel) => predict(testMixture, 'epsilon', x, signal, noise);
const normal = torchGenerator(3).normal(shape, 'float64');
const ends = { sigma_max: 20, sigma_min: 0.05 };

async function end(
  run: Run,
  oracle = model,
  start: ArrayLike<number> = normal.map((value) => value * 20),
  size = shape,
) {
  return (await trajectory({ run, model: oracle, start, shape: size })).at(-1)!;
}

describe('without noise', () => {
  it('converges with order 2: its steps are of order 3, but for the last, which is of order 1', async () => {
    const counts = [31, 61, 121, 241];
    const wide = [16, 2];
    const start = torchGenerator(1)
      .normal(wide, 'float64')
      .map((value) => value * 20);
    const truth = solveFlow(testMixture, start, 20, 0.05, 800);
    const errors = await Promise.all(
      counts.map(async (n) => rms(await end(fast(ends).start(n), model, start, wide), truth)),
    );
    expect(observedOrder(counts, errors)).toBeGreaterThan(1.9);
    expect(errors.at(-1)).toBeLessThan(2e-4);
  });

  it('is exact where the data is a single point', async () => {
    const mean = [0.7, -0.4];
    const knows = (x: Float64Array, { noise }: NoiseLevel) => predict(gaussian(mean, 0), 'epsilon', x, 1, noise);
    const start = normal.map((value) => value * 20);
    for (const n of [1, 2, 3, 7]) {
      const found = await end(fast(ends).start(n), knows, start);
      expect(rms(found, gaussianFlow(start, 20, 0.05, mean, 0))).toBeLessThan(1e-11);
    }
  });

  it.each([
    [1, [1]],
    [2, [2]],
    [3, [2, 1]],
    [4, [3, 1]],
    [5, [3, 2]],
    [9, [3, 3, 2, 1]],
  ])('makes of %i calls steps of orders %j, evenly spaced in ln sigma', (n, orders) => {
    const { plan } = fast(ends).start(n);
    const rows = plan.timesteps.map((t, i) => plan.row(i, t) as { sigma: number; sigmaNext: number });
    expect(rows.map(({ sigma }) => sigma).filter((sigma, i, all) => sigma !== all[i - 1])).toHaveLength(orders.length);
    expect(
      orders.map(
        (_, step) => rows.filter(({ sigma }) => sigma === [...new Set(rows.map((row) => row.sigma))][step]).length,
      ),
    ).toEqual(orders);
    for (const { sigma, sigmaNext } of rows)
      expect(Math.log(sigma / sigmaNext)).toBeCloseTo(Math.log(400) / orders.length, 9);
  });

  it("takes Euler's step where there is one call", async () => {
    const euler = new EulerDiscreteScheduler({}, exact).start({ sigmas: [20, 0.05] });
    expect(rms(await end(fast(ends).start(1)), await end(euler))).toBeLessThan(1e-11);
  });
});

describe('the law of the samples with noise', () => {
  async function lawOf(calls: number, deviation: number) {
    const rows = 2 + calls;
    let draw = 0;
    const noiseSampler: NoiseSampler = () => new Float64Array(rows).fill(1, 2 + draw, 3 + draw++);
    const run = fast({ ...ends, eta: 1 }).start({ numInferenceSteps: calls, noiseSampler });
    const start = Float64Array.from({ length: rows }, (_, row) => 0.7 + (row === 1 ? Math.hypot(deviation, 20) : 0));
    const knows = (x: Float64Array, { noise }: NoiseLevel) =>
      predict(gaussian([0.7], deviation), 'epsilon', x, 1, noise);
    const [mean, ...others] = await end(run, knows, start, [rows, 1]);
    const variance = others.reduce((sum, value) => sum + (value - mean!) ** 2, 0);
    return { mean: mean! - 0.7, variance: variance / (deviation ** 2 + 0.05 ** 2) - 1 };
  }

  it('has the right mean, and converges', async () => {
    const counts = [61, 121, 241];
    const found = await Promise.all(counts.map((n) => lawOf(n, 0.5)));
    for (const { mean } of found) expect(Math.abs(mean)).toBeLessThan(1e-10);
    const order = observedOrder(
      counts,
      found.map(({ variance }) => variance),
    );
    expect(order).toBeGreaterThan(0.9);
  });

  it('is exact where the data is a single point', async () => {
    const { mean, variance } = await lawOf(10, 0);
    expect(Math.abs(mean)).toBeLessThan(1e-10);
    expect(Math.abs(variance)).toBeLessThan(1e-10);
  });
});

it('a run that begins within a step is refused, and stays where it is', async () => {
  const backend = createReferenceBackend();
  const host = () => tensor(normal, shape, { backend });
  const run = fast(ends).start({ numInferenceSteps: 7, beginIndex: 4 });
  await run.scaleModelInput(host());
  await expect(run.step(host(), host())).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  expect(run.stepIndex).toBe(4);
});
