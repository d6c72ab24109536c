// Laws of the diffusers-shaped face: what it shows, where addNoise looks, and that `explain` prints what is computed.
import { describe, expect, it } from 'vitest';
import { tensor } from '../../src/index.ts';
import { createReferenceBackend } from '../../src/reference/index.ts';
import { Countdown, Ladder, code, drop, host, values } from './toys.ts';

describe('the face of a scheduler', () => {
  it('has a schedule before setTimesteps: that of training', () => {
    const scheduler = new Countdown({ levels: 3 });
    expect([scheduler.timesteps, scheduler.initNoiseSigma, scheduler.stepIndex]).toEqual([[30, 20, 10], 3, undefined]);
  });

  it('takes a number for a request of so many steps', () => {
    const [a, b] = [new Countdown(), new Countdown()];
    a.setTimesteps(4);
    b.setTimesteps({ numInferenceSteps: 4 });
    for (const scheduler of [a, b]) {
      expect([scheduler.timesteps, scheduler.sigmas, scheduler.numInferenceSteps, scheduler.initNoiseSigma]).toEqual([
        [40, 30, 20, 10],
        [4, 3, 2, 1, 0],
        4,
        4,
      ]);
    }
  });

  it('gives the numbers of a run of its own', async () => {
    const { on } = host();
    const scheduler = new Countdown();
    scheduler.setTimesteps(3);
    const run = scheduler.start(3);
    for (const t of scheduler.timesteps) {
      const [ours, theirs] = [await scheduler.step(on(t), t, on(5)), await run.step(on(t), on(5))];
      expect(await values(ours.prevSample)).toEqual(await values(theirs.prevSample));
      expect(scheduler.stepIndex).toBe(run.stepIndex);
    }
    await expect(scheduler.step(on(1), 10, on(5))).rejects.toMatchObject(code('RUN_EXHAUSTED'));
  });

  it('starts anew with setTimesteps, without what came before', async () => {
    const { on } = host();
    const scheduler = new Countdown();
    scheduler.setTimesteps(3);
    scheduler.setBeginIndex(1);
    await scheduler.step(on(100), 20, on(5));
    scheduler.setTimesteps(3);
    expect([scheduler.stepIndex, scheduler.beginIndex]).toEqual([undefined, undefined]);
    expect(await values((await scheduler.step(on(1), 30, on(5))).prevSample)).toEqual([4]);
  });

  it('keeps the schedule that it had when a new one is refused', () => {
    const scheduler = new Countdown();
    scheduler.setTimesteps(3);
    for (const request of [
      0,
      { numInferenceSteps: 2, eta: 1 },
      { numInferenceSteps: 2, strength: 0.5 },
      { beginIndex: 1 },
    ]) {
      expect(() => scheduler.setTimesteps(request as number)).toThrow(expect.objectContaining(code('REQUEST_INVALID')));
    }
    expect(scheduler.timesteps).toEqual([30, 20, 10]);
  });

  it('is as new after dispose', async () => {
    const { on, live } = host();
    const scheduler = new Countdown({ levels: 3 });
    const [out, x] = [on(1), on(5)];
    const { prevSample, predOriginalSample } = await scheduler.step(out, 30, x);
    drop(out, x, prevSample, predOriginalSample);
    scheduler[Symbol.dispose]();
    expect([live(), scheduler.stepIndex, scheduler.timesteps]).toEqual([0, undefined, [30, 20, 10]]);
  });

  it('knows where a timestep is, unless timesteps are all that there is', () => {
    const scheduler = new Countdown();
    scheduler.setTimesteps({ timesteps: [9, 5, 5, 1] });
    expect([9, 5, 1].map((t) => scheduler.indexForTimestep(t))).toEqual([0, 2, 3]);
    expect(() => scheduler.indexForTimestep(4)).toThrow(expect.objectContaining(code('TIMESTEP_NOT_IN_PLAN')));
    expect(() => new Ladder().indexForTimestep(4)).toThrow(expect.objectContaining(code('OP_UNSUPPORTED')));
    expect(new Ladder().stepIndex).toBeUndefined();
  });
});

describe('the begin index', () => {
  it('is where the next run begins', async () => {
    const { on } = host();
    const scheduler = new Countdown();
    scheduler.setTimesteps(4);
    scheduler.setBeginIndex(2);
    const { predOriginalSample } = await scheduler.step(on(1), 40, on(5));
    expect([scheduler.beginIndex, scheduler.stepIndex, await values(predOriginalSample)]).toEqual([2, 3, [3]]);
  });

  it('does not move a run under way, as upstream', async () => {
    const { on } = host();
    const scheduler = new Countdown();
    scheduler.setTimesteps(4);
    await scheduler.step(on(1), 40, on(5));
    scheduler.setBeginIndex(3);
    expect([scheduler.beginIndex, scheduler.stepIndex]).toEqual([3, 1]);
  });

  it('is a whole number of at least 0', () => {
    const scheduler = new Countdown();
    for (const index of [-1, 0.5, Number.NaN]) {
      expect(() => scheduler.setBeginIndex(index)).toThrow(expect.objectContaining(code('REQUEST_INVALID')));
      expect(scheduler.beginIndex).toBeUndefined();
    }
  });
});

