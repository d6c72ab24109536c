// The denoising loop with models that are plain functions.

import { cpu } from '@unnoise/backend-cpu';
import type { Tensor } from '@unnoise/core';
import { tensor, torchGenerator } from '@unnoise/core';
import { DDIMScheduler } from '@unnoise/scheduler-ddim';
import { DDPMScheduler } from '@unnoise/scheduler-ddpm';
import { DPMSolverMultistepScheduler } from '@unnoise/scheduler-dpmsolver-multistep';
import { EulerDiscreteScheduler } from '@unnoise/scheduler-euler-discrete';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { DenoiseOptions, DenoiseStep } from '../src/index.ts';
import { denoise, isAbortError } from '../src/index.ts';

const scheduler = new DDIMScheduler();
const model = (x: Tensor, timestep: number): Promise<Tensor> => x.mul(0.9 + timestep / 10_000).realize();
const base = { scheduler, model, shape: [2, 1, 4, 4], seed: 7, steps: 10, backend: cpu } satisfies DenoiseOptions;

async function finalOf<C>(options: DenoiseOptions<C>): Promise<number[]> {
  const sample = await denoise(options).result();
  const values = Array.from(await sample.data());
  sample.dispose();
  return values;
}

let live: number;
beforeEach(() => {
  live = cpu.stats().live;
});
const expectNoLeak = (): void => expect(cpu.stats().live).toBe(live);

describe('steps', () => {
  it('come in order, each with its timestep and how far it is', async () => {
    const seen: Omit<DenoiseStep, 'sample' | 'predOriginalSample'>[] = [];
    for await (const { index, total, progress, timestep } of denoise(base))
      seen.push({ index, total, progress, timestep });
    const { timesteps } = scheduler.start(10);
    expect(seen).toEqual(
      timesteps.map((timestep, index) => ({ index, total: 10, progress: (index + 1) / 10, timestep })),
    );
  });

  it('hand out the sample and the prediction of the clean one', async () => {
    const loop = denoise(base);
    for await (const { sample, predOriginalSample } of loop) {
      expect(sample.shape).toEqual([2, 1, 4, 4]);
      expect(predOriginalSample!.shape).toEqual([2, 1, 4, 4]);
    }
    (await loop.result()).dispose();
    expectNoLeak();
  });

  it('as an iteration, as a callback and as a promise end alike', async () => {
    let last: Tensor | undefined;
    const loop = denoise(base);
    for await (const { sample } of loop) last = sample;
    const result = await loop.result();
    expect(last).toBe(result);
    const calls: number[] = [];
    const called = await finalOf({ ...base, onStep: ({ index }) => void calls.push(index) });
    expect(calls).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(called).toEqual(Array.from(await result.data()));
    expect(await finalOf(base)).toEqual(called);
    result.dispose();
    expectNoLeak();
  });

  it('compute nothing before the first is asked for', async () => {
    const spy = vi.fn<typeof model>(model);
    const loop = denoise({ ...base, model: spy });
    expect(spy).not.toHaveBeenCalled();
    (await loop.result()).dispose();
    expect(spy).toHaveBeenCalledTimes(10);
  });

  it('give the model what the scheduler scales', async () => {
    const euler = new EulerDiscreteScheduler();
    const inputs: number[][] = [];
    const watching = async (x: Tensor, timestep: number): Promise<Tensor> => {
      inputs.push(Array.from(await x.data()));
      return model(x, timestep);
    };
    const samples: number[][] = [];
    const loop = denoise({ ...base, scheduler: euler, model: watching, steps: 5 });
    for await (const { sample } of loop) samples.push(Array.from(await sample.data()));
    (await loop.result()).dispose();
    const { sigmas } = euler.start(5).plan;
    for (const i of [1, 2, 3, 4]) {
      const scale = 1 / Math.sqrt(sigmas![i]! ** 2 + 1);
      inputs[i]!.forEach((value, j) => expect(value).toBeCloseTo(samples[i - 1]![j]! * scale, 4));
    }
  });
});

