// What IPNDM is equal to, in float64, and how fast it converges: its README lists these laws.
import { observedOrder, rms } from '@unnoise/conformance';
import type { Run } from '@unnoise/core';
import { tensor, torchGenerator } from '@unnoise/core';
import { createReferenceBackend } from '@unnoise/core/reference';
import { DDIMScheduler } from '@unnoise/scheduler-ddim';
import type { Distribution } from '@unnoise/testing-gmm';
import { gaussian, gaussianMixture, predict, solveFlow } from '@unnoise/testing-gmm';
import { describe, expect, it } from 'vitest';
import type { IPNDMRow } from '../src/index.ts';
import { IPNDMScheduler } from '../src/index.ts';

const backend = createReferenceBackend();
const shape = [16, 2];
const start = torchGenerator(3).normal(shape, 'float64');
const host = (data: ArrayLike<number>) => tensor(Float64Array.from(data), shape, { backend });
const scheduler = new IPNDMScheduler({}, { precision: 'exact64' });
const rowsOf = (run: Run) => run.timesteps.map((t, i) => run.plan.row(i, t) as IPNDMRow);

/** The sample before each step of what is left of a run, and after the last, for a model that knows the truth. */
async function walk(run: Run, model: Distribution, x: Float64Array): Promise<readonly Float64Array[]> {
  const samples = [x];
  for (const { alpha, sigma } of rowsOf(run).slice(run.beginIndex ?? 0)) {
    const sample = samples.at(-1)!;
    const out = host(predict(model, 'v_prediction', sample, alpha, sigma));
    samples.push(Float64Array.from(await (await run.step(out, host(sample))).prevSample.data()));
  }
  return samples;
}

describe('the schedule', () => {
  it('runs in even steps of time whose sines, squared, are the noise', () => {
    const run = scheduler.start(4);
    const levels = rowsOf(run);
    levels.forEach(({ alpha, sigma }, i) => {
      expect(sigma).toBeCloseTo(Math.sin((Math.PI / 2) * (1 - i / 4)) ** 2, 14);
      expect(alpha).toBeCloseTo(Math.sqrt(1 - sigma ** 2), 14);
      expect(Math.sin((run.timesteps[i]! * Math.PI) / 2)).toBeCloseTo(sigma, 14);
    });
    expect(levels.at(-1)).toMatchObject({ alphaPrev: 1, sigmaPrev: 0 });
  });
});

describe('a step without history', () => {
  it('is one of DDIM with v_prediction', async () => {
    const steps = 6;
    const squares = rowsOf(scheduler.start(steps))
      .slice(1)
      .map(({ alpha }) => alpha ** 2)
      .reverse();
    const trained_betas = squares.map((square, i) => 1 - square / (squares[i - 1] ?? 1));
    const config = {
      trained_betas,
      num_train_timesteps: steps - 1,
      prediction_type: 'v_prediction',
      clip_sample: false,
    } as const;
    const ddim = new DDIMScheduler(config, { precision: 'exact64' }).start(steps - 1);
    const out = host(start.map(Math.sin));
    for (const [i, timestep] of ddim.timesteps.entries()) {
      const run = scheduler.start({ numInferenceSteps: steps, beginIndex: i + 1 });
      const [ours, theirs] = [await run.step(out, host(start)), await ddim.step(out, host(start), {}, timestep)];
      expect(rms(await ours.prevSample.data(), await theirs.prevSample.data())).toBeLessThan(1e-12);
    }
  });
});

describe('the step from pure noise', () => {
  it('predicts a clean sample of 0, whatever the model says', async () => {
    const run = scheduler.start(10);
    const { prevSample } = await run.step(host(start.map(Math.exp)), host(start));
    const { sigmaPrev } = rowsOf(run)[0]!;
    expect(
      rms(
        await prevSample.data(),
        start.map((value) => sigmaPrev * value),
      ),
    ).toBeLessThan(1e-15);
  });
});

describe('a single point as data', () => {
  it('is reached from any later level in any number of steps', async () => {
    const mean = [0.7, -0.4];
    for (const [steps, beginIndex] of [
      [2, 1],
      [5, 1],
      [10, 4],
    ] as const) {
      const run = scheduler.start({ numInferenceSteps: steps, beginIndex });
      const { alpha, sigma } = rowsOf(run)[beginIndex]!;
      const samples = await walk(
        run,
        gaussian(mean, 0),
        start.map((value, i) => alpha * mean[i % 2]! + sigma * value),
      );
      samples.at(-1)!.forEach((value, i) => expect(value).toBeCloseTo(mean[i % 2]!, 10));
    }
  });
});

describe('on a mixture whose mean is 0, which the first step takes it to be', () => {
  const mixture = gaussianMixture([
    { weight: 0.5, mean: [-0.8, 0.5], deviation: 0.4 },
    { weight: 0.5, mean: [0.8, -0.5], deviation: 0.4 },
  ]);
  const NOISE = 1e5; // sigma / alpha from where the flow is followed instead of from infinity

  it('converges with order 2.3 at least', async () => {
    const counts = [10, 20, 40];
    const errors: number[] = [];
    for (const steps of counts) {
      const run = scheduler.start(steps);
      const { alpha, sigma } = rowsOf(run).at(-1)!;
      const before = (await walk(run, mixture, start)).at(-2)!;
      const exact = solveFlow(
        mixture,
        start.map((value) => NOISE * value),
        NOISE,
        sigma / alpha,
        1000,
      );
      errors.push(
        rms(
          before.map((value) => value / alpha),
          exact,
        ),
      );
    }
    expect(observedOrder(counts, errors)).toBeGreaterThan(2.3);
    expect(errors.at(-1)).toBeLessThan(1e-3);
  });
});

describe('trained_betas', () => {
  it('outside [-1, 1] are refused', () => {
    const config = { trained_betas: [1, 1.2, 0] };
    expect(() => new IPNDMScheduler(config).start(2)).toThrow('entry 1 is 1.2');
  });
});