describe('addNoise', () => {
  const noised = async (scheduler: Countdown, timesteps: number | readonly number[]) => {
    const { backend } = host();
    const of = (value: number) => tensor(new Float64Array(2).fill(value), [2, 1], { backend });
    return values(await scheduler.addNoise(of(100), of(1), timesteps));
  };
  const scheduler = () => {
    const made = new Countdown();
    made.setTimesteps(4);
    return made;
  };

  it('takes the level of the timestep, one for all or one for each item of the batch', async () => {
    expect(await noised(scheduler(), 30)).toEqual([103, 103]);
    expect(await noised(scheduler(), [30])).toEqual([103, 103]);
    expect(await noised(scheduler(), [40, 10])).toEqual([104, 101]);
  });

  it('takes the level of the begin index where one was set, whatever the timestep', async () => {
    const made = scheduler();
    made.setBeginIndex(2);
    expect(await noised(made, [40, 10])).toEqual([102, 102]);
  });

  it('takes the level of the position once a run from a begin index is under way', async () => {
    const { on } = host();
    const made = scheduler();
    made.setBeginIndex(1);
    await made.step(on(1), 30, on(5));
    expect(await noised(made, 40)).toEqual([102, 102]);
  });

  it('takes the level of the timestep in the middle of a run without a begin index', async () => {
    const { on } = host();
    const made = scheduler();
    await made.step(on(1), 40, on(5));
    expect(await noised(made, 40)).toEqual([104, 104]);
  });

  it('is refused for a foreign timestep, a wrong number of them, and where there are no levels', async () => {
    const { on } = host();
    await expect(async () => noised(scheduler(), 35)).rejects.toMatchObject(code('TIMESTEP_NOT_IN_PLAN'));
    await expect(noised(scheduler(), [40, 30, 20])).rejects.toMatchObject(code('SHAPE_MISMATCH'));
    await expect(noised(scheduler(), [])).rejects.toMatchObject(code('SHAPE_MISMATCH'));
    expect(() => new Ladder().addNoise(on(1), on(1), 3)).toThrow(expect.objectContaining(code('OP_UNSUPPORTED')));
    expect(() => scheduler().getVelocity(on(1), on(1), 40)).toThrow(expect.objectContaining(code('OP_UNSUPPORTED')));
  });

  it('gives the dtype of the sample, and leaves nothing behind', async () => {
    const backend = createReferenceBackend({ precision: 'float32' });
    for (const timesteps of [40, [40, 10]]) {
      const [x, z] = [1, 2].map((value) =>
        tensor(new Float32Array(2).fill(value), [2, 1], { dtype: 'float16', backend }),
      );
      const result = await scheduler().addNoise(x!, z!, timesteps);
      expect(result.dtype).toBe('float16');
      drop(x, z, result);
      expect(backend.stats!().live).toBe(0);
    }
  });
});

describe('explain', () => {
  /** 'prevSample = 0.5*sample - modelOutput' as { sample: 0.5, modelOutput: -1 }. */
  function coefficients(text: string, output: string): Record<string, number> {
    const line = text.split('\n').find((one) => one.startsWith(`${output} = `))!;
    const terms = line.slice(output.length + 3).matchAll(/([+-]?) ?(?:([\d.e+-]+)\*)?([a-z]\w*)/gi);
    return Object.fromEntries(
      Array.from(terms, ([, sign, size = '1', name]) => [name!, Number(`${sign === '-' ? '-' : ''}${size}`)]),
    );
  }
  const scheduler = new Countdown();
  scheduler.setTimesteps({ timesteps: [7, 6, 5] });

  it('prints the coefficients of the step, by the names of what they multiply', async () => {
    const first = await scheduler.explain(0);
    expect(first.split('\n')[0]).toBe('step 0, timestep 7');
    expect(coefficients(first, 'prevSample')).toEqual({ sample: 1, modelOutput: -1 });
    expect(coefficients(first, 'predOriginalSample')).toEqual({ sample: 1, modelOutput: -3 });
    expect(coefficients(await scheduler.explain(1), 'prevSample')).toEqual({
      sample: 1,
      modelOutput: -1.5,
      carry0: 0.5,
    });
    expect(coefficients(await scheduler.explain(1, { history: 0, eta: 0.25 }), 'prevSample')).toEqual({
      sample: 1,
      modelOutput: -1,
      noise: 0.25,
    });
  });

  it('prints what the step computes: one unit in, its coefficient out', async () => {
    const printed = coefficients(await scheduler.explain(1), 'prevSample');
    const { on } = host();
    const unit = async (sample: number, modelOutput: number, carry0: number) => {
      const run = scheduler.start({ timesteps: [7, 6, 5] });
      await run.step(on(carry0), on(0));
      return (await values((await run.step(on(modelOutput), on(sample))).prevSample))[0];
    };
    expect([await unit(1, 0, 0), await unit(0, 1, 0), await unit(0, 0, 1)]).toEqual([
      printed['sample'],
      printed['modelOutput'],
      printed['carry0'],
    ]);
  });

  it('does not move the run, and refuses a step that there is not', async () => {
    await scheduler.explain(2);
    expect(scheduler.stepIndex).toBeUndefined();
    for (const index of [3, -1, 0.5])
      await expect(scheduler.explain(index)).rejects.toMatchObject(code('REQUEST_INVALID'));
  });
});
