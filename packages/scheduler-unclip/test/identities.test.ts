// What unCLIP's step is equal to, in float64: the README lists these identities.
import { rms } from '@unnoise/conformance';
import type { Generator, NoiseLevel, Run, StepOptions, Tensor } from '@unnoise/core';
import { tensor, torchGenerator } from '@unnoise/core';
import { createReferenceBackend } from '@unnoise/core/reference';
import { DDPMScheduler } from '@unnoise/scheduler-ddpm';
import { predict, testMixture } from '@unnoise/testing-gmm';
import { describe, expect, it } from 'vitest';
import type { UnCLIPConfig } from '../src/index.ts';
import { UnCLIPScheduler } from '../src/index.ts';

const backend = createReferenceBackend();
const exact = { precision: 'exact64' } as const;
const unclip = (config: Partial<UnCLIPConfig> = {}) => new UnCLIPScheduler({ clip_sample: false, ...config }, exact);
const shape = [3, 2];
const start = torchGenerator(3).normal(shape, 'float64');
const host = (data: ArrayLike<number>, size: readonly number[] = shape): Tensor =>
  tensor(Float64Array.from(data), size, { backend });
const mixture = (x: Float64Array, { signal, noise }: NoiseLevel) => predict(testMixture, 'epsilon', x, signal, noise);
/** As pipelines do: to the next entry, and from the last one to the timestep below. */
const towards = (run: Run): StepOptions => ({ prevTimestep: run.remaining[1] });

/** The samples of a run; `learned` adds the channels of a learned variance, all of this value. */
async function samples(
  run: Run,
  optionsOf: (run: Run) => StepOptions,
  model: (x: Float64Array, level: NoiseLevel) => ArrayLike<number> = mixture,
  learned?: number,
): Promise<Float64Array[]> {
  const list = [start];
  while (!run.done) {
    const x = list.at(-1)!;
    const eps = model(x, run.plan.noiseLevel!(0, run.nextTimestep()));
    const rows = Array.from({ length: 3 }, (_, i) => [eps[2 * i]!, eps[2 * i + 1]!, learned!, learned!]).flat();
    const out = learned === undefined ? host(eps) : host(rows, [3, 4]);
    const { prevSample } = await run.step(out, host(x), optionsOf(run));
    list.push(Float64Array.from(await prevSample.data()));
  }
  return list;
}

describe('with prevTimestep the next entry', () => {
  it.each([2, 5, 25])('is DDPM on the same timesteps, draw for draw (%d steps)', async (steps) => {
    const run = unclip().start({ numInferenceSteps: steps, generator: torchGenerator(1) });
    const ddpm = new DDPMScheduler({ beta_schedule: 'squaredcos_cap_v2', clip_sample: false }, exact).start({
      timesteps: run.timesteps,
      generator: torchGenerator(1),
    });
    const ours = await samples(run, towards);
    const theirs = await samples(ddpm, () => ({}));
    ours.forEach((x, i) => expect(rms(x, theirs[i]!)).toBeLessThan(1e-11));
  });

  it('without it a step goes to the timestep below, and so a run with fewer steps ends noisy', async () => {
    const request = () => ({ numInferenceSteps: 5, generator: torchGenerator(1) });
    const [told, untold] = [
      await samples(unclip().start(request()), towards),
      await samples(unclip().start(request()), () => ({})),
    ];
    expect(rms(told.at(-1)!, untold.at(-1)!)).toBeGreaterThan(0.1);
  });
});

describe('learned_range', () => {
  const at = (learned: number | undefined, variance_type: UnCLIPConfig['variance_type']) =>
    samples(
      unclip({ variance_type }).start({ numInferenceSteps: 5, generator: torchGenerator(1) }),
      towards,
      mixture,
      learned,
    );

  it('with an output of -1 is fixed_small_log', async () => {
    const [learned, fixed] = [await at(-1, 'learned_range'), await at(undefined, 'fixed_small_log')];
    learned.forEach((x, i) => expect(rms(x, fixed[i]!)).toBeLessThan(1e-11));
  });

  it('with an output of 1 adds the noise of the forward step', async () => {
    const scheduler = unclip({ variance_type: 'learned_range' });
    const z = (value: number): { generator: Generator } => ({
      generator: Object.assign(torchGenerator(0), { normal: () => new Float32Array(6).fill(value) as never }),
    });
    const out = host(
      [...start, ...start.map(() => 1)].map((_, i) => (i % 4 < 2 ? start[i % 6]! : 1)),
      [3, 4],
    );
    const [one, none] = await Promise.all(
      [1, 0].map(async (value) => {
        const options = { prevTimestep: 458, ...z(value) };
        const run = scheduler.start(25);
        return (await run.step(out, host(start), options, 500)).prevSample.data();
      }),
    );
    const { noiseLevel } = scheduler.start(25).plan;
    const beta = 1 - (noiseLevel!(0, 500).signal / noiseLevel!(0, 458).signal) ** 2;
    one!.forEach((value, i) => expect(value - none![i]!).toBeCloseTo(Math.sqrt(beta), 10));
  });
});

describe('a single point as data', () => {
  it('is what the last step gives, whatever noise came before', async () => {
    const clean = [0.7, -0.4];
    const point = (x: Float64Array, { signal, noise }: NoiseLevel) =>
      x.map((value, i) => (value - signal * clean[i % 2]!) / noise);
    const end = (
      await samples(unclip().start({ numInferenceSteps: 6, generator: torchGenerator(1) }), towards, point)
    ).at(-1)!;
    end.forEach((value, i) => expect(value).toBeCloseTo(clean[i % 2]!, 10));
  });
});
