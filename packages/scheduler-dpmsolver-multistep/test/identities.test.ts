// What DPM-Solver multistep is equal to, in float64: its README lists these identities.
import { rms, trajectory } from '@unnoise/conformance';
import type { NoiseLevel, SchedulerMixin } from '@unnoise/core';
import { setWarningHandler, tensor, torchGenerator } from '@unnoise/core';
import { createReferenceBackend } from '@unnoise/core/reference';
import { DDIMScheduler } from '@unnoise/scheduler-ddim';
import { DDPMScheduler } from '@unnoise/scheduler-ddpm';
import { EulerDiscreteScheduler } from '@unnoise/scheduler-euler-discrete';
import { FlowMatchEulerDiscreteScheduler } from '@unnoise/scheduler-flow-match-euler-discrete';
import type { PredictionType } from '@unnoise/testing-gmm';
import { gaussian, gaussianFlow, predict, testMixture } from '@unnoise/testing-gmm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DPMSolverMultistepConfig } from '../src/index.ts';
import { DPMSolverMultistepScheduler } from '../src/index.ts';

const shape = [3, 2];
const exact = { precision: 'exact64' } as const;
const noise = torchGenerator(3).normal(shape, 'float64');
const dpm = (config: Partial<DPMSolverMultistepConfig>) =>
  new DPMSolverMultistepScheduler({ lower_order_final: false, ...config }, exact);
const perfect =
  (type: PredictionType) =>
  (x: Float64Array, { signal, noise: sigma }: NoiseLevel) =>
    predict(testMixture, type, x, signal, sigma);
const model = perfect('epsilon');
const follow = (
  scheduler: SchedulerMixin,
  request: Parameters<SchedulerMixin['start']>[0],
  start: Float64Array = noise,
  other = model,
) => trajectory({ run: scheduler.start(request), model: other, start, shape });

let handler: (message: string) => void;
beforeAll(() => {
  handler = setWarningHandler(() => {}); // dpmsolver is deprecated upstream, and says so
});
afterAll(() => {
  setWarningHandler(handler);
});

/** Samples in y = x / alpha. */
function inY(scheduler: SchedulerMixin, steps: number, samples: readonly Float64Array[]): readonly Float64Array[] {
  const { timesteps, plan } = scheduler.start(steps);
  return samples.slice(0, steps).map((x, i) => x.map((value) => value / plan.noiseLevel!(i, timesteps[i]!).signal));
}

describe('order 1', () => {
  it('of dpmsolver++ is DDIM with eta 0 on the same timesteps', async () => {
    const { timesteps } = new DDIMScheduler({}, exact).start(8);
    const ours = await follow(dpm({ solver_order: 1 }), { timesteps });
    const theirs = await follow(new DDIMScheduler({ clip_sample: false }, exact), 8);
    ours.forEach((x, i) => expect(rms(x, theirs[i]!)).toBeLessThan(1e-12));
  });

  it('of dpmsolver is that of dpmsolver++', async () => {
    const config = { solver_order: 1, final_sigmas_type: 'sigma_min' } as const;
    const ours = await follow(dpm({ ...config, algorithm_type: 'dpmsolver' }), 12);
    const theirs = await follow(dpm(config), 12);
    ours.forEach((x, i) => expect(rms(x, theirs[i]!)).toBeLessThan(1e-11));
  });

  it('is Euler in sigma on Karras sigmas', async () => {
    const scheduler = dpm({ solver_order: 1, use_karras_sigmas: true });
    const { plan } = scheduler.start(12);
    const sigmas = Array.from(plan.sigmas!);
    const signal = plan.noiseLevel!(0, plan.timesteps[0]!).signal;
    const ours = inY(scheduler, 12, await follow(scheduler, 12));
    const theirs = await follow(
      new EulerDiscreteScheduler({}, exact),
      { sigmas },
      noise.map((value) => value / signal),
    );
    ours.forEach((y, i) => expect(rms(y, theirs[i]!)).toBeLessThan(1e-10));
  });

  it('of sde-dpmsolver++ is DDPM with fixed_small, draw for draw', async () => {
    const { timesteps } = new DDPMScheduler({}, exact).start(8);
    const ours = await follow(dpm({ solver_order: 1, algorithm_type: 'sde-dpmsolver++' }), {
      timesteps,
      generator: torchGenerator(5),
    });
    const theirs = await follow(new DDPMScheduler({ clip_sample: false }, exact), {
      numInferenceSteps: 8,
      generator: torchGenerator(5),
    });
    ours.forEach((x, i) => expect(rms(x, theirs[i]!)).toBeLessThan(1e-11));
  });

  it('with flow sigmas is the Euler step of flow matching', async () => {
    const scheduler = dpm({
      solver_order: 1,
      use_flow_sigmas: true,
      prediction_type: 'flow_prediction',
      flow_shift: 3,
    });
    const sigmas = Array.from(scheduler.start(8).plan.sigmas!).slice(0, -1);
    const ours = await follow(scheduler, 8, noise, perfect('flow_prediction'));
    const theirs = await follow(
      new FlowMatchEulerDiscreteScheduler({}, exact),
      { sigmas },
      noise,
      perfect('flow_prediction'),
    );
    ours.forEach((x, i) => expect(rms(x, theirs[i]!)).toBeLessThan(1e-11));
  });
});

