// How fast KDPM2 converges where the truth is known.
import { observedOrder, rms, trajectory } from '@unnoise/conformance';
import { torchGenerator } from '@unnoise/core';
import { predict, solveFlow, testMixture } from '@unnoise/testing-gmm';
import { expect, it } from 'vitest';
import { KDPM2DiscreteScheduler } from '../src/index.ts';

const counts = [20, 40, 80, 160];
const shape = [16, 2];
const noise = torchGenerator(1).normal(shape, 'float64');

/** The error of the sample before the last step, whose level does not depend on the number of steps. */
async function errorOf(steps: number): Promise<number> {
  const scheduler = new KDPM2DiscreteScheduler({ use_karras_sigmas: true }, { precision: 'exact64' });
  const run = scheduler.start(steps);
  const { plan } = run;
  const levels = plan.timesteps.map((t, i) => Math.sqrt(1 / plan.inputScale!(i, t) ** 2 - 1));
  const model = (x: Float64Array) =>
    predict(testMixture, 'epsilon', x, 1, levels[levels.length - run.remaining.length]!);
  const start = noise.map((value) => value * levels[0]!);
  const samples = await trajectory({ run, model, start, shape, steps: levels.length - 1 });
  return rms(samples.at(-1)!, solveFlow(testMixture, start, levels[0]!, levels.at(-1)!, 600));
}

it('KDPM2 converges with order 2 on Karras sigmas', async () => {
  const errors: number[] = [];
  for (const steps of counts) errors.push(await errorOf(steps));
  const order = observedOrder(counts, errors);
  expect(order).toBeGreaterThan(1.95);
  expect(order).toBeLessThan(2.3);
});
