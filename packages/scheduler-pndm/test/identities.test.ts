// What PNDM is equal to, in float64: its README lists these identities.
import { rms, sameTrajectory, trajectory } from '@unnoise/conformance';
import type { NoiseLevel } from '@unnoise/core';
import { tensor, torchGenerator } from '@unnoise/core';
import { createReferenceBackend } from '@unnoise/core/reference';
import { DDIMScheduler } from '@unnoise/scheduler-ddim';
import { gaussian, predict, testMixture } from '@unnoise/testing-gmm';
import { describe, expect, it } from 'vitest';
import type { PNDMConfig } from '../src/index.ts';
import { PNDMScheduler } from '../src/index.ts';

const shape = [3, 2];
const backend = createReferenceBackend();
const start = torchGenerator(3).normal(shape, 'float64');
const host = (data: ArrayLike<number>) => tensor(Float64Array.from(data), shape, { backend });
const pndm = (config: Partial<PNDMConfig> = {}) => new PNDMScheduler(config, { precision: 'exact64' });
const plms = (config: Partial<PNDMConfig> = {}) => pndm({ skip_prk_steps: true, ...config });

describe('one step', () => {
  it.each(['epsilon', 'v_prediction'] as const)('is one of DDIM (%s)', async (type) => {
    const ddim = { prediction_type: type, clip_sample: false, set_alpha_to_one: false };
    const model = (x: Float64Array, { signal, noise }: NoiseLevel) => predict(testMixture, type, x, signal, noise);
    const other = new DDIMScheduler(ddim, { precision: 'exact64' }).start(1);
    const trial = { model, start, shape };
    const run = plms({ prediction_type: type }).start(1);
    await expect(sameTrajectory({ ...trial, run }, { ...trial, run: other })).resolves.toBeUndefined();
  });
});

describe('a single point as data', () => {
  const point = gaussian([0.7, -0.4], 0);
  const model = (x: Float64Array, { signal, noise }: NoiseLevel) => predict(point, 'epsilon', x, signal, noise);

  it.each([false, true])('is reached whatever the number of steps (skip_prk_steps %s)', async (skip) => {
    for (const steps of [4, 5, 10]) {
      const run = pndm({ skip_prk_steps: skip, set_alpha_to_one: true }).start(steps);
      const samples = await trajectory({ run, model, start, shape });
      samples.at(-1)!.forEach((value, i) => expect(value).toBeCloseTo([0.7, -0.4][i % 2]!, 9));
    }
  });
});

describe('the second call without Runge-Kutta steps', () => {
  it('takes the first step again, with the mean of both slopes', async () => {
    const run = plms().start(10);
    const [t, next] = run.timesteps;
    const [a, b] = [start.map(Math.sin), start.map(Math.cos)];
    const { prevSample } = await run.step(host(a), host(start));
    const again = await run.step(host(b), prevSample);
    const mean = a.map((value, i) => (value + b[i]!) / 2);
    const { prevSample: wanted } = await plms().start(10).step(host(mean), host(start), {}, t);
    expect(next).toBe(t! - 100);
    expect(rms(await again.prevSample.data(), await wanted.data())).toBeLessThan(1e-12);
  });
});

describe('a Runge-Kutta step', () => {
  it('takes the slopes 1 : 2 : 2 : 1', async () => {
    const run = pndm().start(10);
    const slopes = [Math.sin, Math.cos, Math.atan, Math.tanh].map((f) => start.map(f));
    let x = host(start);
    for (const slope of slopes) ({ prevSample: x } = await run.step(host(slope), x));
    const mean = start.map((_, i) => (slopes[0]![i]! + 2 * slopes[1]![i]! + 2 * slopes[2]![i]! + slopes[3]![i]!) / 6);
    const { prevSample: wanted } = await plms().start(10).step(host(mean), host(start), {}, 900);
    expect(run.timesteps.slice(0, 5)).toEqual([900, 850, 850, 800, 800]);
    expect(rms(await x.data(), await wanted.data())).toBeLessThan(1e-12);
  });
});

describe('a run', () => {
  it('counts its calls from where it begins, as upstream from where its timesteps are cut', async () => {
    const later = plms().start({ numInferenceSteps: 10, beginIndex: 4 });
    const cut = plms().start(10);
    let [x, y] = [host(start), host(start)];
    for (const timestep of later.remaining) {
      ({ prevSample: x } = await later.step(host(start.map(Math.sin)), x));
      ({ prevSample: y } = await cut.step(host(start.map(Math.sin)), y, {}, timestep));
    }
    expect([...(await x.data())]).toEqual([...(await y.data())]);
  });

  it('has no timesteps before setTimesteps, and takes no step', async () => {
    const scheduler = pndm();
    expect(scheduler.timesteps).toEqual([]);
    await expect(scheduler.step(host(start), 900, host(start))).rejects.toMatchObject({ code: 'TIMESTEPS_NOT_SET' });
  });

  it.each([false, true])('is explained at every call (skip_prk_steps %s)', async (skip) => {
    const scheduler = pndm({ skip_prk_steps: skip });
    scheduler.setTimesteps(7);
    const used = [];
    for (const index of scheduler.timesteps.keys()) {
      const text = await scheduler.explain(index);
      used.push((text.match(/carry\d/g) ?? []).filter((name, i, all) => all.indexOf(name) === i).length);
      expect(text).not.toContain('NaN');
    }
    expect(used.slice(-2)).toEqual([3, 3]);
  });
});
