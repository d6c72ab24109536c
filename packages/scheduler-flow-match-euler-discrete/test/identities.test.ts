// What Euler's method for flow matching is equal to, in float64: its README lists these identities.
import { rms, trajectory } from '@unnoise/conformance';
import type { Generator, NoiseLevel } from '@unnoise/core';
import { tensor, torchGenerator } from '@unnoise/core';
import { createReferenceBackend } from '@unnoise/core/reference';
import { EulerDiscreteScheduler } from '@unnoise/scheduler-euler-discrete';
import { gaussian, predict, testMixture } from '@unnoise/testing-gmm';
import { describe, expect, it } from 'vitest';
import type { FlowMatchEulerDiscreteConfig } from '../src/index.ts';
import { FlowMatchEulerDiscreteScheduler } from '../src/index.ts';

const shape = [3, 2];
const exact = { precision: 'exact64' } as const;
const backend = createReferenceBackend();
const noise = torchGenerator(3).normal(shape, 'float64');
const host = (data: ArrayLike<number>, size: readonly number[] = shape) =>
  tensor(Float64Array.from(data), size, { backend });
const flow = (config: Partial<FlowMatchEulerDiscreteConfig> = {}) => new FlowMatchEulerDiscreteScheduler(config, exact);
const velocity = (x: Float64Array, { signal, noise: sigma }: NoiseLevel) =>
  predict(testMixture, 'flow_prediction', x, signal, sigma);
const epsilon = (x: Float64Array, { signal, noise: sigma }: NoiseLevel) =>
  predict(testMixture, 'epsilon', x, signal, sigma);
const draws = (value: number): Generator =>
  Object.assign(torchGenerator(0), {
    normal: (size: readonly number[]) => new Float32Array(size.reduce((a, b) => a * b, 1)).fill(value),
  });

describe('the straight flow', () => {
  it('is EulerDiscrete on y = x / (1 - sigma) at sigma / (1 - sigma)', async () => {
    const sigmas = [0.95, 0.7, 0.5, 0.2, 0.05];
    const ours = await trajectory({ run: flow().start({ sigmas }), model: velocity, start: noise, shape });
    const euler = new EulerDiscreteScheduler({}, exact).start({ sigmas: [...sigmas, 0].map((s) => s / (1 - s)) });
    const theirs = await trajectory({ run: euler, model: epsilon, start: noise.map((x) => x / 0.05), shape });
    ours.forEach((x, i) =>
      expect(
        rms(
          x.map((value) => value / (1 - (sigmas[i] ?? 0))),
          theirs[i]!,
        ),
      ).toBeLessThan(1e-11),
    );
  });

  it('to a single point of data is exact in one step from any level, pure noise too', async () => {
    const mean = [0.7, -0.4];
    const knows = (x: Float64Array, { signal, noise: sigma }: NoiseLevel) =>
      predict(gaussian(mean, 0), 'flow_prediction', x, signal, sigma);
    for (const sigma of [1, 0.6, 0.01]) {
      const [, end] = await trajectory({ run: flow().start({ sigmas: [sigma] }), model: knows, start: noise, shape });
      end!.forEach((value, i) => expect(value).toBeCloseTo(mean[i % 2]!, 12));
    }
  });

  it('leaves what addNoise is given as it is at sigma 0, and gives the noise at sigma 1', async () => {
    const scheduler = flow();
    scheduler.setTimesteps({ sigmas: [1, 0.5, 0] });
    const other = noise.map((value) => 2 - value);
    expect([...(await (await scheduler.addNoise(host(noise), host(other), 0)).data())]).toEqual([...noise]);
    expect([...(await (await scheduler.scaleNoise(host(noise), 1000, host(other))).data())]).toEqual([...other]);
  });
});

