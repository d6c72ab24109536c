// What the sCM sampler is equal to, in float64: its README lists these identities.
import type { Generator, Run } from '@unnoise/core';
import { tensor, torchGenerator } from '@unnoise/core';
import { createReferenceBackend } from '@unnoise/core/reference';
import { describe, expect, it } from 'vitest';
import type { SCMConfig } from '../src/index.ts';
import { SCMScheduler } from '../src/index.ts';

const backend = createReferenceBackend();
const scm = (config: Partial<SCMConfig> = {}) => new SCMScheduler(config, { precision: 'exact64' });
const host = (data: ArrayLike<number>) => tensor(Float64Array.from(data), [data.length], { backend });
const even = { intermediateTimesteps: null };

/** Runs to the end with a model that is told the angle; the last sample. */
async function sampled(run: Run, start: ArrayLike<number>, model: (x: number, t: number) => number) {
  let x = Float64Array.from(start);
  while (!run.done) {
    const t = run.nextTimestep();
    const { prevSample } = await run.step(host(x.map((value) => model(value, t))), host(x));
    x = Float64Array.from(await prevSample.data());
  }
  return x;
}

describe('with the exact consistency function of Gaussian data', () => {
  const [mean, deviation, data] = [0.7, 0.3, 0.5];
  const spread = (t: number) => Math.hypot(Math.cos(t) * deviation, Math.sin(t) * data);
  /** The velocity whose jump from x at angle t ends where the flow does. */
  const model = (x: number, t: number) => {
    const jump = mean + ((x - Math.cos(t) * mean) * deviation) / spread(t);
    return (Math.cos(t) * x - jump) / Math.sin(t);
  };

  it.each([1, 2, 4, 16])('%i steps give the law of the data', async (steps) => {
    let row = 2;
    const normal = () => new Float32Array(steps + 2).fill(1, row, ++row);
    const generator: Generator = Object.assign(torchGenerator(0), { normal });
    const run = scm({ sigma_data: data }).start({ numInferenceSteps: steps, generator, ...even });
    const first = run.nextTimestep();
    const start = Float64Array.from(
      { length: steps + 2 },
      (_, i) => Math.cos(first) * mean + (i === 1 ? spread(first) : 0),
    );
    const [middle, ...others] = await sampled(run, start, model);
    expect(middle).toBeCloseTo(mean, 12);
    expect(others.reduce((sum, value) => sum + (value - middle!) ** 2, 0)).toBeCloseTo(deviation ** 2, 12);
  });
});

describe('a single point of data', () => {
  it('is reached by every step: x0 is that point at every angle', async () => {
    const point = 0.7;
    const run = scm().start({ numInferenceSteps: 5, generator: torchGenerator(3), ...even });
    let x = host([1.3, -0.2]);
    while (!run.done) {
      const t = run.nextTimestep();
      const v = x.mul(Math.cos(t)).sub(point).div(Math.sin(t));
      const { prevSample, predOriginalSample } = await run.step(v, x);
      for (const value of await predOriginalSample!.data()) expect(value).toBeCloseTo(point, 12);
      x = prevSample;
    }
    for (const value of await x.data()) expect(value).toBeCloseTo(point, 12);
  });
});

describe('angles', () => {
  it('show the end on the scheduler, as upstream, and not in runs, which stop there', () => {
    const scheduler = scm();
    scheduler.setTimesteps(2);
    expect(scheduler.timesteps).toEqual([1.5708, 1.3, 0]);
    expect(scheduler.start(2).timesteps).toEqual([1.5708, 1.3]);
    scheduler.dispose();
    expect(scheduler.timesteps).toHaveLength(1000);
  });
});
