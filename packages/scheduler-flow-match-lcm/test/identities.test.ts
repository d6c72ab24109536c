// What the LCM sampler for flow matching is equal to, in float64: its README lists these identities.
import { rms, sameTrajectory, trajectory } from '@unnoise/conformance';
import type { NoiseLevel } from '@unnoise/core';
import { tensor, torchGenerator } from '@unnoise/core';
import { createReferenceBackend } from '@unnoise/core/reference';
import { FlowMatchEulerDiscreteScheduler } from '@unnoise/scheduler-flow-match-euler-discrete';
import { predict, testMixture } from '@unnoise/testing-gmm';
import { describe, expect, it } from 'vitest';
import type { FlowMatchLCMConfig, UpscaleMode } from '../src/index.ts';
import { FlowMatchLCMScheduler } from '../src/index.ts';

const shape = [3, 2];
const exact = { precision: 'exact64' } as const;
const backend = createReferenceBackend();
const noise = torchGenerator(3).normal(shape, 'float64');
const lcm = (config: Partial<FlowMatchLCMConfig> = {}) => new FlowMatchLCMScheduler(config, exact);
const host = (data: ArrayLike<number>, size: readonly number[]) => tensor(Float64Array.from(data), size, { backend });

it('is FlowMatchEulerDiscrete with stochastic_sampling, draw for draw', async () => {
  const model = (x: Float64Array, { signal, noise: sigma }: NoiseLevel) =>
    predict(testMixture, 'flow_prediction', x, signal, sigma);
  const euler = new FlowMatchEulerDiscreteScheduler({ shift: 3, stochastic_sampling: true }, exact);
  const trial = (scheduler: FlowMatchLCMScheduler | FlowMatchEulerDiscreteScheduler) => ({
    run: scheduler.start({ numInferenceSteps: 6, generator: torchGenerator(5) }),
    model,
    start: noise,
    shape,
  });
  await expect(sameTrajectory(trial(lcm({ shift: 3 })), trial(euler))).resolves.toBeUndefined();
});

describe('with the exact consistency function of Gaussian data', () => {
  const [mean, deviation] = [0.7, 0.5];
  const spread = ({ signal, noise: sigma }: NoiseLevel) => Math.hypot(signal * deviation, sigma);
  /** The velocity of a model that knows where the flow from x ends. */
  const model = (x: Float64Array, level: NoiseLevel) =>
    x.map((value) => {
      const jump = mean + ((value - level.signal * mean) * deviation) / spread(level);
      return (value - jump) / level.noise;
    });

  it.each([1, 2, 4, 20])('%i steps give the law of the data', async (steps) => {
    let row = 2;
    const normal = () => new Float32Array(steps + 2).fill(1, row, ++row);
    const generator = Object.assign(torchGenerator(0), { normal });
    const run = lcm({ shift: 2 }).start({ numInferenceSteps: steps, generator });
    const level = run.plan.noiseLevel!(0, run.timesteps[0]!);
    const start = Float64Array.from(
      { length: steps + 2 },
      (_, i) => level.signal * mean + (i === 1 ? spread(level) : 0),
    );
    const [middle, ...others] = (await trajectory({ run, model, start })).at(-1)!;
    expect(middle).toBeCloseTo(mean, 12);
    expect(others.reduce((sum, value) => sum + (value - middle!) ** 2, 0)).toBeCloseTo(deviation ** 2, 12);
  });
});

describe('scales', () => {
  /** x0 of a first step from pure noise, where the model says that x0 is `picture`. */
  async function resized(picture: readonly number[], size: readonly number[], factor: number, mode: UpscaleMode) {
    const scheduler = lcm({ scale_factors: [factor], upscale_mode: mode });
    const run = scheduler.start({ numInferenceSteps: 2, generator: torchGenerator(0) });
    const x = picture.map((_, i) => Math.sin(i));
    const { predOriginalSample: x0, prevSample } = await run.step(
      host(
        x.map((value, i) => value - picture[i]!),
        size,
      ),
      host(x, size),
    );
    expect(prevSample.shape).toEqual(x0!.shape);
    return { shape: x0!.shape, values: Array.from(await x0!.data()) };
  }
  it.each([
    ['nearest', 2, [1, 1, 2, 2, 5, 5]],
    ['nearest-exact', 2, [1, 1, 2, 2, 5, 5]],
    ['linear', 2, [1, 1.25, 1.75, 2.75, 4.25, 5]],
    ['area', 2, [1, 1, 2, 2, 5, 5]],
    ['area', 1 / 3, [8 / 3]],
    ['linear', 1 / 3, [2]],
    ['nearest', 2 / 3, [1, 2]],
    ['nearest-exact', 2 / 3, [1, 5]],
  ] as const)('%s by %d, worked out by hand', async (mode, factor, wanted) => {
    const { values } = await resized([1, 2, 5], [1, 1, 3], factor, mode);
    expect(values).toHaveLength(wanted.length);
    expect(rms(values, wanted)).toBeLessThan(1e-12);
  });

  it.each([
    ['nearest', 2],
    ['nearest-exact', 2],
    ['area', 2],
    ['bilinear', 2],
    ['bicubic', 2],
    ['nearest', 3],
    ['area', 3],
    ['trilinear', 3],
  ] as const)('%s of %i axes leaves an even picture even, and does not mix items or channels', async (mode, axes) => {
    const [size, pixels] = [[2, 2, ...[4, 3, 2].slice(0, axes)], [4, 3, 2].slice(0, axes).reduce((a, b) => a * b, 1)];
    const picture = Array.from({ length: 4 * pixels }, (_, i) => Math.floor(i / pixels) + 1);
    const { shape: grown, values } = await resized(picture, size, 1.5, mode);
    expect(grown).toEqual([2, 2, ...[6, 4, 3].slice(0, axes)]);
    const wanted = values.map((_, i) => Math.floor((4 * i) / values.length) + 1);
    expect(rms(values, wanted)).toBeLessThan(1e-12);
  });

  it('set by setScaleFactors are those of a config', async () => {
    const size = [1, 1, 4, 4];
    const x = Array.from({ length: 16 }, (_, i) => Math.cos(i));
    const step = async (scheduler: FlowMatchLCMScheduler) => {
      const run = scheduler.start({ numInferenceSteps: 2, generator: torchGenerator(1) });
      return Array.from(await (await run.step(host(x.map(Math.sin), size), host(x, size))).prevSample.data());
    };
    const wanted = await step(lcm({ scale_factors: [1.5], upscale_mode: 'bilinear' }));
    const scheduler = lcm();
    scheduler.setScaleFactors([1.5], 'bilinear');
    expect(await step(scheduler)).toEqual(wanted);
    scheduler.setScaleFactors(null, 'bilinear');
    expect(await step(scheduler)).toHaveLength(16);
  });

  it('refer to the first output of a run, whatever grew since', async () => {
    const scheduler = lcm({ scale_factors: [2, 3], upscale_mode: 'nearest' });
    const run = scheduler.start({ numInferenceSteps: 3, generator: torchGenerator(1) });
    let x = host(noise.slice(0, 4), [1, 1, 2, 2]);
    const sizes: (readonly number[])[] = [];
    while (!run.done) {
      x = (await run.step(x.mul(0.5), x)).prevSample;
      sizes.push(x.shape);
    }
    expect(sizes).toEqual([
      [1, 1, 4, 4],
      [1, 1, 6, 6],
      [1, 1, 6, 6],
    ]);
  });
});
