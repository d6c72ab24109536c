// What Euler's method for EDM models is equal to, in float64: its README lists these identities.
import { observedOrder, convergenceErrors, rms, sameTrajectory, trajectory } from '@unnoise/conformance';
import type { NoiseLevel } from '@unnoise/core';
import { tensor, torchGenerator } from '@unnoise/core';
import { createReferenceBackend } from '@unnoise/core/reference';
import { EulerDiscreteScheduler } from '@unnoise/scheduler-euler-discrete';
import type { Distribution } from '@unnoise/testing-gmm';
import { gaussian, gaussianFlow, predict, solveFlow, testMixture } from '@unnoise/testing-gmm';
import { describe, expect, it } from 'vitest';
import type { EDMEulerConfig } from '../src/index.ts';
import { EDMEulerScheduler } from '../src/index.ts';

const shape = [3, 2];
const exact = { precision: 'exact64' } as const;
const backend = createReferenceBackend();
const noise = torchGenerator(3).normal(shape, 'float64');
const host = (data: ArrayLike<number>) => tensor(Float64Array.from(data), shape, { backend });
const edm = (config: Partial<EDMEulerConfig> = {}) => new EDMEulerScheduler(config, exact);

/** The output F of a perfect EDM model: x0 = c_skip x + c_out F, solved for F. */
const perfect =
  (data: Distribution, { sigma_data: d, prediction_type: type }: EDMEulerConfig) =>
  (x: Float64Array, { noise: sigma }: NoiseLevel) => {
    const [skip, out] = [d ** 2 / (sigma ** 2 + d ** 2), (sigma * d) / Math.sqrt(sigma ** 2 + d ** 2)];
    const x0 = predict(data, 'sample', x, 1, sigma);
    return x.map((value, i) => ((x0[i]! - skip * value) / out) * (type === 'epsilon' ? 1 : -1));
  };

describe('the method', () => {
  it.each([
    ['karras', {}],
    ['cosxl', { sigma_max: 120, sigma_data: 1, sigma_schedule: 'exponential', prediction_type: 'v_prediction' }],
  ] as const)('is EulerDiscrete on its sigmas (%s)', async (_, config) => {
    const scheduler = edm(config);
    const run = scheduler.start(7);
    const sigmas = Array.from(run.plan.sigmas!);
    const start = noise.map((value) => value * sigmas[0]!);
    const epsilon = (x: Float64Array, { noise: sigma }: NoiseLevel) => predict(testMixture, 'epsilon', x, 1, sigma);
    const euler = { run: new EulerDiscreteScheduler({}, exact).start({ sigmas }), model: epsilon, start, shape };
    const ours = { run, model: perfect(testMixture, scheduler.config), start, shape };
    await expect(sameTrajectory(ours, euler)).resolves.toBeUndefined();
  });

  it('is exact where the data is a single point', async () => {
    const [scheduler, mean] = [edm(), [0.7, -0.4]];
    const run = scheduler.start(5);
    const sigmas = Array.from(run.plan.sigmas!);
    const start = noise.map((value) => value * 80);
    const model = perfect(gaussian(mean, 0), scheduler.config);
    const samples = await trajectory({ run, model, start, shape });
    samples.forEach((x, i) => expect(rms(x, gaussianFlow(start, sigmas[0]!, sigmas[i]!, mean, 0))).toBeLessThan(1e-11));
  });

  it('converges with order 1', async () => {
    const [scheduler, counts] = [edm(), [20, 40, 80, 160]];
    const errors = await convergenceErrors(counts, {
      start: (steps) => scheduler.start(steps),
      model: perfect(testMixture, scheduler.config),
      exact: (y, from, to) => solveFlow(testMixture, y, from, to, 600),
      noise: torchGenerator(1).normal([16, 2], 'float64'),
      shape: [16, 2],
    });
    const order = observedOrder(counts, errors);
    expect(order).toBeGreaterThan(0.9);
    expect(order).toBeLessThan(1.1);
  });
});

describe('preconditioning', () => {
  it('gives the model inputs of unit size for data of deviation sigma_data', async () => {
    const scheduler = edm({ sigma_data: 0.7 });
    for (const sigma of [0.01, 0.7, 30]) {
      const scaled = await (await scheduler.preconditionInputs(host(noise), sigma)).data();
      scaled.forEach((value, i) => expect(value).toBeCloseTo(noise[i]! / Math.sqrt(sigma ** 2 + 0.49), 12));
    }
  });

  it.each(['epsilon', 'v_prediction'] as const)('of the output of a perfect model gives x0 (%s)', async (type) => {
    const scheduler = edm({ prediction_type: type });
    const model = perfect(testMixture, scheduler.config);
    for (const sigma of [0.01, 0.5, 30]) {
      const x0 = await scheduler.preconditionOutputs(
        host(noise),
        host(model(noise, { signal: 1, noise: sigma })),
        sigma,
      );
      expect(rms(await x0.data(), predict(testMixture, 'sample', noise, 1, sigma))).toBeLessThan(1e-12);
    }
  });

  it('of noise is the timestep of its level', () => {
    const scheduler = edm();
    scheduler.setTimesteps(4);
    scheduler.timesteps.forEach((t, i) =>
      expect(scheduler.preconditionNoise(scheduler.sigmas![i]!)).toBeCloseTo(t, 14),
    );
  });
});

describe('a given x0', () => {
  it("takes the place of the one that the output means, and stays the caller's", async () => {
    const run = edm().start(4);
    const [sigma, next] = Array.from(run.plan.sigmas!) as [number, number];
    const x0 = host(noise.map(Math.sin));
    await run.scaleModelInput(host(noise));
    const output = await run.step(host(noise), host(noise), { predOriginalSample: x0 });
    output.predOriginalSample!.dispose();
    const [clean, prev] = [await x0.data(), await output.prevSample.data()];
    prev.forEach((value, i) =>
      expect(value).toBeCloseTo(noise[i]! + ((next - sigma) * (noise[i]! - clean[i]!)) / sigma, 12),
    );
  });
});

describe('sigmas of a request', () => {
  it('are positions on the curve, from sigma_max at 0 to sigma_min at 1', () => {
    const { sigmas } = edm().start({ sigmas: [0, 0.5, 1] }).plan;
    const middle = ((80 ** (1 / 7) + 0.002 ** (1 / 7)) / 2) ** 7;
    [80, middle, 0.002, 0].forEach((sigma, i) => expect(sigmas![i]).toBeCloseTo(sigma, 10));
  });

  it('past the curve are refused', () => {
    expect(() => edm().start({ sigmas: [80, 1] })).toThrow('positions from 0 (sigma_max) to 1 (sigma_min)');
  });
});
