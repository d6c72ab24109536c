// Laws of a run: where it is, where it begins, what it takes. Those of a single step are in step.test.ts.
import { describe, expect, it } from 'vitest';
import type { StepOptions } from '../../src/index.ts';
import { tensor, torchGenerator } from '../../src/index.ts';
import { Countdown, Ladder, Slow, code, host, values } from './toys.ts';

/** The samples of a whole run with the model out = sin(x). */
async function finish(
  run: ReturnType<Countdown['start']>,
  x: readonly number[],
  options?: StepOptions,
): Promise<readonly number[]> {
  const { on } = host();
  let sample = x;
  while (!run.done) {
    const { prevSample } = await run.step(on(...sample.map(Math.sin)), on(...sample), options);
    sample = await values(prevSample);
  }
  return sample;
}

describe('runs', () => {
  it('do not disturb each other, however they are interleaved', async () => {
    const scheduler = new Countdown();
    const { on } = host();
    const alone = [await finish(scheduler.start(4), [1, 2]), await finish(scheduler.start(7), [3, 4])];
    const runs = [scheduler.start(4), scheduler.start(7)];
    const samples = [
      [1, 2],
      [3, 4],
    ] as (readonly number[])[];
    while (runs.some((run) => !run.done)) {
      for (const [i, run] of runs.entries()) {
        if (run.done) continue;
        samples[i] = await values((await run.step(on(...samples[i]!.map(Math.sin)), on(...samples[i]!))).prevSample);
      }
      scheduler.setTimesteps(3);
    }
    expect(samples).toEqual(alone);
  });

  it('of one scheduler may step at the same time', async () => {
    const scheduler = new Slow();
    const alone = await finish(scheduler.start(3), [1, 2]);
    const both = await Promise.all([finish(scheduler.start(3), [1, 2]), finish(scheduler.start(3), [1, 2])]);
    expect(both).toEqual([alone, alone]);
  });

  it('take one step at a time: the second is refused, the first is not harmed', async () => {
    const { on } = host();
    const run = new Slow().start(3);
    const first = run.step(on(1), on(5));
    await expect(run.step(on(1), on(5))).rejects.toMatchObject(code('REQUEST_INVALID'));
    expect(await values((await first).prevSample)).toEqual([4]);
    expect(run.stepIndex).toBe(1);
    await run.step(on(1), on(5));
  });
});

describe('the position', () => {
  it('goes through the timesteps one by one, and then the run is done', async () => {
    const { on } = host();
    const run = new Countdown().start(3);
    expect([run.timesteps, run.remaining, run.stepIndex, run.beginIndex]).toEqual([
      [30, 20, 10],
      [30, 20, 10],
      undefined,
      undefined,
    ]);
    const seen = [];
    while (!run.done) {
      seen.push(run.timestep);
      await run.step(on(1), on(5));
    }
    expect(seen).toEqual([30, 20, 10]);
    expect([run.timestep, run.remaining, run.stepIndex]).toEqual([undefined, [], 3]);
    expect(() => run.nextTimestep()).toThrow(expect.objectContaining(code('RUN_EXHAUSTED')));
    await expect(run.step(on(1), on(5))).rejects.toMatchObject(code('RUN_EXHAUSTED'));
    await expect(run.step(on(1), on(5), {}, 10)).rejects.toMatchObject(code('RUN_EXHAUSTED'));
  });

  it('is found by the first timestep that is given, and counts on from there', async () => {
    const { on } = host();
    const run = new Countdown().start(4);
    const [first, second] = [await run.step(on(1), on(5), {}, 20), await run.step(on(1), on(5), {}, 40)];
    expect([await values(first.predOriginalSample), await values(second.predOriginalSample)]).toEqual([[3], [4]]);
    expect(run.done).toBe(true);
  });

  it('does not matter to a scheduler that is addressed by timestep', async () => {
    const { on } = host();
    const run = new Ladder().start(2);
    const at = async (timestep?: number) => values((await run.step(on(6), on(0), {}, timestep)).prevSample);
    expect([await at(5), await at(), await at(99)]).toEqual([[-1], [-6], [-6 / 100].map((x) => expect.closeTo(x, 15))]);
  });

  it('of a timestep that is not in the schedule is an error, and the run stays where it was', async () => {
    const { on } = host();
    const run = new Countdown().start(3);
    await expect(run.step(on(1), on(5), {}, 25)).rejects.toMatchObject(code('TIMESTEP_NOT_IN_PLAN'));
    expect(run.timestep).toBe(30);
  });
});

