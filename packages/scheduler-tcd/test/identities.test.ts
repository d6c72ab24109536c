// What TCD is equal to, in float64: its README lists these identities.
import { rms, sameTrajectory, trajectory } from '@unnoise/conformance';
import type { NoiseLevel } from '@unnoise/core';
import { tensor, torchGenerator } from '@unnoise/core';
import { createReferenceBackend } from '@unnoise/core/reference';
import { DDIMScheduler } from '@unnoise/scheduler-ddim';
import { predict, testMixture } from '@unnoise/testing-gmm';
import { describe, expect, it } from 'vitest';
import type { TCDConfig } from '../src/index.ts';
import { TCDScheduler } from '../src/index.ts';

const backend = createReferenceBackend();
const shape = [3, 2];
const start = torchGenerator(3).normal(shape, 'float64');
const host = (data: ArrayLike<number>) => tensor(Float64Array.from(data), shape, { backend });
const tcd = (config: Partial<TCDConfig> = {}) => new TCDScheduler(config, { precision: 'exact64' });
const { beta_start, beta_end, beta_schedule } = tcd().config;
const betas = { beta_start, beta_end, beta_schedule };
const model = (x: Float64Array, { signal, noise }: NoiseLevel) => predict(testMixture, 'epsilon', x, signal, noise);

describe('eta 0', () => {
  it('is DDIM on the same timesteps, ending at that of timestep 0', async () => {
    const run = tcd({ original_inference_steps: 10 }).start({ numInferenceSteps: 10, eta: 0 });
    const config = { ...betas, timestep_spacing: 'trailing', set_alpha_to_one: false, clip_sample: false } as const;
    const ddim = new DDIMScheduler(config, { precision: 'exact64' }).start(10);
    expect(run.timesteps).toEqual(ddim.timesteps);
    const trial = { model, start, shape };
    await expect(sameTrajectory({ ...trial, run }, { ...trial, run: ddim })).resolves.toBeUndefined();
  });
});

describe('with the exact jumps of Gaussian data', () => {
  const [mean, deviation] = [0.7, 0.5];
  const spread = ({ signal, noise }: NoiseLevel) => Math.hypot(signal * deviation, noise);

  /** Mean and variance of the samples over those that are wanted: a row at the mean, one a deviation off, and one per draw. */
  async function lawOf(steps: number, eta: number): Promise<[number, number]> {
    let [row, step] = [2, 0];
    const generator = Object.assign(torchGenerator(0), {
      normal: () => new Float32Array(steps + 1).fill(1, row, ++row),
    });
    const run = tcd().start({ numInferenceSteps: steps, eta, generator });
    const levelAt = (timestep: number) => run.plan.noiseLevel!(0, timestep);
    // The noise that takes x straight to where the probability flow is at the level that the step aims at.
    const jump = (x: Float64Array, now: NoiseLevel) => {
      const aim = levelAt(Math.floor((1 - eta) * (run.timesteps[++step] ?? 0)));
      const ratio = aim.signal / now.signal;
      return x.map((value) => {
        const there = aim.signal * mean + ((value - now.signal * mean) * spread(aim)) / spread(now);
        return (there - ratio * value) / (aim.noise - ratio * now.noise);
      });
    };
    const first = levelAt(run.timesteps[0]!);
    const rows = Float64Array.from(
      { length: steps + 1 },
      (_, i) => first.signal * mean + (i === 1 ? spread(first) : 0),
    );
    const [middle, ...others] = (await trajectory({ run, model: jump, start: rows })).at(-1)!;
    const last = levelAt(0);
    const variance = others.reduce((sum, value) => sum + (value - middle!) ** 2, 0);
    return [middle! / (last.signal * mean), variance / spread(last) ** 2];
  }

  it.each([0, 0.3, 0.5, 1])('any number of steps gives the law of the data at timestep 0 (eta %d)', async (eta) => {
    for (const steps of [1, 2, 4, 8]) {
      const [middle, variance] = await lawOf(steps, eta);
      expect(middle).toBeCloseTo(1, 10);
      expect(variance).toBeCloseTo(1, 10);
    }
  });
});

describe('a step', () => {
  it.each([0.1, 0.5, 1])('is one of DDIM to a level beyond and the noise of DDPM back (eta %d)', async (eta) => {
    const scheduler = tcd({ original_inference_steps: 10 });
    scheduler.setTimesteps(10);
    const [now, next] = scheduler.timesteps as [number, number];
    const beyond = Math.floor((1 - eta) * next);
    const out = host(start.map(Math.sin));
    const { prevSample, predOriginalSample } = await scheduler.step(out, now, host(start), {
      eta,
      generator: torchGenerator(5),
    });
    const jump = tcd({ original_inference_steps: 1000 }).start({ timesteps: [now, beyond], eta: 0 });
    const there = await jump.step(out, host(start));
    const [s, t] = [beyond, next].map((timestep) => jump.plan.noiseLevel!(0, timestep)) as [NoiseLevel, NoiseLevel];
    const ratio = t.signal / s.signal;
    const z = torchGenerator(5).normal(shape);
    const wanted = (await there.prevSample.data()).map((value, i) => ratio * value + Math.sqrt(1 - ratio ** 2) * z[i]!);
    expect(rms(await prevSample.data(), wanted)).toBeLessThan(1e-12);
    expect(await predOriginalSample!.data()).toEqual(await there.predOriginalSample!.data());
  });

  it('predicts the clean sample that DDIM predicts', async () => {
    const [out, x] = [host(start.map(Math.sin)), host(start)];
    const ddim = new DDIMScheduler({ ...betas, clip_sample: false }, { precision: 'exact64' }).start(1);
    const theirs = await ddim.step(out, x, {}, 979);
    const ours = await tcd()
      .start({ timesteps: [979], eta: 0 })
      .step(out, x);
    expect(rms(await ours.predOriginalSample!.data(), await theirs.predOriginalSample!.data())).toBeLessThan(1e-12);
  });
});
