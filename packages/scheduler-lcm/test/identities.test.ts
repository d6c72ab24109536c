// What LCM is equal to, in float64: its README lists these identities.
import { trajectory } from '@unnoise/conformance';
import type { NoiseLevel } from '@unnoise/core';
import { setWarningHandler, tensor, torchGenerator } from '@unnoise/core';
import { createReferenceBackend } from '@unnoise/core/reference';
import { DDIMScheduler } from '@unnoise/scheduler-ddim';
import { describe, expect, it } from 'vitest';
import type { LCMConfig } from '../src/index.ts';
import { LCMScheduler } from '../src/index.ts';

const backend = createReferenceBackend();
const shape = [3, 2];
const start = torchGenerator(3).normal(shape, 'float64');
const host = (data: ArrayLike<number>) => tensor(Float64Array.from(data), shape, { backend });
const lcm = (config: Partial<LCMConfig> = {}) => new LCMScheduler(config, { precision: 'exact64' });
const distance = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i]!)));

describe('with the exact consistency function of Gaussian data', () => {
  const [mean, deviation] = [0.7, 0.5];
  const spread = ({ signal, noise }: NoiseLevel) => Math.hypot(signal * deviation, noise);
  /** Where the probability flow from x at this level ends. */
  const jump = (x: number, level: NoiseLevel) => mean + ((x - level.signal * mean) * deviation) / spread(level);

  /** The output of a model whose consistency function is `jump`: the boundary condition and the prediction type undone. */
  function modelOf(type: LCMConfig['prediction_type'], timesteps: readonly number[], scaling: number) {
    let step = 0;
    return (x: Float64Array, level: NoiseLevel) => {
      const time = timesteps[step++]! * scaling;
      const [skip, out] = [0.25 / (time ** 2 + 0.25), time / Math.hypot(time, 0.5)];
      return x.map((value) => {
        const x0 = (jump(value, level) - skip * value) / out;
        const eps = (value - level.signal * x0) / level.noise;
        return { epsilon: eps, sample: x0, v_prediction: level.signal * eps - level.noise * x0 }[type];
      });
    };
  }

  /** Mean and variance of the samples: a row at the mean, one a deviation off, and one for a unit impulse in each draw. */
  async function lawOf(steps: number, type: LCMConfig['prediction_type'], scaling: number): Promise<[number, number]> {
    let row = 2;
    const generator = Object.assign(torchGenerator(0), {
      normal: () => new Float32Array(steps + 1).fill(1, row, ++row),
    });
    const run = lcm({ prediction_type: type, timestep_scaling: scaling }).start({
      numInferenceSteps: steps,
      generator,
    });
    const level = run.plan.noiseLevel!(0, run.timesteps[0]!);
    const rows = Float64Array.from(
      { length: steps + 1 },
      (_, i) => level.signal * mean + (i === 1 ? spread(level) : 0),
    );
    const samples = await trajectory({ run, model: modelOf(type, run.timesteps, scaling), start: rows });
    const [middle, ...others] = samples.at(-1)!;
    return [middle!, others.reduce((sum, value) => sum + (value - middle!) ** 2, 0)];
  }

  it.each([
    [1, 'epsilon', 10],
    [2, 'epsilon', 10],
    [4, 'sample', 10],
    [8, 'v_prediction', 10],
    [50, 'epsilon', 0.01],
  ] as const)('%i steps give the law of the data (%s, timestep_scaling %d)', async (steps, type, scaling) => {
    const [found, variance] = await lawOf(steps, type, scaling);
    expect(found).toBeCloseTo(mean, 10);
    expect(variance).toBeCloseTo(deviation ** 2, 10);
  });
});

describe('a step', () => {
  it('is a jump and addNoise', async () => {
    const scheduler = lcm();
    scheduler.setTimesteps(4);
    const [now, next] = scheduler.timesteps;
    const z = torchGenerator(5).normal(shape);
    const { prevSample, predOriginalSample } = await scheduler.step(host(start.map(Math.sin)), now!, host(start), {
      generator: torchGenerator(5),
    });
    const noised = await scheduler.addNoise(predOriginalSample!, host(z), next!);
    expect(distance(await prevSample.data(), await noised.data())).toBeLessThan(1e-12);
  });

  it('returns its sample at timestep 0, whatever the model says', async () => {
    const run = lcm({ original_inference_steps: 1000 }).start({ timesteps: [0] });
    const { prevSample } = await run.step(host(start.map(Math.exp)), host(start));
    expect([...(await prevSample.data())]).toEqual([...start]);
  });

  it('is one of DDIM where the boundary is far', async () => {
    const { beta_start, beta_end, beta_schedule } = lcm().config;
    const far = lcm({ timestep_scaling: 1e9 }).start({ timesteps: [639] });
    const ddim = new DDIMScheduler(
      { beta_start, beta_end, beta_schedule, clip_sample: false },
      { precision: 'exact64' },
    ).start(1);
    const [out, x] = [host(start.map(Math.sin)), host(start)];
    const [a, b] = [await far.step(out, x), await ddim.step(out, x, {}, 639)];
    expect(distance(await a.prevSample.data(), await b.prevSample.data())).toBeLessThan(1e-12);
  });
});

describe('strength', () => {
  it('makes another schedule of as many steps, and picks no later start', () => {
    const run = lcm().start({ numInferenceSteps: 4, strength: 0.5, beginIndex: 1 });
    expect(run.timesteps).toEqual([499, 379, 259, 139]);
    expect(run.remaining).toEqual([379, 259, 139]);
  });

  it('can leave nothing of custom timesteps', () => {
    expect(lcm().start({ timesteps: [999, 499], strength: 0.4 }).done).toBe(true);
  });
});

describe('custom timesteps', () => {
  it('warn where the model was not distilled on them', () => {
    const heard: string[] = [];
    const before = setWarningHandler((message) => heard.push(message));
    lcm().start({ timesteps: [999, 500, 19] });
    lcm().start({ timesteps: [999, 499, 19] });
    setWarningHandler(before);
    expect(heard).toEqual([expect.stringContaining('timesteps 500;')]);
  });
});
