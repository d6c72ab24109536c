// What the ancestral step for rectified flow is equal to, in float64: its README lists these identities.
import { lawError, observedOrder, sameTrajectory, trajectory } from '@unnoise/conformance';
import type { NoiseLevel } from '@unnoise/core';
import { tensor, torchGenerator } from '@unnoise/core';
import { createReferenceBackend } from '@unnoise/core/reference';
import { FlowMatchEulerDiscreteScheduler } from '@unnoise/scheduler-flow-match-euler-discrete';
import { gaussian, predict, testMixture } from '@unnoise/testing-gmm';
import { describe, expect, it } from 'vitest';
import type { LTXEulerAncestralRFConfig } from '../src/index.ts';
import { LTXEulerAncestralRFScheduler } from '../src/index.ts';

const shape = [3, 2];
const exact = { precision: 'exact64' } as const;
const backend = createReferenceBackend();
const noise = torchGenerator(3).normal(shape, 'float64');
const ltx = (config: Partial<LTXEulerAncestralRFConfig> = {}) => new LTXEulerAncestralRFScheduler(config, exact);
const velocity = (x: Float64Array, { signal, noise: sigma }: NoiseLevel) =>
  predict(testMixture, 'flow_prediction', x, signal, sigma);

describe('the method', () => {
  it('with eta 0 is FlowMatchEulerDiscrete', async () => {
    const trial = { model: velocity, start: noise, shape };
    const ours = { ...trial, run: ltx({ eta: 0 }).start(7) };
    const euler = { ...trial, run: new FlowMatchEulerDiscreteScheduler({}, exact).start(7) };
    await expect(sameTrajectory(ours, euler)).resolves.toBeUndefined();
  });

  it('ends at a single point of data, whatever noise was drawn', async () => {
    const mean = [0.7, -0.4];
    const knows = (x: Float64Array, { signal, noise: sigma }: NoiseLevel) =>
      predict(gaussian(mean, 0), 'flow_prediction', x, signal, sigma);
    const run = ltx().start({ numInferenceSteps: 6, generator: torchGenerator(1) });
    const samples = await trajectory({ run, model: knows, start: noise, shape });
    samples.at(-1)!.forEach((value, i) => expect(value).toBeCloseTo(mean[i % 2]!, 12));
  });
});

describe('the law of the samples', () => {
  const counts = [40, 80, 160];
  const errors = (eta: number, deviation: number) =>
    Promise.all(
      counts.map((steps) => {
        // from 0.95: at sigma 1 the velocity does not follow from the noise
        const sigmas = Array.from({ length: steps }, (_, i) => 0.95 - (0.9 * i) / (steps - 1));
        return lawError(
          (generator) => ltx({ eta }).start({ sigmas: [...sigmas, 0], generator }),
          { mean: 0.7, deviation },
          (x, epsilon, { signal, noise: sigma }) => epsilon - (x - sigma * epsilon) / signal,
        );
      }),
    );

  it.each([0.3, 1])('has the right mean, and weak order 1 (eta %d)', async (eta) => {
    const found = await errors(eta, 0.5);
    for (const { mean } of found) expect(Math.abs(mean)).toBeLessThan(1e-12);
    const variances = found.map(({ variance }) => variance);
    const order = observedOrder(counts, variances);
    expect(order).toBeGreaterThan(0.9);
    expect(order).toBeLessThan(1.15);
  });

  it.each([0.3, 1])('is exact where the data is a single point (eta %d)', async (eta) => {
    for (const { mean, variance } of await errors(eta, 0)) {
      expect(Math.abs(mean)).toBeLessThan(1e-12);
      expect(Math.abs(variance)).toBeLessThan(1e-7);
    }
  });
});

describe('schedules', () => {
  it('by count are those of FlowMatchEulerDiscrete, whose keys count though they are hidden', () => {
    const config = { shift: 3, use_karras_sigmas: true };
    const euler = new FlowMatchEulerDiscreteScheduler(config, exact);
    const wanted = Array.from(euler.start(6).plan.sigmas!);
    const ours = LTXEulerAncestralRFScheduler.fromConfig(euler, {}, exact);
    expect(Array.from(ours.start(6).plan.sigmas!)).toEqual(wanted);
  });

  it('by sigmas show the end on the scheduler, where a step gives the sample back, and not in runs', async () => {
    const scheduler = ltx();
    const sigmas = [0.9, 0.5, 0];
    scheduler.setTimesteps({ sigmas });
    expect(scheduler.timesteps).toEqual([900, 500, 0]);
    expect(scheduler.start({ sigmas }).timesteps).toEqual([900, 500]);
    scheduler.setBeginIndex(2);
    const x = tensor(noise, shape, { backend });
    expect([...(await (await scheduler.step(x, 0, x)).prevSample.data())]).toEqual([...noise]);
    expect(scheduler.stepIndex).toBeUndefined();
  });

  it('are needed before a step', async () => {
    const x = tensor(noise, shape, { backend });
    await expect(ltx().step(x, 1000, x)).rejects.toMatchObject({ code: 'TIMESTEPS_NOT_SET' });
  });
});
