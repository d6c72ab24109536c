// That the steps of DPM adaptive are as exact as they are asked to be, and end: its README lists these.
import { rms } from '@unnoise/conformance';
import { tensor, torchGenerator } from '@unnoise/core';
import { createReferenceBackend } from '@unnoise/core/reference';
import { gaussian, gaussianFlow, predict, solveFlow, testMixture } from '@unnoise/testing-gmm';
import { describe, expect, it } from 'vitest';
import type { DPMAdaptiveConfig } from '../src/index.ts';
import { DPMAdaptiveScheduler } from '../src/index.ts';

const backend = createReferenceBackend();
const shape = [8, 2];
const ends = { sigma_max: 20, sigma_min: 0.05 };
const normal = torchGenerator(3).normal(shape, 'float64');
const start = normal.map((value) => value * 20);
const host = (data: ArrayLike<number>) => tensor(Float64Array.from(data), shape, { backend });

type Model = (x: Float64Array, sigma: number) => ArrayLike<number>;
const mixture: Model = (x, sigma) => predict(testMixture, 'epsilon', x, 1, sigma);

/** A whole run, as a user's loop has it. */
async function sampled(config: Partial<DPMAdaptiveConfig>, model: Model = mixture) {
  const run = new DPMAdaptiveScheduler({ ...ends, ...config }, { precision: 'exact64' }).start({
    numInferenceSteps: 1,
    generator: torchGenerator(5),
  });
  let x = start;
  let calls = 0;
  for (; !run.done; calls++) {
    const { noise } = run.plan.noiseLevel!(calls, run.timestep!);
    (await run.scaleModelInput(host(x))).dispose();
    x = Float64Array.from(await (await run.step(host(model(x, noise)), host(x))).prevSample.data());
  }
  return { x, calls };
}

describe('a run', () => {
  it.each([2, 3])('of order %i comes nearer to the truth the smaller its tolerance, for more calls', async (order) => {
    const truth = solveFlow(testMixture, start, 20, 0.05, 800);
    const found = [];
    for (const rtol of [1e-1, 1e-2, 1e-3]) {
      const { x, calls } = await sampled({ order, rtol, atol: rtol / 5 });
      found.push({ error: rms(x, truth), calls });
    }
    const [coarse, middle, fine] = found as [(typeof found)[0], (typeof found)[0], (typeof found)[0]];
    expect(middle.error).toBeLessThan(coarse.error / 3);
    expect(fine.error).toBeLessThan(middle.error / 3);
    expect(fine.error).toBeLessThan(1e-3);
    expect(coarse.calls).toBeLessThan(middle.calls);
    expect(middle.calls).toBeLessThan(fine.calls);
  });

  it('is exact where the data is a single point, in few and growing steps', async () => {
    const mean = [0.7, -0.4];
    const { x, calls } = await sampled({}, (y, sigma) => predict(gaussian(mean, 0), 'epsilon', y, 1, sigma));
    expect(rms(x, gaussianFlow(start, 20, 0.05, mean, 0))).toBeLessThan(1e-10);
    expect(calls).toBeLessThan(30);
  });

  it('with noise ends at the level of its end', async () => {
    const { x } = await sampled({ eta: 1 });
    for (const value of x) expect(Math.abs(value)).toBeLessThan(4);
  });
});

describe('what cannot end', () => {
  it('is told, with the run where it was', async () => {
    await expect(sampled({ max_calls: 30, rtol: 1e-6, atol: 1e-9 })).rejects.toMatchObject({ code: 'NUMERIC' });
    await expect(sampled({}, (x) => x.map(() => Number.NaN))).rejects.toMatchObject({ code: 'NUMERIC' });
  });
});
