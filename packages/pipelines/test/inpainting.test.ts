// The loop with an image, a mask and guidance: by hand, on models that are functions.

import { cpu } from '@unnoise/backend-cpu';
import type { Tensor } from '@unnoise/core';
import { randnTensor, tensor, torchGenerator } from '@unnoise/core';
import { DDIMScheduler } from '@unnoise/scheduler-ddim';
import { EulerDiscreteScheduler } from '@unnoise/scheduler-euler-discrete';
import { VQDiffusionScheduler } from '@unnoise/scheduler-vq-diffusion';
import { beforeEach, describe, expect, it } from 'vitest';
import type { DenoiseOptions, Model } from '../src/index.ts';
import { denoise } from '../src/index.ts';

const SHAPE = [2, 1, 2, 2];
const IMAGE = [1, 2, 3, 4, -1, -2, -3, -4];
const on = (values: readonly number[], shape: readonly number[] = SHAPE): Tensor =>
  tensor([...values], shape, { backend: cpu });
const half: Model = (x) => x.mul(0.5).realize();
const schedulers = { DDIM: new DDIMScheduler({ clip_sample: false }), Euler: new EulerDiscreteScheduler() };

let live: number;
beforeEach(() => {
  live = cpu.stats().live;
});

async function final(options: DenoiseOptions): Promise<readonly number[]> {
  const result = await denoise({ backend: cpu, ...options }).result();
  const values = Array.from(await result.data());
  result.dispose();
  expect(cpu.stats().live).toBe(live);
  return values;
}

describe.each(Object.entries(schedulers))('a mask in a loop of %s', (_, scheduler) => {
  const common = { scheduler, model: half, steps: 6, seed: 5 };

  it('keeps the image where it is 0 and paints where it is 1', async () => {
    const values = await final({ ...common, image: on(IMAGE), mask: on([0, 1, 0, 1], [1, 1, 2, 2]) });
    const kept = values.map((value, i) => value === IMAGE[i]);
    expect(kept).toEqual([true, false, true, false, true, false, true, false]);
  });

  it('of ones alone begins with noise as if there were no image, and less strength with the noised image', async () => {
    const ones = on([1], [1, 1, 1, 1]);
    const painted = await final({ ...common, image: on(IMAGE), mask: ones });
    expect(painted).toEqual(await final({ ...common, shape: SHAPE }));
    const options = { ...common, image: on(IMAGE), strength: 0.5 };
    expect(await final({ ...options, mask: ones })).toEqual(await final(options));
  });

  it('takes noise that is given in place of a draw', async () => {
    const noise = on(Array.from(randnTensor(SHAPE, torchGenerator(5))));
    const options = { scheduler, model: half, steps: 6, image: on(IMAGE), strength: 0.5 };
    expect(await final({ ...options, noise })).toEqual(await final({ ...options, seed: 5 }));
    noise.dispose();
  });

  it('leaves nothing behind when the loop is left early', async () => {
    const loop = denoise({ ...common, backend: cpu, image: on(IMAGE), mask: on([1, 0, 1, 0], [1, 1, 2, 2]) });
    for await (const { index } of loop) if (index === 2) break;
    expect(cpu.stats().live).toBe(live);
  });

  it('holds the kept part at the noise level of the next step', async () => {
    const zero = on([0], [1, 1, 1, 1]);
    const drawn = Array.from(randnTensor(SHAPE, torchGenerator(5)));
    const run = scheduler.start(6);
    const loop = denoise({ ...common, backend: cpu, image: on(IMAGE), mask: zero });
    for await (const { index, sample } of loop) {
      const next = run.timesteps[index + 1];
      const { signal, noise } = next === undefined ? { signal: 1, noise: 0 } : run.plan.noiseLevel!(index + 1, next);
      const values = await sample.data();
      IMAGE.forEach((x0, i) => expect(values[i]).toBeCloseTo(signal * x0 + noise * drawn[i]!, 4));
    }
    (await loop.result()).dispose();
  });
});

describe('an image or a mask', () => {
  const common = { scheduler: schedulers.DDIM, model: half, steps: 3, seed: 1 };
  it.each<readonly [string, DenoiseOptions, RegExp]>([
    ['a mask without an image', { ...common, shape: SHAPE, mask: on([1], [1, 1, 1, 1]) }, /mask was given without/],
    ['noise without an image', { ...common, shape: SHAPE, noise: on(IMAGE) }, /noise was given without/],
    ['an image beside a shape', { ...common, shape: SHAPE, image: on(IMAGE) }, /one of latents, image and shape/],
    [
      'an image that the scheduler cannot noise',
      { ...common, scheduler: new VQDiffusionScheduler({ num_vec_classes: 5 }), image: on(IMAGE) },
      /cannot noise an image/,
    ],
  ])('%s is refused', async (_, options, message) => {
    await expect(denoise(options).result()).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
      message: expect.stringMatching(message),
    });
  });
});

describe('guidance by two calls', () => {
  const told = [4, -2, 1, 3, 0, 2, -6, 8];
  const free = [1, 1, 2, -1, 2, 2, 2, 0];
  const model: Model<readonly number[]> = (_, __, values) => on(values).realize();
  const options = { scheduler: schedulers.DDIM, steps: 1, latents: on(IMAGE), conditioning: told, unconditional: free };

  /** What the step gets, seen through a scheduler of one step: x0 = (x - sigma out) / alpha. */
  async function prediction(guidance: number, guidanceRescale: number): Promise<readonly number[]> {
    const level = schedulers.DDIM.start(1).plan.noiseLevel!(0, schedulers.DDIM.start(1).timesteps[0]!);
    const predicted: number[] = [];
    const onStep = async ({ predOriginalSample }: { readonly predOriginalSample?: Tensor }): Promise<void> => {
      predicted.push(...Array.from(await predOriginalSample!.data()));
    };
    const result = await denoise({ ...options, model, guidance, guidanceRescale, backend: cpu, onStep }).result();
    result.dispose();
    return predicted.map((x0, i) => (IMAGE[i]! - level.signal * x0) / level.noise);
  }

  it('extrapolates, and leaves nothing behind', async () => {
    const out = await prediction(3, 0);
    told.forEach((cond, i) => expect(out[i]).toBeCloseTo(free[i]! + 3 * (cond - free[i]!), 3));
    expect(cpu.stats().live).toBe(live);
  });

  it('rescaled has the deviation of the conditional prediction, for each item by itself', async () => {
    const [plain, whole, part] = [await prediction(3, 0), await prediction(3, 1), await prediction(3, 0.7)];
    for (const item of [0, 1]) {
      const at = (values: readonly number[]) => values.slice(4 * item, 4 * item + 4);
      const ratio = deviation(at(told)) / deviation(at(plain));
      expect(deviation(at(whole))).toBeCloseTo(deviation(at(told)), 3);
      at(part).forEach((value, i) => expect(value).toBeCloseTo(at(plain)[i]! * (0.7 * ratio + 0.3), 3));
    }
    expect(cpu.stats().live).toBe(live);
  });

  it('frees the first prediction when the second call fails', async () => {
    const failing: Model<readonly number[]> = (x, t, values) => {
      if (values === told) throw new Error('no power');
      return model(x, t, values);
    };
    await expect(denoise({ ...options, model: failing, guidance: 2, backend: cpu }).result()).rejects.toThrow(
      'no power',
    );
    expect(cpu.stats().live).toBe(live);
  });
});

function deviation(values: readonly number[]): number {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}
