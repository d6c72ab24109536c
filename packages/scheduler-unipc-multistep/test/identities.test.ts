// What UniPC is equal to, in float64: its README lists these identities.
import { rms, trajectory } from '@unnoise/conformance';
import type { NoiseLevel, SchedulerMixin } from '@unnoise/core';
import { isDiffusionError, torchGenerator } from '@unnoise/core';
import { DDIMScheduler } from '@unnoise/scheduler-ddim';
import { DPMSolverMultistepScheduler } from '@unnoise/scheduler-dpmsolver-multistep';
import { EulerDiscreteScheduler } from '@unnoise/scheduler-euler-discrete';
import type { PredictionType } from '@unnoise/testing-gmm';
import { gaussian, gaussianFlow, predict, testMixture } from '@unnoise/testing-gmm';
import { describe, expect, it } from 'vitest';
import type { UniPCMultistepConfig } from '../src/index.ts';
import { UniPCMultistepScheduler } from '../src/index.ts';

const shape = [3, 2];
const exact = { precision: 'exact64' } as const;
const noise = torchGenerator(3).normal(shape, 'float64');
const alone = { disable_corrector: Array.from({ length: 20 }, (_, i) => i) };
const unipc = (config: Partial<UniPCMultistepConfig> = {}) => new UniPCMultistepScheduler(config, exact);
const perfect =
  (type: PredictionType) =>
  (x: Float64Array, { signal, noise: sigma }: NoiseLevel) =>
    predict(testMixture, type, x, signal, sigma);
const follow = (
  scheduler: SchedulerMixin,
  request: Parameters<SchedulerMixin['start']>[0],
  type: PredictionType = 'epsilon',
) => trajectory({ run: scheduler.start(request), model: perfect(type), start: noise, shape });

describe('without its corrector', () => {
  it('order 1 is DDIM with eta 0 on the same timesteps', async () => {
    const { timesteps } = new DDIMScheduler({}, exact).start(8);
    const { timesteps: ours } = unipc({ timestep_spacing: 'trailing' }).start(8);
    const ddim = new DDIMScheduler({ clip_sample: false, timestep_spacing: 'trailing' }, exact);
    expect(ours.length).toBe(timesteps.length);
    const found = await follow(unipc({ solver_order: 1, timestep_spacing: 'trailing', ...alone }), 8);
    const wanted = await follow(ddim, 8);
    found.slice(0, -1).forEach((x, i) => expect(rms(x, wanted[i]!)).toBeLessThan(1e-11));
  });

  it.each([1, 2] as const)('order %i (bh2) is DPM-Solver++ of that order', async (solver_order) => {
    const config = { solver_order, use_karras_sigmas: true };
    const found = await follow(unipc({ ...config, ...alone }), 12);
    const wanted = await follow(new DPMSolverMultistepScheduler(config, exact), 12);
    found.forEach((x, i) => expect(rms(x, wanted[i]!)).toBeLessThan(1e-11));
  });

  it('order 2 (bh2) on eps is DPM-Solver of order 2', async () => {
    const config = { final_sigmas_type: 'sigma_min', lower_order_final: false } as const;
    const found = await follow(unipc({ ...config, ...alone, predict_x0: false }), 12);
    const dpm = new DPMSolverMultistepScheduler({ ...config, algorithm_type: 'dpmsolver' }, exact);
    const wanted = await follow(dpm, 12);
    found.forEach((x, i) => expect(rms(x, wanted[i]!)).toBeLessThan(1e-10));
  });

  it('order 1 is Euler in sigma on Karras sigmas', async () => {
    const scheduler = unipc({ solver_order: 1, use_karras_sigmas: true, ...alone });
    const run = scheduler.start(12);
    const { sigmas, timesteps, noiseLevel } = run.plan;
    const signals = timesteps.map((t, i) => noiseLevel!(i, t).signal);
    const euler = new EulerDiscreteScheduler({}, exact).start({ sigmas: Array.from(sigmas!) });
    const start = noise.map((value) => value / signals[0]!);
    const found = await trajectory({ run, model: perfect('epsilon'), start: noise, shape });
    const wanted = await trajectory({ run: euler, model: perfect('epsilon'), start, shape });
    signals.forEach((signal, i) => {
      const y = found[i]!.map((value) => value / signal);
      expect(rms(y, wanted[i]!)).toBeLessThan(1e-10);
    });
  });
});

describe('the corrector', () => {
  it('of order 1 is the trapezoidal rule with B(h): it moves the sample by half of B times the new difference', async () => {
    const { plan } = unipc({ solver_order: 1 }).start(8);
    const [s, t] = [0, 1].map((i) => plan.noiseLevel!(i, plan.timesteps[i]!)) as [NoiseLevel, NoiseLevel];
    const [first, second] = await follow(unipc({ solver_order: 1, ...alone }), 8);
    const m0 = predict(testMixture, 'sample', first!, s.signal, s.noise);
    const m1 = predict(testMixture, 'sample', second!, t.signal, t.noise);
    const b = Math.expm1(Math.log((t.noise * s.signal) / (s.noise * t.signal)));
    const corrected = second!.map((x, i) => x - (t.signal * b * (m1[i]! - m0[i]!)) / 2);
    const next = await follow(unipc({ solver_order: 1 }), 8);
    const u = plan.noiseLevel!(2, plan.timesteps[2]!);
    const wanted = corrected.map(
      (x, i) => (u.noise / t.noise) * x + (u.signal - (u.noise / t.noise) * t.signal) * m1[i]!,
    );
    expect(rms(next[2]!, wanted)).toBeLessThan(1e-12);
  });

  it('shows in explain as terms of the sample before (carry0) and of earlier outputs', async () => {
    const scheduler = unipc({ solver_order: 2 });
    scheduler.setTimesteps(8);
    const lines = await Promise.all([0, 1, 5].map((i) => scheduler.explain(i)));
    expect(lines.map((text) => [0, 1, 2, 3].filter((i) => text.split('\n')[1]!.includes(`carry${i}`)))).toEqual([
      [],
      [0, 1],
      [0, 1, 2],
    ]);
  });

  it('is left out after the steps that disable_corrector names', async () => {
    const [off, on] = [await follow(unipc({ disable_corrector: [2] }), 8), await follow(unipc(), 8)];
    off.slice(0, 4).forEach((x, i) => expect(rms(x, on[i]!)).toBe(0));
    expect(rms(off[4]!, on[4]!)).toBeGreaterThan(1e-6);
  });
});