describe('order 2', () => {
  it('of the midpoint type is UniPC of order 2 (bh2) without its corrector', async () => {
    const scheduler = dpm({ use_karras_sigmas: true });
    const { plan } = scheduler.start(10);
    const ours = await follow(scheduler, 10);
    expect(rms(ours[9]!, unipWithoutCorrector(plan))).toBeLessThan(1e-11);
  });

  /** UniP-2 with B(h) = e^h - 1 on x0 predictions (Zhao et al. 2023, arXiv 2302.04867, section 3.2), up to the last positive level. */
  function unipWithoutCorrector(plan: ReturnType<DPMSolverMultistepScheduler['start']>['plan']): Float64Array {
    const level = (i: number) => plan.noiseLevel!(i, plan.timesteps[i]!);
    const lambda = (i: number) => Math.log(level(i).signal / level(i).noise);
    const clean = (x: Float64Array, i: number) => predict(testMixture, 'sample', x, level(i).signal, level(i).noise);
    let x = noise.slice();
    let before: Float64Array | undefined;
    for (let i = 0; i < plan.timesteps.length - 1; i++) {
      const [s, t, h, m, old] = [level(i), level(i + 1), lambda(i + 1) - lambda(i), clean(x, i), before];
      const r = i > 0 ? (lambda(i - 1) - lambda(i)) / h : 1;
      const difference = m.map((value, j) => (old ? (old[j]! - value) / r : 0));
      x = x.map((value, j) => (t.noise / s.noise) * value - t.signal * Math.expm1(-h) * (m[j]! + difference[j]! / 2));
      before = m;
    }
    return x;
  }

  it('predicts the same for every prediction type', async () => {
    const config = { use_karras_sigmas: true };
    const wanted = await follow(dpm(config), 10);
    for (const type of ['sample', 'v_prediction'] as const) {
      const samples = await follow(dpm({ ...config, prediction_type: type }), 10, noise, perfect(type));
      samples.forEach((x, i) => expect(rms(x, wanted[i]!)).toBeLessThan(1e-10));
    }
  });
});

describe('a single point as data', () => {
  const mean = [0.7, -0.4];
  const knows = (x: Float64Array, { signal, noise: sigma }: NoiseLevel) =>
    predict(gaussian(mean, 0), 'epsilon', x, signal, sigma);
  const algorithms = ['dpmsolver++', 'dpmsolver'] as const;
  const solvers = [
    [1, 'midpoint'],
    [2, 'midpoint'],
    [2, 'heun'],
    [3, 'midpoint'],
  ] as const;

  it.each(algorithms.flatMap((type) => solvers.map(([order, solver]) => [type, order, solver] as const)))(
    'has a straight flow, on which every step is exact (%s, order %i, %s)',
    async (algorithm_type, solver_order, solver_type) => {
      const scheduler = dpm({ algorithm_type, solver_order, solver_type, final_sigmas_type: 'sigma_min' });
      const sigmas = scheduler.start(9).plan.sigmas!;
      const y = inY(scheduler, 9, await follow(scheduler, 9, noise, knows));
      y.forEach((point, i) =>
        expect(rms(point, gaussianFlow(y[0]!, sigmas[0]!, sigmas[i]!, mean, 0))).toBeLessThan(1e-10),
      );
    },
  );

  it('is reached by the step to sigma 0', async () => {
    const samples = await follow(dpm({ use_karras_sigmas: true }), 1, noise, knows);
    samples.at(-1)!.forEach((value, i) => expect(value).toBeCloseTo(mean[i % 2]!, 10));
  });
});

describe('levels', () => {
  it('of sigma 0 leave what addNoise is given as it is', async () => {
    const backend = createReferenceBackend();
    const [x, z] = [noise, noise.map((value) => 2 - value)].map((data) => tensor(data, shape, { backend }));
    const scheduler = dpm({ num_train_timesteps: 3, trained_betas: [0, 0.5, 0.9] });
    scheduler.setTimesteps({ timesteps: [2, 0] });
    expect([...(await (await scheduler.addNoise(x!, z!, 0)).data())]).toEqual([...noise]);
  });
});

it('a run takes all its steps, though rounding gives its first timestep twice', async () => {
  const scheduler = new DPMSolverMultistepScheduler({ use_karras_sigmas: true, beta_schedule: 'squaredcos_cap_v2' });
  const run = scheduler.start(5);
  expect(run.timesteps).toEqual([998, 998, 997, 937, 0]);
  const samples = await trajectory({ run, model, start: noise, shape });
  expect(samples.length).toBe(6);
  const told = await follow(scheduler, { numInferenceSteps: 5, beginIndex: 0 });
  expect(samples.map((x) => [...x])).toEqual(told.map((x) => [...x]));
});
