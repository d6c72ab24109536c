// What unCLIP's step is equal to, in float64: the README lists these identities.
import type { GoldenSteps } from '@unnoise/conformance';
import { TapeGenerator, fileGoldens, rms, tolerances } from '@unnoise/conformance';
import type { Generator, NoiseLevel, Run, StepOptions, Tensor } from '@unnoise/core';
import { tensor, torchGenerator } from '@unnoise/core';
import { createReferenceBackend } from '@unnoise/core/reference';
import { DDPMScheduler } from '@unnoise/scheduler-ddpm';
import { predict, testMixture } from '@unnoise/testing-gmm';
import { describe, expect, it } from 'vitest';
import type { UnCLIPConfig } from '../src/index.ts';
import { UnCLIPScheduler } from '../src/index.ts';

const goldens = fileGoldens(new URL('../../../conformance/golden/', import.meta.url));
const backend = createReferenceBackend();
const exact = { precision: 'exact64' } as const;
const unclip = (config: Partial<UnCLIPConfig> = {}) => new UnCLIPScheduler({ clip_sample: false, ...config }, exact);
const shape = [3, 2];
const start = torchGenerator(3).normal(shape, 'float64');
const host = (data: ArrayLike<number>, size: readonly number[] = shape): Tensor =>
  tensor(Float64Array.from(data), size, { backend });
const mixture = (x: Float64Array, { signal, noise }: NoiseLevel) => predict(testMixture, 'epsilon', x, signal, noise);
/** As upstream's pipelines call the step: to the next entry, and from the last one to the timestep below. */
const towards = (run: Run): StepOptions => ({ prevTimestep: run.remaining[1] });
/** A run knows where it goes. */
const alone = (): StepOptions => ({});

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

describe('a run', () => {
  const request = () => ({ numInferenceSteps: 5, generator: torchGenerator(1) });

  it.each([2, 5, 25])('is DDPM on the same timesteps, draw for draw (%d steps)', async (steps) => {
    const run = unclip().start({ numInferenceSteps: steps, generator: torchGenerator(1) });
    const ddpm = new DDPMScheduler({ beta_schedule: 'squaredcos_cap_v2', clip_sample: false }, exact).start({
      timesteps: run.timesteps,
      generator: torchGenerator(1),
    });
    const ours = await samples(run, alone);
    const theirs = await samples(ddpm, alone);
    ours.forEach((x, i) => expect(rms(x, theirs[i]!)).toBeLessThan(1e-11));
  });

  it('goes where it would go if told the next entry of its schedule at each step', async () => {
    expect(await samples(unclip().start(request()), alone)).toEqual(await samples(unclip().start(request()), towards));
  });

  it('goes elsewhere where it is told', async () => {
    const below = (run: Run): StepOptions => ({ prevTimestep: run.nextTimestep() - 1 });
    const [told, untold] = [
      await samples(unclip().start(request()), below),
      await samples(unclip().start(request()), alone),
    ];
    expect(rms(told.at(-1)!, untold.at(-1)!)).toBeGreaterThan(0.1); // most of the noise stays
  });

  it.each([
    [999, 957],
    [500, 458],
    [42, 0],
    [0, -1],
  ])("in step %d to %d has upstream's numbers, who were told", async (from, to) => {
    for (const variance of ['fixed-small-log', 'learned-range']) {
      const id = `UnCLIPScheduler/${variance}-from-${from}-to-${to < 0 ? 'end' : to}`;
      const golden = goldens.cases('UnCLIPScheduler').find((one) => one.id === id) as GoldenSteps;
      const tensors = await goldens.tensors(id);
      const of = (name: string) => host(tensors.get(name)!.data, tensors.get(name)!.shape);
      const scheduler = new UnCLIPScheduler(golden.config);
      const beginIndex = scheduler.start(25).timesteps.indexOf(from);
      const run = scheduler.start({ numInferenceSteps: 25, beginIndex });
      const { prevSample } = await run.step(of('out.0'), of('x.0'), { generator: TapeGenerator.ofStep(tensors, 0) });
      const wanted = tensors.get('prev.0')!.data as Float32Array;
      const { STEP, largest, noted } = tolerances;
      const bound = (STEP + noted(golden.tolerance_note?.['prev.0'])) * largest(wanted);
      (await prevSample.data()).forEach((value, i) => expect(Math.abs(value - wanted[i]!)).toBeLessThan(bound));
    }
  });
});

describe('scheduler.step', () => {
  it('goes to the timestep below, as upstream, unless it is told', async () => {
    const scheduler = unclip();
    scheduler.setTimesteps(5);
    const step = async (options: StepOptions) => {
      const generator = torchGenerator(1);
      const { prevSample } = await scheduler.step(host(start), 999, host(start), { ...options, generator });
      return prevSample.data();
    };
    expect(await step({})).toEqual(await step({ prevTimestep: 998 }));
    expect(await step({})).not.toEqual(await step({ prevTimestep: scheduler.timesteps[1]! }));
  });
});

describe('learned_range', () => {
  const at = (learned: number | undefined, variance_type: UnCLIPConfig['variance_type']) =>
    samples(
      unclip({ variance_type }).start({ numInferenceSteps: 5, generator: torchGenerator(1) }),
      alone,
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
      await samples(unclip().start({ numInferenceSteps: 6, generator: torchGenerator(1) }), alone, point)
    ).at(-1)!;
    end.forEach((value, i) => expect(value).toBeCloseTo(clean[i % 2]!, 10));
  });
});
