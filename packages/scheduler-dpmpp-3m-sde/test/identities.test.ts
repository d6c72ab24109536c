// What DPM++ 3M SDE is equal to, its order and the law of its samples, in float64: its README lists these.
import { convergenceErrors, lawError, observedOrder, rms, trajectory } from '@unnoise/conformance';
import type { NoiseLevel } from '@unnoise/core';
import { tensor, torchGenerator } from '@unnoise/core';
import { createReferenceBackend } from '@unnoise/core/reference';
import { EulerDiscreteScheduler } from '@unnoise/scheduler-euler-discrete';
import { predict, solveFlow, testMixture } from '@unnoise/testing-gmm';
import { describe, expect, it } from 'vitest';
import type { DPMPP3MSDEConfig } from '../src/index.ts';
import { DPMPP3MSDEScheduler } from '../src/index.ts';

const exact = { precision: 'exact64' } as const;
const karras = { use_karras_sigmas: true };
const shape = [3, 2];
const sampler = (config: Partial<DPMPP3MSDEConfig> = {}) => new DPMPP3MSDEScheduler(config, exact);
const model = (x: Float64Array, { signal, noise }: NoiseLevel) => predict(testMixture, 'epsilon', x, signal, noise);
const normal = torchGenerator(3).normal(shape, 'float64');

describe('without noise', () => {
  it('converges with order 2: as published, the second difference has half the weight that order 3 needs', async () => {
    const counts = [20, 40, 80];
    const errors = await convergenceErrors(counts, {
      start: (steps) => sampler({ use_exponential_sigmas: true, eta: 0 }).start(steps),
      model,
      exact: (y, from, to) => solveFlow(testMixture, y, from, to, 600),
      noise: torchGenerator(1).normal([16, 2], 'float64'),
      shape: [16, 2],
    });
    expect(observedOrder(counts, errors)).toBeGreaterThan(1.85);
    expect(observedOrder(counts, errors)).toBeLessThan(2.4);
  });

  it("takes Euler's step first", async () => {
    const run = sampler({ eta: 0 }).start(4);
    const [from, to] = Array.from(run.plan.sigmas!);
    const start = normal.map((value) => value * from!);
    const [, found] = await trajectory({ run, model, start, shape });
    const euler = new EulerDiscreteScheduler({}, exact).start({ sigmas: [from!, to!] });
    const [, wanted] = await trajectory({ run: euler, model, start, shape });
    expect(rms(found!, wanted!)).toBeLessThan(1e-11);
  });
});

it('the first two steps with noise are those of DPM++ 2M SDE in the form of k-diffusion', async () => {
  const run = sampler().start({ sigmas: [9, 4, 2, 0], noiseSampler: () => new Float64Array(6) });
  const start = normal.map((value) => value * 9);
  const [x, y, z] = await trajectory({ run, model, start, shape });
  const [h1, h] = [Math.log(9 / 4), Math.log(2)];
  const [last, now] = [predict(testMixture, 'sample', x!, 1, 9), predict(testMixture, 'sample', y!, 1, 4)];
  const weight = Math.expm1(-2 * h) / (2 * h) + 1;
  const wanted = y!.map((value, i) => value / 4 + 0.75 * now[i]! + (weight * (now[i]! - last[i]!) * h) / h1);
  expect(rms(z!, wanted)).toBeLessThan(1e-12);
});

describe('the law of the samples', () => {
  const lawOf = (numInferenceSteps: number, deviation: number) =>
    lawError(
      (generator) =>
        sampler(karras).start({ numInferenceSteps, noiseSampler: (_, __, size) => generator.normal(size) }),
      { mean: 0.7, deviation },
    );

  it('has the right mean, and converges', async () => {
    const counts = [40, 80, 160, 320];
    const found = await Promise.all(counts.map((n) => lawOf(n, 0.5)));
    for (const { mean } of found) expect(Math.abs(mean)).toBeLessThan(1e-10);
    const order = observedOrder(
      counts,
      found.map(({ variance }) => variance),
    );
    expect(order).toBeGreaterThan(1.7);
    expect(order).toBeLessThan(3.2);
  });

  it('is exact where the data is a single point', async () => {
    const { mean, variance } = await lawOf(10, 0);
    expect(Math.abs(mean)).toBeLessThan(1e-10);
    expect(Math.abs(variance)).toBeLessThan(1e-6);
  });
});

it('noise needs a seed, and none is needed without noise', async () => {
  const backend = createReferenceBackend();
  const host = () => tensor(normal, shape, { backend });
  const step = async (config: Partial<DPMPP3MSDEConfig>) => {
    const run = sampler(config).start(4);
    await run.scaleModelInput(host());
    return run.step(host(), host());
  };
  await expect(step({})).rejects.toMatchObject({ code: 'GENERATOR_REQUIRED' });
  await step({ eta: 0 });
  await step({ noise_sampler_seed: 3 });
});
