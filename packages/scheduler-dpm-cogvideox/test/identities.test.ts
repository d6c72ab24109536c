// What CogVideoX's DPM is equal to, in float64: its README lists these identities.
import { rms, trajectory } from '@unnoise/conformance';
import type { Generator, NoiseLevel, Tensor } from '@unnoise/core';
import { tensor, torchGenerator } from '@unnoise/core';
import { createReferenceBackend } from '@unnoise/core/reference';
import { DPMSolverMultistepScheduler } from '@unnoise/scheduler-dpmsolver-multistep';
import { predict, testMixture } from '@unnoise/testing-gmm';
import { describe, expect, it } from 'vitest';
import type { CogVideoXDPMConfig } from '../src/index.ts';
import { CogVideoXDPMScheduler } from '../src/index.ts';

const shape = [3, 2];
const start = torchGenerator(3).normal(shape, 'float64');
const exact = { precision: 'exact64' } as const;
const cogvideox = (config: Partial<CogVideoXDPMConfig> = {}) => new CogVideoXDPMScheduler(config, exact);
const { beta_start, beta_end, beta_schedule } = cogvideox().config;
const model = (x: Float64Array, { signal, noise }: NoiseLevel) => predict(testMixture, 'epsilon', x, signal, noise);
const backend = createReferenceBackend();
const host = (data: ArrayLike<number>): Tensor => tensor(Float64Array.from(data), shape, { backend });

/** The noise that is used: the second of two draws, but for the first step and the last, which draw once. */
function usedNoise(steps: number, generator: Generator): Float32Array[] {
  return Array.from({ length: steps }, (_, i) => {
    const first = generator.normal(shape);
    return i === 0 || i === steps - 1 ? first : generator.normal(shape);
  });
}

describe('snr_shift_scale 1', () => {
  it('is DPM-Solver++ as an SDE, of second order and midpoint, on the same timesteps', async () => {
    const steps = 10;
    const run = cogvideox({ snr_shift_scale: 1, timestep_spacing: 'trailing' }).start({
      numInferenceSteps: steps,
      generator: torchGenerator(5),
    });
    const noise = usedNoise(steps, torchGenerator(5));
    const used: Generator = Object.assign(torchGenerator(0), { normal: () => noise.shift()! });
    const dpm = new DPMSolverMultistepScheduler(
      { beta_start, beta_end, beta_schedule, algorithm_type: 'sde-dpmsolver++', timestep_spacing: 'trailing' },
      exact,
    ).start({ timesteps: run.timesteps, generator: used });
    const ours = await trajectory({ run, model, start, shape });
    const theirs = await trajectory({ run: dpm, model, start, shape });
    ours.forEach((x, i) => expect(rms(x, theirs[i]!)).toBeLessThan(1e-10));
    expect(noise).toEqual([]);
  });
});

describe('the history', () => {
  it('may be given: the step is that of the run which made it', async () => {
    const scheduler = cogvideox();
    const [first, second] = scheduler.start(5).timesteps as [number, number];
    const run = scheduler.start({ numInferenceSteps: 5, generator: torchGenerator(1) });
    const [outs, x] = [[host(start.map(Math.sin)), host(start.map(Math.cos))] as const, host(start)];
    const one = await run.step(outs[0], x);
    const two = await run.step(outs[1], one.prevSample);
    const generator = torchGenerator(1);
    generator.normal(shape);
    const alone = await scheduler
      .start(5)
      .step(
        outs[1],
        one.prevSample,
        { generator, oldPredOriginalSample: one.predOriginalSample!, timestepBack: first },
        second,
      );
    expect(await alone.prevSample.data()).toEqual(await two.prevSample.data());
    const without = await scheduler.start(5).step(outs[1], one.prevSample, { generator: torchGenerator(2) }, second);
    expect(rms(await without.prevSample.data(), await two.prevSample.data())).toBeGreaterThan(1e-3);
  });
});

describe('the draws', () => {
  it('are two for each step but the first and the last, as upstream, whose second one counts', async () => {
    const counts: number[] = [];
    for (const steps of [1, 2, 5]) {
      let draws = 0;
      const generator = Object.assign(torchGenerator(0), { normal: () => (draws++, new Float32Array(6)) });
      await trajectory({ run: cogvideox().start({ numInferenceSteps: steps, generator }), model, start, shape });
      counts.push(draws);
    }
    expect(counts).toEqual([1, 2, 8]);
  });
});
