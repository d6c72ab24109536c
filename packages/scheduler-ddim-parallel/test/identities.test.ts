// What a batched step is equal to, in float64: the README lists these identities.
import { rms, sameTrajectory, trajectory } from '@unnoise/conformance';
import type { NoiseLevel, Tensor } from '@unnoise/core';
import { tensor, torchGenerator } from '@unnoise/core';
import { createReferenceBackend } from '@unnoise/core/reference';
import { DDIMScheduler } from '@unnoise/scheduler-ddim';
import { predict, testMixture } from '@unnoise/testing-gmm';
import { describe, expect, it } from 'vitest';
import type { DDIMParallelConfig } from '../src/index.ts';
import { DDIMParallelScheduler } from '../src/index.ts';

const backend = createReferenceBackend();
const exact = { precision: 'exact64' } as const;
const parallel = (config: Partial<DDIMParallelConfig> = {}) =>
  new DDIMParallelScheduler({ clip_sample: false, ...config }, exact);
const host = (data: ArrayLike<number>, shape: readonly number[]): Tensor =>
  tensor(Float64Array.from(data), shape, { backend });
const model = (x: Float64Array, { signal, noise }: NoiseLevel) => predict(testMixture, 'epsilon', x, signal, noise);

describe('a batched step', () => {
  const shape = [4, 2, 3];
  const [out, x] = [3, 4].map((seed) => torchGenerator(seed).normal(shape, 'float64'));
  const timesteps = [1, 400, 999, 400];

  it.each<Partial<DDIMParallelConfig>>([
    {},
    { prediction_type: 'sample' },
    { prediction_type: 'v_prediction', rescale_betas_zero_snr: true },
    { clip_sample: true, clip_sample_range: 0.4 },
    { thresholding: true, sample_max_value: 1.5 },
  ])('of a batch of timesteps is the steps one by one (%o)', async (config) => {
    for (const useClippedModelOutput of [false, true]) {
      const scheduler = parallel(config);
      scheduler.setTimesteps(5);
      const options = { useClippedModelOutput };
      const all = await scheduler.batchStepNoNoise(host(out!, shape), timesteps, host(x!, shape), options);
      const together = await all.data();
      for (const [i, timestep] of timesteps.entries()) {
        const item = (data: Float64Array) => host(data.subarray(6 * i, 6 * i + 6), [1, 2, 3]);
        const { prevSample } = await scheduler.step(item(out!), timestep, item(x!), options);
        expect(rms(await prevSample.data(), together.subarray(6 * i, 6 * i + 6))).toBeLessThan(1e-12);
      }
    }
  });
});

describe('step', () => {
  it.each([0, 0.5])('is that of DDIMScheduler (eta %d)', async (eta) => {
    const start = torchGenerator(7).normal([3, 2], 'float64');
    const request = () => ({ numInferenceSteps: 8, eta, generator: torchGenerator(1) });
    const trial = { model, start, shape: [3, 2] };
    const ddim = new DDIMScheduler({ clip_sample: false }, exact).start(request());
    await expect(
      sameTrajectory({ ...trial, run: parallel().start(request()) }, { ...trial, run: ddim }, { bound: 0 }),
    ).resolves.toBeUndefined();
  });
});

describe('Picard iteration over the whole run', () => {
  const steps = 6;
  const start = torchGenerator(7).normal([1, 2], 'float64');

  /** Every state of the run from a guess of them all: each is the start and the sum of the changes before it. */
  async function refined(scheduler: DDIMParallelScheduler, guess: readonly Float64Array[]): Promise<Float64Array[]> {
    const { timesteps } = scheduler;
    const plan = scheduler.start(steps).plan;
    const flat = (rows: readonly Float64Array[]) =>
      host(Float64Array.from(rows.flatMap((row) => [...row])), [steps, 2]);
    const outs = timesteps.map((t, i) => Float64Array.from(model(guess[i]!, plan.noiseLevel!(i, t))));
    const next = await scheduler.batchStepNoNoise(flat(outs), timesteps, flat(guess.slice(0, steps)));
    const moved = await next.data();
    const states = [start];
    for (let i = 0; i < steps; i++)
      states.push(states[i]!.map((value, d) => value + moved[2 * i + d]! - guess[i]![d]!));
    return states;
  }

  it('reaches the states of the serial run, one more with every sweep', async () => {
    const scheduler = parallel();
    scheduler.setTimesteps(steps);
    const serial = await trajectory({ run: scheduler.start(steps), model, start, shape: [1, 2] });
    let states: Float64Array[] = Array.from({ length: steps + 1 }, () => start);
    expect(rms(states.at(-1)!, serial.at(-1)!)).toBeGreaterThan(0.01);
    for (let sweep = 1; sweep <= steps; sweep++) {
      states = await refined(scheduler, states);
      for (let i = 0; i <= sweep; i++) expect(rms(states[i]!, serial[i]!)).toBeLessThan(1e-12);
    }
  });
});

describe('what is asked of it', () => {
  it('is an ODE, and takes no option that would be lost', async () => {
    const scheduler = parallel();
    scheduler.setTimesteps(5);
    const x = host([1, 2], [1, 2]);
    expect(scheduler.isOdeScheduler).toBe(true);
    await expect(scheduler.batchStepNoNoise(x, [1], x, { generator: 1 } as never)).rejects.toThrow('generator');
  });
});
