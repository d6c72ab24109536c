// What RePaint is equal to, and what it promises, in float64: its README lists these laws.
import { trajectory } from '@unnoise/conformance';
import type { Generator, NoiseLevel, Tensor } from '@unnoise/core';
import { tensor, torchGenerator } from '@unnoise/core';
import { createReferenceBackend } from '@unnoise/core/reference';
import { DDIMScheduler } from '@unnoise/scheduler-ddim';
import { predict, testMixture } from '@unnoise/testing-gmm';
import { describe, expect, it } from 'vitest';
import type { RePaintConfig } from '../src/index.ts';
import { RePaintScheduler } from '../src/index.ts';

const backend = createReferenceBackend();
const host = (data: ArrayLike<number>, shape: readonly number[]): Tensor =>
  tensor(Float64Array.from(data), shape, { backend });
const repaint = (config: Partial<RePaintConfig> = {}) =>
  new RePaintScheduler({ clip_sample: false, ...config }, { precision: 'exact64' });
const silence = (): Generator =>
  Object.assign(torchGenerator(0), { normal: (shape: readonly number[]) => new Float32Array(shape[0]! * shape[1]!) });

/** alpha^2 of every trained timestep. */
const products = Array.from({ length: 1000 }, (_, t) => 1 - (0.0001 + (t * (0.02 - 0.0001)) / 999)).map(
  (
    (product) => (alpha: number) =>
      (product *= alpha)
  )(1),
);
const levelAt = (t: number): NoiseLevel => ({ signal: Math.sqrt(products[t]!), noise: Math.sqrt(1 - products[t]!) });

/** The loop of upstream's pipeline: a step where the timesteps fall, undoStep where they rise. */
async function inpaint(
  scheduler: RePaintScheduler,
  model: (x: Float64Array, t: number) => Float64Array,
  [image, mask]: readonly [Tensor, Tensor],
  start: Float64Array,
  generator: Generator,
): Promise<Float64Array> {
  let x = host(start, image.shape);
  let last = Infinity;
  for (const t of scheduler.timesteps) {
    if (t > last) x = await scheduler.undoStep(x, last, { generator });
    else {
      const out = host(model(Float64Array.from(await x.data()), t), image.shape);
      ({ prevSample: x } = await scheduler.step(out, t, x, { originalImage: image, mask, generator }));
    }
    last = t;
  }
  return Float64Array.from(await x.data());
}

describe('with nothing to keep and no jumps', () => {
  it.each([0, 0.5, 1])('is DDIM, draw for draw (eta %s)', async (eta) => {
    const shape = [3, 2];
    const start = torchGenerator(3).normal(shape, 'float64');
    const model = (x: Float64Array, { signal, noise }: NoiseLevel) => predict(testMixture, 'epsilon', x, signal, noise);
    const ddim = new DDIMScheduler({ clip_sample: false }, { precision: 'exact64' });
    const run = ddim.start({ numInferenceSteps: 10, eta, generator: torchGenerator(5) });
    const theirs = (await trajectory({ run, model, start, shape })).at(-1)!;
    const scheduler = repaint({ eta });
    scheduler.setTimesteps({ numInferenceSteps: 10, jumpNSample: 1 });
    const nothing = [
      host(start, shape),
      host(
        start.map(() => 0),
        shape,
      ),
    ] as const;
    const ours = await inpaint(scheduler, (x, t) => model(x, levelAt(t)), nothing, start, torchGenerator(5));
    ours.forEach((value, i) => expect(value).toBeCloseTo(theirs[i]!, 9));
  });
});

describe('the kept part', () => {
  it('is the picture itself at the end, to the bit', async () => {
    const shape = [2, 3];
    const image = torchGenerator(1).normal(shape, 'float64');
    const scheduler = repaint({ eta: 1 });
    scheduler.setTimesteps({ numInferenceSteps: 20, jumpLength: 5, jumpNSample: 3 });
    const given = [host(image, shape), host([1, 0, 1, 0, 1, 0], shape)] as const;
    const result = await inpaint(scheduler, (x) => x.map(Math.sin), given, image, torchGenerator(2));
    expect([0, 2, 4].map((i) => result[i])).toEqual([0, 2, 4].map((i) => image[i]));
    [1, 3, 5].forEach((i) => expect(result[i]).not.toBe(image[i]));
  });
});