describe('the beginning', () => {
  it('is where beginIndex says', async () => {
    const run = new Countdown().start({ numInferenceSteps: 5, beginIndex: 3 });
    expect([run.beginIndex, run.timestep, run.remaining]).toEqual([3, 20, [20, 10]]);
    expect(await finish(run, [1])).toEqual(await finish(new Countdown().start(2), [1]));
  });

  it.each([
    [1, 10],
    [0.35, 3],
    [0.3, 3],
    [0.05, 0],
    [0, 0],
  ])('leaves strength %f of ten steps: %i', (strength, left) => {
    const run = new Countdown().start({ numInferenceSteps: 10, strength });
    expect(run.remaining.length).toBe(left);
    expect(run.done).toBe(left === 0);
  });

  it.each([
    ['a strength above 1', { strength: 1.1 }],
    ['a negative strength', { strength: -0.1 }],
    ['a strength that is not a number', { strength: Number.NaN }],
    ['a negative index', { beginIndex: -1 }],
    ['a fractional index', { beginIndex: 1.5 }],
    ['an index and a strength', { beginIndex: 1, strength: 0.5 }],
  ])('cannot be %s', (_, request) => {
    expect(() => new Countdown().start({ numInferenceSteps: 10, ...request })).toThrow(
      expect.objectContaining(code('REQUEST_INVALID')),
    );
  });

  it('past the end is a run that is done', async () => {
    const { on } = host();
    const run = new Countdown().start({ numInferenceSteps: 3, beginIndex: 3 });
    expect(run.done).toBe(true);
    await expect(run.step(on(1), on(5))).rejects.toMatchObject(code('RUN_EXHAUSTED'));
  });
});

describe('options', () => {
  it('are closed lists: what a scheduler does not have is refused', async () => {
    const { on } = host();
    const bad = (request: object) => () => new Countdown().start({ numInferenceSteps: 3, ...request });
    for (const request of [{ sChurn: 1 }, { sigmas: [1, 0] }, { mu: 1 }, { numSteps: 3 }]) {
      expect(bad(request)).toThrow(
        expect.objectContaining({
          ...code('REQUEST_INVALID'),
          message: expect.stringContaining(Object.keys(request)[0]!),
        }),
      );
    }
    const run = new Countdown().start(3);
    await expect(run.step(on(1), on(5), { sChurn: 1 })).rejects.toMatchObject(code('REQUEST_INVALID'));
    await expect(new Ladder().start(3).step(on(1), on(5), { eta: 1 })).rejects.toThrow('It has: none');
  });

  it.each([0, -1, 1.5, Number.NaN, Infinity])('refuse %f steps', (numInferenceSteps) => {
    for (const request of [numInferenceSteps, { numInferenceSteps }]) {
      expect(() => new Countdown().start(request)).toThrow(expect.objectContaining(code('REQUEST_INVALID')));
    }
  });

  it('of start hold for every step, those of a step for that step, and undefined is not given', async () => {
    const { on } = host();
    const run = new Countdown().start({ numInferenceSteps: 4, eta: 2, varianceNoise: on(10) });
    const moved = async (options?: StepOptions) =>
      (await values((await run.step(on(0), on(0), options)).prevSample))[0];
    expect(await moved()).toBe(20);
    expect(await moved({ eta: 3 })).toBe(30);
    expect(await moved({ eta: undefined } as unknown as StepOptions)).toBe(20);
    expect(await moved({ varianceNoise: on(1) })).toBe(2);
  });
});

describe('noise', () => {
  it('given to a step takes the place of the source that the run has', async () => {
    const { on } = host();
    const seven = torchGenerator(7);
    const moved = async (run: ReturnType<Countdown['start']>, options?: StepOptions) =>
      (await values((await run.step(on(0), on(0), options)).prevSample))[0];
    const first = seven.clone().normal([1, 1])[0];
    const drawing = new Countdown().start({ numInferenceSteps: 3, eta: 1, generator: torchGenerator(1) });
    expect(await moved(drawing, { varianceNoise: on(4) })).toBe(4);
    expect(await moved(drawing)).toBe(torchGenerator(1).normal([1, 1])[0]);
    const given = new Countdown().start({ numInferenceSteps: 3, eta: 1, varianceNoise: on(4) });
    expect(await moved(given, { generator: seven })).toBe(first);
    expect(await moved(given)).toBe(4);
  });

  it('needs a generator: without one the step is refused, and the run stays where it was', async () => {
    const { on } = host();
    const run = new Countdown().start({ numInferenceSteps: 3, eta: 1 });
    await expect(run.step(on(1), on(5))).rejects.toMatchObject(code('GENERATOR_REQUIRED'));
    expect(run.timestep).toBe(30);
    await run.step(on(1), on(5), { generator: torchGenerator(0) });
  });

  it('comes from the generator in float32, one draw a step, or one draw an item of the batch', async () => {
    const { backend } = host();
    const x = () => tensor(new Float64Array(6), [2, 3], { backend });
    const step = async (generator: StepOptions['generator']) =>
      values((await new Countdown().start(3).step(x(), x(), { eta: 1, generator: generator! })).prevSample);
    expect(await step(torchGenerator(4))).toEqual([...torchGenerator(4).normal([2, 3])]);
    const pair = [torchGenerator(4), torchGenerator(5)];
    expect(await step(pair)).toEqual([4, 5].flatMap((seed) => [...torchGenerator(seed).normal([1, 3])]));
    await expect(step([torchGenerator(1), torchGenerator(2), torchGenerator(3)].slice(0, 0))).rejects.toMatchObject(
      code('REQUEST_INVALID'),
    );
  });
});
