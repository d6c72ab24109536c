// How fast Heun's method for flow matching converges on a mixture of Gaussians, where the truth is known.
import { observedOrder, rms, trajectory } from '@unnoise/conformance';
import type { NoiseLevel } from '@unnoise/core';
import { torchGenerator } from '@unnoise/core';
import { predict, solveFlow, testMixture } from '@unnoise/testing-gmm';
import { expect, it } from 'vitest';
import { FlowMatchHeunDiscreteScheduler } from '../src/index.ts';

const counts = [40, 80, 160, 320];
const shape = [16, 2];
const velocity = (x: Float64Array, { signal, noise }: NoiseLevel) =>
  predict(testMixture, 'flow_prediction', x, signal, noise);

/** The error at about sigma 0.1 of a run that begins at about 0.9: there is no signal at 1, and no order in the step to 0. */
async function error(shift: number, steps: number): Promise<number> {
  const scheduler = new FlowMatchHeunDiscreteScheduler({ shift }, { precision: 'exact64' });
  const { sigmas } = scheduler.start(steps).plan;
  const first = Array.from(sigmas!).findIndex((sigma, i) => i % 2 === 0 && sigma < 0.9);
  const last = Array.from(sigmas!).findIndex((sigma, i) => i % 2 === 0 && sigma < 0.1);
  const [from, to] = [sigmas![first]!, sigmas![last]!];
  const y = torchGenerator(1)
    .normal(shape, 'float64')
    .map((value) => (value * from) / (1 - from));
  const run = scheduler.start({ numInferenceSteps: steps, beginIndex: first });
  const start = y.map((value) => value * (1 - from));
  const samples = await trajectory({ run, model: velocity, start, shape, steps: last - first });
  const found = samples.at(-1)!.map((value) => value / (1 - to));
  return rms(found, solveFlow(testMixture, y, from / (1 - from), to / (1 - to), 600));
}

it.each([1, 3])('converges with order 2 (shift %i)', async (shift) => {
  const errors = await Promise.all(counts.map((steps) => error(shift, steps)));
  const order = observedOrder(counts, errors);
  expect(order).toBeGreaterThan(1.9);
  expect(order).toBeLessThan(2.2);
});
