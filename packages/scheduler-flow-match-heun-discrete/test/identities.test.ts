// What Heun's method for flow matching is equal to, in float64: its README lists these identities.
import { rms, trajectory } from '@unnoise/conformance';
import type { Generator, NoiseLevel } from '@unnoise/core';
import { tensor, torchGenerator } from '@unnoise/core';
import { createReferenceBackend } from '@unnoise/core/reference';
import { FlowMatchEulerDiscreteScheduler } from '@unnoise/scheduler-flow-match-euler-discrete';
import { gaussian, predict, testMixture } from '@unnoise/testing-gmm';
import { describe, expect, it } from 'vitest';
import type { FlowMatchHeunDiscreteConfig } from '../src/index.ts';
import { FlowMatchHeunDiscreteScheduler } from '../src/index.ts';

const shape = [3, 2];
const exact = { precision: 'exact64' } as const;
const backend = createReferenceBackend();
const noise = torchGenerator(3).normal(shape, 'float64');
const host = (data: ArrayLike<number>) => tensor(Float64Array.from(data), shape, { backend });
const heun = (config: Partial<FlowMatchHeunDiscreteConfig> = {}) => new FlowMatchHeunDiscreteScheduler(config, exact);
const velocity = (x: Float64Array, { signal, noise: sigma }: NoiseLevel) =>
  predict(testMixture, 'flow_prediction', x, signal, sigma);

/** The sigmas of a doubled schedule, once each. */
const once = (sigmas: ArrayLike<number>) => Array.from(sigmas).filter((_, i) => i % 2 === 0 || i === sigmas.length - 1);

/** Heun's method as textbooks have it: the mean of the slopes at both ends. */
function textbookHeun(sigmas: readonly number[], start: Float64Array): Float64Array {
  const slope = (x: Float64Array, sigma: number) => velocity(x, { signal: 1 - sigma, noise: sigma });
  let x = start;
  for (let i = 0; i + 1 < sigmas.length; i++) {
    const [from, to] = [sigmas[i]!, sigmas[i + 1]!];
    const first = Float64Array.from(slope(x, from));
    const there = x.map((value, j) => value + (to - from) * first[j]!);
    const second = to === 0 ? first : slope(there, to);
    x = x.map((value, j) => value + ((to - from) * (first[j]! + second[j]!)) / 2);
  }
  return x;
}

describe('the method', () => {
  it.each([1, 3])("is Heun's on dx/dsigma = v (shift %i)", async (shift) => {
    const run = heun({ shift }).start(9);
    const sigmas = once(run.plan.sigmas!);
    const samples = await trajectory({ run, model: velocity, start: noise, shape });
    expect(samples).toHaveLength(18);
    expect(rms(samples.at(-1)!, textbookHeun(sigmas, noise))).toBeLessThan(1e-12);
  });

  it("takes Euler's step first, from wherever the step starts", async () => {
    const run = heun().start(6);
    const sigmas = once(run.plan.sigmas!);
    const samples = await trajectory({ run, model: velocity, start: noise, shape });
    for (let i = 0; i < 5; i++) {
      const euler = new FlowMatchEulerDiscreteScheduler({}, exact).start({ sigmas: sigmas.slice(i, i + 2) });
      const [, next] = await trajectory({ run: euler, model: velocity, start: samples[2 * i]!, shape, steps: 1 });
      expect(rms(samples[2 * i + 1]!, next!)).toBeLessThan(1e-13);
    }
  });

  it('is exact on the straight flow to a single point of data', async () => {
    const mean = [0.7, -0.4];
    const knows = (x: Float64Array, { signal, noise: sigma }: NoiseLevel) =>
      predict(gaussian(mean, 0), 'flow_prediction', x, signal, sigma);
    for (const steps of [1, 2, 5]) {
      const samples = await trajectory({ run: heun().start(steps), model: knows, start: noise, shape });
      samples.at(-1)!.forEach((value, i) => expect(value).toBeCloseTo(mean[i % 2]!, 12));
    }
  });
});

describe('halves', () => {
  it('come in order: a run that begins in the middle of a step is refused, and stays where it is', async () => {
    const run = heun().start({ numInferenceSteps: 4, beginIndex: 3 });
    await expect(run.step(host(noise), host(noise))).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    expect(run.stepIndex).toBeUndefined();
  });

  it('are counted by strength, so that a run begins with a first half', () => {
    expect(heun().start({ numInferenceSteps: 10, strength: 0.35 }).beginIndex).toBe(14);
  });
});

describe('churn', () => {
  /** Draw i is `values(i)` everywhere. */
  function draws(values: (draw: number) => number): Generator {
    let draw = 0;
    const normal = (size: readonly number[]) => new Float32Array(size.reduce((a, b) => a * b, 1)).fill(values(draw++));
    return Object.assign(torchGenerator(0), { normal });
  }
  const end = async (sNoise: number, values: (draw: number) => number) => {
    const run = heun().start({ numInferenceSteps: 4, sChurn: 3, sNoise, generator: draws(values) });
    return (await trajectory({ run, model: velocity, start: noise, shape })).at(-1)!;
  };

  it('draws in both halves of a step, but only the draw of the first counts', async () => {
    const wanted = await end(1, (draw) => (draw % 2 === 0 ? 0.5 : 0));
    expect(rms(await end(1, (draw) => (draw % 2 === 0 ? 0.5 : 9)), wanted)).toBeLessThan(1e-13);
    expect(rms(await end(1, () => 0.6), wanted)).toBeGreaterThan(0.01);
  });

  it('raises the noise to sigmaHat before the step, from where the velocity counts sigma / sigmaHat', async () => {
    const run = heun().start({ numInferenceSteps: 4, sChurn: 0.7, generator: draws(() => 2) });
    const [sigma, next] = Array.from(run.plan.sigmas!) as [number, number];
    const hat = sigma * (1 + 0.7 / 7);
    const v = noise.map(Math.sin);
    const { prevSample } = await run.step(host(v), host(noise));
    Array.from(await prevSample.data()).forEach((value, i) =>
      expect(value).toBeCloseTo(
        noise[i]! + 2 * Math.sqrt(hat ** 2 - sigma ** 2) + ((next - hat) * v[i]! * sigma) / hat,
        12,
      ),
    );
  });
});

describe('scaleNoise', () => {
  it('sets where the run begins, and is then at that level whatever the timestep', async () => {
    const scheduler = heun();
    scheduler.setTimesteps(5);
    const t = scheduler.timesteps[3]!;
    const sigma = t / 1000;
    const other = noise.map((value) => 2 - value);
    for (const timestep of [t, scheduler.timesteps[0]!]) {
      const mixed = await (await scheduler.scaleNoise(host(noise), timestep, host(other))).data();
      Array.from(mixed).forEach((value, i) =>
        expect(value).toBeCloseTo((1 - sigma) * noise[i]! + sigma * other[i]!, 12),
      );
    }
    await scheduler.step(host(noise), t, host(noise));
    expect(scheduler.stepIndex).toBe(5);
  });
});

describe('the schedule', () => {
  it.each([0, -1, 2.5, 1e9])('has a whole number of trained levels, and not %d', (num_train_timesteps) => {
    expect(() => heun({ num_train_timesteps })).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });
});