describe('seeds', () => {
  it('the same one gives the same bits, another one another picture', async () => {
    expect(await finalOf(base)).toEqual(await finalOf(base));
    expect(await finalOf(base)).not.toEqual(await finalOf({ ...base, seed: 8 }));
  });

  it('a list makes each item depend on its own seed alone, the noise of the steps included', async () => {
    const ddpm = new DDPMScheduler();
    const pair = await finalOf({ ...base, scheduler: ddpm, seed: [3, 4] });
    const alone = await finalOf({ ...base, scheduler: ddpm, seed: [4], shape: [1, 1, 4, 4] });
    expect(pair.slice(16)).toEqual(alone);
  });

  it('the first noise and that of the steps come from one stream, in this order', async () => {
    const ddpm = new DDPMScheduler();
    const generator = torchGenerator(7);
    let x = tensor(generator.normal([2, 1, 4, 4]), [2, 1, 4, 4], { backend: cpu });
    const run = ddpm.start({ numInferenceSteps: 10, generator });
    while (!run.done) x = (await run.step(await model(x, run.timestep!), x)).prevSample;
    expect(await finalOf({ ...base, scheduler: ddpm })).toEqual(Array.from(await x.data()));
    run.dispose();
  });

  it('none at all is refused: there is no hidden source of chance', async () => {
    const { seed: _, ...unseeded } = base;
    await expect(denoise(unseeded).result()).rejects.toMatchObject({ code: 'GENERATOR_REQUIRED' });
  });
});

describe('two loops on one scheduler', () => {
  it('interleaved give what they give one after the other', async () => {
    const ddpm = new DDPMScheduler();
    const [a, b] = [3, 4].map((seed) => ({ ...base, scheduler: ddpm, seed, steps: seed + 3 }));
    const serial = [await finalOf(a!), await finalOf(b!)];
    expect(await Promise.all([finalOf(a!), finalOf(b!)])).toEqual(serial);
    expectNoLeak();
  });
});

describe('an AbortSignal', () => {
  async function aborted(loop: Promise<unknown>): Promise<DOMException> {
    const error: unknown = await loop.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(isAbortError(error), String(error)).toBe(true);
    expectNoLeak();
    return error as DOMException;
  }

  it('that is aborted already computes nothing', async () => {
    const spy = vi.fn<typeof model>(model);
    await aborted(denoise({ ...base, model: spy, signal: AbortSignal.abort() }).result());
    expect(spy).not.toHaveBeenCalled();
  });

  it('stops between two steps, frees everything, and leaves the scheduler as it was', async () => {
    const controller = new AbortController();
    const spy = vi.fn<typeof model>(model);
    const onStep = ({ index }: DenoiseStep): void => {
      if (index === 3) controller.abort(new Error('the user left'));
    };
    const error = await aborted(denoise({ ...base, model: spy, signal: controller.signal, onStep }).result());
    expect(spy).toHaveBeenCalledTimes(4);
    expect(error.message).toContain('stopped after 4 of 10 steps');
    expect(error.cause).toEqual(new Error('the user left'));
    expect(await finalOf(base)).toEqual(await finalOf({ ...base, scheduler: new DDIMScheduler() }));
  });

  it('aborted during a model call throws before the step', async () => {
    const controller = new AbortController();
    const leaving = (x: Tensor, timestep: number): Promise<Tensor> => {
      controller.abort();
      return model(x, timestep);
    };
    const onStep = vi.fn<() => void>();
    await aborted(denoise({ ...base, model: leaving, signal: controller.signal, onStep }).result());
    expect(onStep).not.toHaveBeenCalled();
  });

  it('of a timer gets through, though neither model nor backend ever waits', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 5);
    const error = await aborted(
      denoise({ ...base, steps: 1000, model: (x) => x.mul(1), signal: controller.signal }).result(),
    );
    expect(error.message).toMatch(/stopped after \d+ of 1000 steps/);
  });

  it('rejects the iteration and the result alike', async () => {
    const controller = new AbortController();
    const loop = denoise({ ...base, signal: controller.signal });
    const iterating = (async () => {
      for await (const { index } of loop) if (index === 1) controller.abort();
    })();
    const error = await aborted(iterating);
    await expect(loop.result()).rejects.toBe(error);
  });
});

describe('a loop that ends early', () => {
  it('by break frees everything', async () => {
    const loop = denoise(base);
    for await (const { index } of loop) if (index === 2) break;
    expectNoLeak();
    await expect(loop.result()).rejects.toMatchObject({ code: 'DISPOSED' });
  });

  it('by an error of the model or the callback frees everything and passes the error on', async () => {
    const broken = new Error('out of paper');
    const failing = (x: Tensor, timestep: number): Promise<Tensor> =>
      timestep < 500 ? Promise.reject(broken) : model(x, timestep);
    await expect(denoise({ ...base, model: failing }).result()).rejects.toBe(broken);
    const onStep = (): void => {
      throw broken;
    };
    await expect(denoise({ ...base, onStep }).result()).rejects.toBe(broken);
    expectNoLeak();
  });
});

describe('the history of a multistep scheduler', () => {
  it('is freed with the loop, at its end and before', async () => {
    const multistep = { ...base, scheduler: new DPMSolverMultistepScheduler() };
    await finalOf(multistep);
    expectNoLeak();
    for await (const { index } of denoise(multistep)) if (index === 4) break;
    expectNoLeak();
  });
});

