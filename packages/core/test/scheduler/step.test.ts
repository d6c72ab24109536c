// Laws of one step of a run: what a failure leaves behind, what the model is given, and on which dtypes and backends.
import { describe, expect, it } from 'vitest';
import { tensor, torchGenerator } from '../../src/index.ts';
import { createReferenceBackend } from '../../src/reference/index.ts';
import { Countdown, code, countdownWith, host, values, warnings } from './toys.ts';

describe('a step that fails', () => {
  it.each([
    [
      'in the rule',
      () =>
        countdownWith(() => {
          throw new TypeError('oops');
        }),
      'oops',
    ],
    ['later in the rule', () => countdownWith(() => Promise.reject(new TypeError('oops'))), 'oops'],
    ['by a coefficient', () => countdownWith(({ x }) => ({ prev: x.mul(1 / 0) })), 'coefficient Infinity'],
    [
      'by a coefficient that float32 cannot hold',
      () => countdownWith(({ x }) => ({ prev: x.mul(1e39) })),
      'coefficient 1e+39',
    ],
    ['by a shape', () => countdownWith(({ x }) => ({ prev: x.reshape([7]) })), 'shape [7]'],
  ])('%s leaves the run where it was, and nothing behind', async (_, make, message) => {
    const { on, live } = host();
    const run = make().start(3);
    const [out, x] = [await on(1, 2).realize(), await on(3, 4).realize()];
    const before = live();
    await expect(run.step(out, x)).rejects.toThrow(message);
    await expect(run.step(out, x)).rejects.toThrow(message);
    expect([run.stepIndex, run.timestep, live()]).toEqual([undefined, 30, before]);
  });

  it('can be taken again, with the result that it would have had', async () => {
    let failing = false;
    const flaky = new (class extends Countdown {
      protected override rule(context: Parameters<Countdown['rule']>[0]) {
        if (failing) throw new Error('device lost');
        return super.rule(context);
      }
    })();
    const { on, live } = host();
    const run = flaky.start(3);
    await run.step(on(1), on(5));
    const held = live();
    failing = true;
    await expect(run.step(on(2), on(4))).rejects.toThrow('device lost');
    expect(live()).toBe(held);
    failing = false;
    expect(await values((await run.step(on(2), on(4))).prevSample)).toEqual([4 - (1.5 * 2 - 0.5 * 1)]);
  });

  it('for numbers that are not finite says which step it was', async () => {
    const { on } = host();
    const run = countdownWith(({ k, x }) => ({ prev: x.mul(1 / (k.sigma - 2)) })).start(3);
    await run.step(on(1), on(5));
    await expect(run.step(on(1), on(5))).rejects.toMatchObject({
      ...code('NUMERIC'),
      details: { index: 1, timestep: 20, value: Infinity },
    });
  });
});

describe('the input of the model', () => {
  const scaled = () => new Countdown({ scaled: true }).start(4);

  it('is scaled for the step that is to come, any number of times', async () => {
    const { on } = host();
    const run = scaled();
    const scaledBy = async () => 12 / (await values(await run.scaleModelInput(on(12))))[0]!;
    expect([await scaledBy(), await scaledBy()]).toEqual([4, 4]);
    await run.step(on(1), on(5));
    expect([run.stepIndex, await scaledBy(), run.timestep]).toEqual([1, 3, 30]);
  });

  it('is a tensor of its own, also where nothing is scaled', async () => {
    const { on, live } = host();
    const x = await on(12).realize();
    for (const run of [scaled(), new Countdown().start(4)]) {
      const input = await run.scaleModelInput(x);
      input.dispose();
      expect(await values(x)).toEqual([12]);
    }
    x.dispose();
    expect(live()).toBe(0);
  });

  it('that was not scaled is warned about, once a run, and only where it matters', async () => {
    const { on } = host();
    const twice = (run: ReturnType<typeof scaled>) => async () => {
      await run.step(on(1), on(5));
      await run.step(on(1), on(5));
    };
    expect(await warnings(twice(scaled()))).toEqual([expect.stringContaining('scaleModelInput')]);
    expect(await warnings(twice(new Countdown().start(4)))).toEqual([]);
    const run = scaled();
    expect(
      await warnings(async () => {
        await run.scaleModelInput(on(1));
        await twice(run)();
      }),
    ).toEqual([]);
  });
});

describe('dtypes', () => {
  it('of float16 stay float16', async () => {
    const backend = createReferenceBackend({ precision: 'float32' });
    const half = (...data: number[]) => tensor(data, [1, data.length], { dtype: 'float16', backend });
    const run = new Countdown({ scaled: true }).start({ numInferenceSteps: 3, eta: 0.5, generator: torchGenerator(0) });
    const input = await run.scaleModelInput(half(1, 2));
    const { prevSample, predOriginalSample } = await run.step(half(1, 2), half(3, 4));
    expect([input, prevSample, predOriginalSample].map((x) => x!.dtype)).toEqual(['float16', 'float16', 'float16']);
  });

  it("of the next sample are the model's, as upstream", async () => {
    const backend = createReferenceBackend({ precision: 'float32' });
    const of = (dtype: 'float16' | 'float32') => tensor([1, 2], [1, 2], { dtype, backend });
    for (const [out, x] of [
      ['float16', 'float32'],
      ['float32', 'float16'],
    ] as const) {
      expect((await new Countdown().start(3).step(of(out), of(x))).prevSample.dtype).toBe(out);
    }
  });
});

describe('backends', () => {
  it('of the options take host data that has none', async () => {
    const { backend, live } = host();
    const { prevSample } = await new Countdown({}, { backend }).start(3).step(tensor([1], [1, 1]), tensor([5], [1, 1]));
    expect(prevSample.backend).toBe(backend);
    expect(live()).toBeGreaterThan(0);
  });

  it('that differ from the one of the options are refused', async () => {
    const run = new Countdown({}, { backend: createReferenceBackend() }).start(3);
    const { on } = host();
    await expect(run.step(on(1), on(5))).rejects.toMatchObject(code('BACKEND_MISMATCH'));
  });
});
