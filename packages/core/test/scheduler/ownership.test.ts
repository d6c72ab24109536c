// Who owns what around a run: outputs, carry, and that nothing is left behind.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import type { Backend } from '../../src/index.ts';
import { Countdown, Slow, code, countdownWith, drop, host, values } from './toys.ts';

describe('outputs', () => {
  it.each([
    ['what the rule made', undefined],
    [
      'one tensor as both',
      countdownWith(({ x, out }) => {
        const prev = x.sub(out);
        return { prev, x0: prev, carry: [prev, out] };
      }),
    ],
    ['the sample that was given', countdownWith(({ x, out }) => ({ prev: x, x0: x, carry: [x, out] }))],
    ["the model's output", countdownWith(({ out, x }) => ({ prev: out, x0: out, carry: [out, x, out] }))],
    [
      'the carry',
      countdownWith(({ x, out, carry: [before = out.mul(2)] }) => ({
        prev: before.add(x),
        x0: before,
        carry: [before],
      })),
    ],
  ])('can each be disposed alone: %s', async (_, scheduler = new Countdown()) => {
    for (const order of [
      [0, 1, 2, 3],
      [3, 2, 1, 0],
      [1, 3, 0, 2],
    ]) {
      const { on, live } = host();
      const run = scheduler.start(3);
      const [out, x] = [await on(1, 2).realize(), await on(5, 6).realize()];
      for (let i = 0; i < 2; i++) {
        const { prevSample, predOriginalSample } = await run.step(out, x);
        const expected = [await values(prevSample), await values(predOriginalSample), [1, 2], [5, 6]];
        const owners = [prevSample, predOriginalSample!, out.clone(), x.clone()];
        for (const [at, which] of order.entries()) {
          owners[which]!.dispose();
          for (const rest of order.slice(at + 1)) expect(await values(owners[rest])).toEqual(expected[rest]);
        }
      }
      drop(out, x);
      run.dispose();
      expect(live()).toBe(0);
    }
  });
});

describe('the carry', () => {
  it('is one buffer for each tensor that the rule keeps, until the run is disposed', async () => {
    const { on, live } = host();
    const run = countdownWith(({ x, out, carry }) => ({ prev: x.sub(out), carry: [out, ...carry].slice(0, 2) })).start(
      5,
    );
    const held = [];
    while (!run.done) {
      const [out, x] = [on(1), on(5)];
      drop((await run.step(out, x)).prevSample, out, x);
      held.push(live());
    }
    expect(held).toEqual([1, 2, 2, 2, 2]);
    run.dispose();
    expect(live()).toBe(0);
  });

  it('of the last schedule is released by setTimesteps, and by dispose of the scheduler', async () => {
    const { on, live } = host();
    const scheduler = new Countdown();
    for (const end of [() => scheduler.setTimesteps(3), () => scheduler.dispose()]) {
      scheduler.setTimesteps(4);
      for (const t of [40, 30]) {
        const [out, x] = [on(1), on(5)];
        const { prevSample, predOriginalSample } = await scheduler.step(out, t, x);
        drop(out, x, prevSample, predOriginalSample);
      }
      expect(live()).toBe(1);
      end();
      expect(live()).toBe(0);
    }
  });
});

describe('a disposed run', () => {
  it('is one that left its scope, or that was disposed by hand; twice is once', async () => {
    const { on } = host();
    let kept;
    {
      using run = new Countdown().start(3);
      kept = run;
      await run.step(on(1), on(5));
    }
    kept.dispose();
    await expect(kept.step(on(1), on(5))).rejects.toMatchObject(code('DISPOSED'));
    await expect(kept.scaleModelInput(on(1))).rejects.toMatchObject(code('DISPOSED'));
  });

  it('leaves the samples that it returned alone', async () => {
    const { on, live } = host();
    const run = new Countdown().start(3);
    const [out, x] = [on(1), on(5)];
    const { prevSample, predOriginalSample } = await run.step(out, x);
    run.dispose();
    expect([await values(prevSample), await values(predOriginalSample)]).toEqual([[4], [2]]);
    drop(out, x, prevSample, predOriginalSample);
    expect(live()).toBe(0);
  });

  it('in the middle of a step keeps nothing: the step is refused at its end', async () => {
    const { on, live } = host();
    const run = new Slow().start(3);
    const [out, x] = [on(1), on(5)];
    const { prevSample, predOriginalSample } = await run.step(out, x);
    drop(prevSample, predOriginalSample);
    const step = run.step(out, x);
    run.dispose();
    await expect(step).rejects.toMatchObject(code('DISPOSED'));
    drop(out, x);
    expect(live()).toBe(0);
  });

  it('while a slow backend computes keeps nothing either', async () => {
    const inner = host().backend;
    const later: Backend = {
      ...inner,
      run: async (...kernel) => {
        await new Promise((resolve) => setTimeout(resolve, 1));
        return inner.run(...kernel);
      },
    };
    const { on, live } = host(later);
    const run = new Countdown().start(3);
    const [out, x] = [on(1), on(5)];
    const step = run.step(out, x);
    run.dispose();
    await expect(step).rejects.toMatchObject(code('DISPOSED'));
    drop(out, x);
    expect(live()).toBe(0);
  });
});

describe('a thousand runs', () => {
  it('leave no buffer and no heap behind', async () => {
    const { on, live } = host();
    const scheduler = new Countdown();
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const runs = async (count: number): Promise<number> => {
      for (let i = 0; i < count; i++) {
        const run = scheduler.start(3);
        while (!run.done) {
          const [out, x] = [on(1, 2), on(5, 6)];
          const { prevSample, predOriginalSample } = await run.step(out, x);
          drop(out, x, prevSample, predOriginalSample);
        }
        run.dispose();
      }
      collect();
      return process.memoryUsage().heapUsed;
    };
    const heaps: number[] = [];
    for (const count of [200, 300, 300, 300]) heaps.push(await runs(count));
    expect(live()).toBe(0);
    const growth = heaps.slice(1).map((heap, i) => heap - heaps[i]!);
    expect(Math.min(...growth)).toBeLessThan(90_000); // of 900 steps: a leak of 100 bytes a step would show every time
  });
});