describe('undoStep', () => {
  it.each([
    [250, 0],
    [250, 500],
    [100, 980],
    [1000, 999],
  ])('restores the law of the noising of training (%s steps, timestep %s)', async (steps, t) => {
    const stride = 1000 / steps;
    const scheduler = repaint();
    scheduler.setTimesteps(steps);
    let row = 0; // row 0 has the sample 1 and no noise; row 1 + j has the draw j
    const generator = Object.assign(torchGenerator(0), {
      normal: () => new Float32Array(stride + 1).fill(1, ++row, row + 1),
    });
    const x = host(
      Array.from({ length: stride + 1 }, (_, i) => (i === 0 ? 1 : 0)),
      [stride + 1, 1],
    );
    const [signal, ...noises] = await (await scheduler.undoStep(x, t, { generator })).data();
    expect(signal! ** 2).toBeCloseTo(products[t + stride - 1]! / (products[t - 1] ?? 1), 12);
    expect(noises.reduce((sum, noise) => sum + noise ** 2, signal! ** 2)).toBeCloseTo(1, 12);
  });
});

describe('undoStep', () => {
  const x = host([1, 2], [1, 2]);
  const scheduler = repaint();
  scheduler.setTimesteps(250);

  it('asks for a source of noise', async () => {
    await expect(scheduler.undoStep(x, 4)).rejects.toMatchObject({ code: 'GENERATOR_REQUIRED' });
  });

  it('refuses options that it does not have', async () => {
    const options = { generator: torchGenerator(0), eta: 1 };
    await expect(scheduler.undoStep(x, 4, options)).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  });

  it('leaves its input, and draws nothing where it fails', async () => {
    const generator = torchGenerator(0);
    await expect(scheduler.undoStep(x, 999, { generator })).rejects.toMatchObject({ code: 'TIMESTEP_NOT_IN_PLAN' });
    expect(generator.normal([4])).toEqual(torchGenerator(0).normal([4]));
    expect([...(await x.data())]).toEqual([1, 2]);
  });
});

describe('resampling', () => {
  // Data N(mean, covariance) in the plane; the first coordinate is known, and tells of the second.
  const [mean, covariance] = [
    [0.3, -0.5],
    [1, 0.8],
  ] as const;
  const known = 1.5;
  const wanted = mean[1] + (covariance[1] / covariance[0]) * (known - mean[0]);

  /** E[epsilon | x] for that data: sigma (alpha^2 C + sigma^2)^-1 (x - alpha mean). */
  function noiseIn(x: Float64Array, t: number): Float64Array {
    const { signal, noise } = levelAt(t);
    const [own, shared] = [signal ** 2 * covariance[0] + noise ** 2, signal ** 2 * covariance[1]];
    const [a, b] = [x[0]! - signal * mean[0], x[1]! - signal * mean[1]];
    const scale = noise / (own ** 2 - shared ** 2);
    return Float64Array.of(scale * (own * a - shared * b), scale * (own * b - shared * a));
  }

  /** Every step is affine, so a run without noise gives the mean of all runs. */
  async function errorOfMean(jumpNSample: number): Promise<number> {
    const scheduler = repaint({ eta: 1 });
    scheduler.setTimesteps({ numInferenceSteps: 50, jumpLength: 5, jumpNSample });
    const given = [host([known, 0], [1, 2]), host([1, 0], [1, 2])] as const;
    const [, unknown] = await inpaint(scheduler, noiseIn, given, Float64Array.of(0, 0), silence());
    return Math.abs(unknown! - wanted);
  }

  it('brings what is made closer to what was kept', async () => {
    const errors = await Promise.all([1, 2, 5, 10].map(errorOfMean));
    expect(errors).toEqual([...errors].sort((a, b) => b - a));
    expect(errors.at(-1)).toBeLessThan(errors[0]! / 3);
  });
});

describe('a request', () => {
  it.each([{ jumpLength: 0 }, { jumpLength: -1 }, { jumpLength: 2.5 }, { jumpNSample: 0 }])(
    'of jumps that are none is refused: %o',
    (jumps) => {
      const request = { numInferenceSteps: 10, ...jumps };
      expect(() => repaint().setTimesteps(request)).toThrow(expect.objectContaining({ code: 'REQUEST_INVALID' }));
    },
  );
});