describe('where the loop starts', () => {
  const image = (): Tensor =>
    tensor(
      Float32Array.from({ length: 32 }, (_, i) => i / 16 - 1),
      [2, 1, 4, 4],
      { backend: cpu },
    );
  const { shape: _, ...from } = base;

  it('an image is noised as addNoise does, and only its share of the steps is run', async () => {
    const steps: number[] = [];
    const unchanged = (x: Tensor, timestep: number): Promise<Tensor> => {
      if (steps.length === 0) firsts.push(x.data());
      steps.push(timestep);
      return model(x, timestep);
    };
    const firsts: Promise<ArrayLike<number>>[] = [];
    await finalOf({ ...from, image: image(), strength: 0.5, model: unchanged });
    const all = scheduler.start(10).timesteps;
    expect(steps).toEqual(all.slice(5));
    const facade = new DDIMScheduler();
    facade.setTimesteps(10);
    const noise = tensor(torchGenerator(7).normal([2, 1, 4, 4]), [2, 1, 4, 4]);
    const noised = await facade.addNoise(image(), noise, all[5]!);
    expect(Array.from(await firsts[0]!)).toEqual(Array.from(await noised.data()));
  });

  it('a strength that leaves no step is refused', async () => {
    const none = { ...from, image: image(), strength: 0.01 };
    await expect(denoise(none).result()).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
      message: expect.stringContaining('1/10'),
    });
  });

  it('latents are taken as they are and stay the caller’s', async () => {
    const latents = await image().realize();
    const { seed: _, ...unseeded } = from;
    const first = await finalOf({ ...unseeded, latents });
    expect(await finalOf({ ...unseeded, latents })).toEqual(first);
    latents.dispose();
    expectNoLeak();
  });

  it('a run under way is continued and stays the caller’s', async () => {
    const whole = await finalOf(base);
    const run = scheduler.start(10);
    const { scheduler: _, steps: __, ...rest } = base;
    const loop = denoise({ ...rest, run });
    let latents: Tensor | undefined;
    for await (const { index, sample } of loop) {
      if (index !== 3) continue;
      latents = sample.clone();
      break;
    }
    const { shape: ___, seed: ____, ...unseeded } = rest;
    expect(await finalOf({ ...unseeded, run, latents: latents! })).toEqual(whole);
    expect(run.done).toBe(true);
    latents!.dispose();
    run.dispose();
    expectNoLeak();
  });

  it.each([
    ['nothing to start from', {}, /one of latents, image and shape/],
    ['two things to start from', { shape: [1], latents: image() }, /one of latents, image and shape/],
    ['a seed and a generator', { shape: [1], generator: torchGenerator(1) }, /both seed and generator/],
    ['a strength without an image', { shape: [1], strength: 0.5 }, /without an image/],
    ['an option that the scheduler does not have', { shape: [1], sChurn: 1 }, /sChurn/],
    [
      'steps beside a run',
      { shape: [1], scheduler: undefined, run: scheduler.start(3) },
      /steps was given beside a run/,
    ],
    ['a run and a scheduler', { shape: [1], run: scheduler.start(3) }, /both scheduler and run/],
    ['neither', { shape: [1], scheduler: undefined }, /neither scheduler nor run/],
  ])('%s is refused', async (_, options, message) => {
    const wrong = { ...from, ...options } as unknown as DenoiseOptions;
    await expect(denoise(wrong).result()).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
      message: expect.stringMatching(message),
    });
  });
});

describe('guidance', () => {
  const conditional = (x: Tensor, _: number, amount: number): Tensor => x.mul(amount);

  it('extrapolates from the unconditional to the conditional prediction', async () => {
    const calls: number[] = [];
    const watching = (x: Tensor, t: number, amount: number): Tensor => {
      calls.push(amount);
      return conditional(x, t, amount);
    };
    const guided = await finalOf({ ...base, model: watching, conditioning: 0.5, unconditional: 0.25, guidance: 3 });
    const same = await finalOf({ ...base, model: conditional, conditioning: 1 });
    guided.forEach((value, i) => expect(value).toBeCloseTo(same[i]!, 5));
    expect(calls.slice(0, 2)).toEqual([0.25, 0.5]);
    expectNoLeak();
  });

  it('of 1 calls the model once a step, with its condition', async () => {
    const spy = vi.fn<typeof conditional>(conditional);
    await finalOf({ ...base, model: spy, conditioning: 0.5, unconditional: 0.25 });
    expect(spy).toHaveBeenCalledTimes(10);
    expect(spy.mock.calls[0]![2]).toBe(0.5);
  });

  it('without an unconditional is refused', async () => {
    const options = { ...base, model: conditional, conditioning: 0.5, guidance: 3 };
    await expect(denoise(options).result()).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  });
});