describe('stochastic sampling', () => {
  it('noises the predicted x0 anew: to a single point of data every level has the exact law', async () => {
    const run = flow({ stochastic_sampling: true }).start({ sigmas: [0.9, 0.4], generator: draws(2) });
    const knows = (x: Float64Array, { signal, noise: sigma }: NoiseLevel) =>
      predict(gaussian([0.7], 0), 'flow_prediction', x, signal, sigma);
    const [, next, end] = await trajectory({ run, model: knows, start: noise, shape });
    for (const value of next!) expect(value).toBeCloseTo(0.6 * 0.7 + 0.4 * 2, 12);
    for (const value of end!) expect(value).toBeCloseTo(0.7, 12);
  });
});

describe('timesteps per token', () => {
  const out = noise.map((value) => Math.cos(value));
  const size = [1, 3, 2]; // batch, tokens, channels
  const sigmas = [1, 0.75, 0.5, 0.25];
  /** (prev - x) / v of a run's first step, element by element. */
  const moved = async (timesteps?: readonly number[]) => {
    const options = timesteps && { perTokenTimesteps: host(timesteps, [1, 3]) };
    const { prevSample } = await flow().start({ sigmas }).step(host(out, size), host(noise, size), options);
    return Array.from(await prevSample.data(), (value, i) => (value - noise[i]!) / out[i]!);
  };

  it("move each token by its sigma less the next lower one of the run's schedule, times v", async () => {
    const steps = await moved([1000, 600, 100]);
    [0.25, 0.25, 0.1, 0.1, 0.1, 0.1].forEach((step, i) => expect(steps[i]).toBeCloseTo(step, 12));
  });

  it('that are all alike take the plain step with the opposite sign, as upstream', async () => {
    const plain = await moved();
    (await moved([1000, 1000, 1000])).forEach((step, i) => expect(step).toBeCloseTo(-plain[i]!, 12));
  });

  it('are looked up in the schedule of the run, whatever the scheduler was set to since', async () => {
    const scheduler = flow();
    const run = scheduler.start({ sigmas });
    scheduler.setTimesteps({ sigmas: [0.9, 0.1] });
    const { prevSample } = await run.step(host(out, size), host(noise, size), {
      perTokenTimesteps: host([1000, 600, 100], [1, 3]),
    });
    const wanted = await moved([1000, 600, 100]);
    Array.from(await prevSample.data()).forEach((value, i) =>
      expect((value - noise[i]!) / out[i]!).toBeCloseTo(wanted[i]!, 12),
    );
  });
});

describe('setShift', () => {
  const shifted = (sigma: number, shift: number) => (shift * sigma) / (1 + (shift - 1) * sigma);

  it('changes the schedules that are made after it, and neither the config nor a schedule that stands', () => {
    const scheduler = flow();
    scheduler.setTimesteps(5);
    const before = Array.from(scheduler.sigmas!);
    const run = scheduler.start(5);
    scheduler.setShift(3);
    expect([scheduler.shift, scheduler.config.shift]).toEqual([3, 1]);
    for (const sigmas of [scheduler.sigmas!, run.plan.sigmas!]) expect(Array.from(sigmas)).toEqual(before);
    scheduler.setTimesteps(5);
    Array.from(scheduler.sigmas!).forEach((sigma, i) => expect(sigma).toBeCloseTo(shifted(before[i]!, 3), 14));
  });

  it('of the reciprocal undoes a shift', () => {
    const scheduler = flow();
    const sigmas = [0.9, 0.5, 0.1];
    scheduler.setShift(4);
    const once = Array.from(scheduler.start({ sigmas }).plan.sigmas!).slice(0, -1);
    scheduler.setShift(1 / 4);
    Array.from(scheduler.start({ sigmas: once }).plan.sigmas!)
      .slice(0, -1)
      .forEach((sigma, i) => expect(sigma).toBeCloseTo(sigmas[i]!, 14));
  });

  it('of a config is applied to the training table too, as upstream: twice in all', () => {
    const [first] = Array.from(flow({ shift: 3 }).start(10).plan.sigmas!).slice(-2);
    expect(first).toBeCloseTo(shifted(shifted(0.001, 3), 3), 12);
  });
});