describe('prediction types', () => {
  it.each(['sample', 'v_prediction'] as const)('give the same samples: %s', async (type) => {
    const config = { use_karras_sigmas: true, solver_order: 3 };
    const wanted = await follow(unipc(config), 10);
    const found = await follow(unipc({ ...config, prediction_type: type }), 10, type);
    found.forEach((x, i) => expect(rms(x, wanted[i]!)).toBeLessThan(1e-10));
  });
});

describe('a single point as data', () => {
  const mean = [0.7, -0.4];
  const knows = (x: Float64Array, { signal, noise: sigma }: NoiseLevel) =>
    predict(gaussian(mean, 0), 'epsilon', x, signal, sigma);

  it.each(
    [1, 2, 3, 4].flatMap((order) =>
      (['bh1', 'bh2'] as const).flatMap(
        (type) =>
          [
            [order, type, true],
            [order, type, false],
          ] as const,
      ),
    ),
  )(
    'has a straight flow, on which every step is exact (order %i, %s, predict_x0 %s)',
    async (solver_order, solver_type, predict_x0) => {
      const run = unipc({ solver_order, solver_type, predict_x0, final_sigmas_type: 'sigma_min' }).start(9);
      const { sigmas, timesteps, noiseLevel } = run.plan;
      const samples = await trajectory({ run, model: knows, start: noise, shape, steps: 8 });
      const y = samples.map((x, i) => x.map((value) => value / noiseLevel!(i, timesteps[i]!).signal));
      y.forEach((point, i) =>
        expect(rms(point, gaussianFlow(y[0]!, sigmas![0]!, sigmas![i]!, mean, 0))).toBeLessThan(1e-9),
      );
    },
  );

  it('is reached by the step to sigma 0', async () => {
    const run = unipc({ use_karras_sigmas: true }).start(5);
    const samples = await trajectory({ run, model: knows, start: noise, shape });
    samples.at(-1)!.forEach((value, i) => expect(value).toBeCloseTo(mean[i % 2]!, 10));
  });
});

describe('solver_p', () => {
  const config = { prediction_type: 'sample', use_karras_sigmas: true } as const;

  it.each([2, 3])('may be UniP itself, with a history of its own (order %i)', async (solver_order) => {
    const own = { ...config, solver_order };
    const found = await follow(unipc({ ...own, solver_p: unipc({ ...own, ...alone }) }), 9, 'sample');
    const wanted = await follow(unipc(own), 9, 'sample');
    found.forEach((x, i) => expect(rms(x, wanted[i]!)).toBeLessThan(1e-11));
  });

  it('may be DPM-Solver++ 2M, which is UniP of order 2, from the middle of a schedule too', async () => {
    const solver_p = new DPMSolverMultistepScheduler(config, exact);
    const request = { numInferenceSteps: 20, beginIndex: 9 };
    const found = await follow(unipc({ ...config, solver_p }), request, 'sample');
    const wanted = await follow(unipc(config), request, 'sample');
    found.forEach((x, i) => expect(rms(x, wanted[i]!)).toBeLessThan(1e-11));
  });

  it('counts on from its first step, and refuses a step past its own end', async () => {
    const run = unipc({ ...config, solver_p: new DPMSolverMultistepScheduler({}, exact) }).start({
      numInferenceSteps: 10,
      beginIndex: 3,
    });
    const model = (x: Float64Array, { signal, noise: sigma }: NoiseLevel) =>
      predict(testMixture, 'sample', x, signal, sigma);
    await expect(trajectory({ run, model, start: noise, shape })).rejects.toMatchObject({ code: 'RUN_EXHAUSTED' });
  });

  it('is shared by runs that take turns without being disturbed', async () => {
    const scheduler = unipc({ ...config, solver_p: new DPMSolverMultistepScheduler(config, exact) });
    const [one, two] = await Promise.all([follow(scheduler, 9, 'sample'), follow(scheduler, 12, 'sample')]);
    expect(one).toEqual(await follow(scheduler, 9, 'sample'));
    expect(two).toEqual(await follow(scheduler, 12, 'sample'));
  });

  it('plans its own levels, so that others cannot be given', () => {
    const scheduler = unipc({ ...config, solver_p: new DPMSolverMultistepScheduler(config, exact) });
    expect(() => scheduler.start({ sigmas: [10, 1, 0.1] })).toThrow(
      expect.objectContaining({ code: 'CONFIG_CONFLICT' }),
    );
  });

  it('is a scheduler and nothing else', () => {
    const scheduler = unipc({ solver_p: 1e9 as never });
    expect(() => scheduler.start(5)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });

  it('cannot be saved in a file', () => {
    let error: unknown;
    try {
      unipc({ solver_p: unipc() }).saveConfig();
    } catch (thrown) {
      error = thrown;
    }
    expect(isDiffusionError(error, 'CONFIG_INVALID')).toBe(true);
  });
});
