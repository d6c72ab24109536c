// What singlestep DPM-Solver is equal to, in float64: its README lists these identities.
import { rms, trajectory } from '@unnoise/conformance';
import type { NoiseLevel, SchedulerMixin } from '@unnoise/core';
import { setWarningHandler, torchGenerator } from '@unnoise/core';
import { DPMSolverMultistepScheduler } from '@unnoise/scheduler-dpmsolver-multistep';
import type { PredictionType } from '@unnoise/testing-gmm';
import { gaussian, gaussianFlow, predict, testMixture } from '@unnoise/testing-gmm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DPMSolverSinglestepConfig } from '../src/index.ts';
import { DPMSolverSinglestepScheduler } from '../src/index.ts';

const shape = [3, 2];
const exact = { precision: 'exact64' } as const;
const noise = torchGenerator(3).normal(shape, 'float64');
const single = (config: Partial<DPMSolverSinglestepConfig> = {}) => new DPMSolverSinglestepScheduler(config, exact);
const follow = (
  scheduler: SchedulerMixin,
  request: Parameters<SchedulerMixin['start']>[0],
  type: PredictionType = 'epsilon',
) => {
  const model = (x: Float64Array, { signal, noise: sigma }: NoiseLevel) => predict(testMixture, type, x, signal, sigma);
  return trajectory({ run: scheduler.start(request), model, start: noise, shape });
};

let handler: (message: string) => void;
beforeAll(() => {
  handler = setWarningHandler(() => {}); // dpmsolver is deprecated upstream, and says so
});
afterAll(() => {
  setWarningHandler(handler);
});

describe('order 1', () => {
  it.each([
    { solver_order: 1, use_karras_sigmas: true },
    { solver_order: 1, algorithm_type: 'dpmsolver', final_sigmas_type: 'sigma_min' },
    { solver_order: 1, algorithm_type: 'sde-dpmsolver++' },
    { solver_order: 1, use_flow_sigmas: true, flow_shift: 3 },
  ] as const)('is the multistep solver of order 1: %o', async (config) => {
    const request = () => ({
      numInferenceSteps: 12,
      ...('algorithm_type' in config && config.algorithm_type.startsWith('sde') && { generator: torchGenerator(5) }),
    });
    const wanted = await follow(new DPMSolverMultistepScheduler(config, exact), request());
    (await follow(single(config), request())).forEach((x, i) => expect(rms(x, wanted[i]!)).toBeLessThan(1e-11));
  });
});

describe('a cycle of order 2', () => {
  it('is the midpoint rule of Lu et al. with an output at the middle level', async () => {
    const { plan } = single().start(8);
    const [s, middle, t] = [0, 1, 2].map((i) => plan.noiseLevel!(i, plan.timesteps[i]!)) as [
      NoiseLevel,
      NoiseLevel,
      NoiseLevel,
    ];
    const clean = (x: Float64Array, at: NoiseLevel) => predict(testMixture, 'sample', x, at.signal, at.noise);
    const lambda = ({ signal, noise: sigma }: NoiseLevel) => Math.log(signal / sigma);
    const toward = (to: NoiseLevel, data: ArrayLike<number>) => {
      const decay = Math.exp(lambda(s) - lambda(to));
      return noise.map((x, i) => (to.noise / s.noise) * x + to.signal * (1 - decay) * data[i]!);
    };
    const m0 = clean(noise, s);
    const m1 = clean(toward(middle, m0), middle);
    const r = (lambda(middle) - lambda(s)) / (lambda(t) - lambda(s));
    const wanted = toward(
      t,
      m0.map((value, i) => value + (m1[i]! - value) / (2 * r)),
    );
    const samples = await follow(single(), 8);
    expect(rms(samples[2]!, wanted)).toBeLessThan(1e-12);
  });
});

describe('a run that begins inside a cycle', () => {
  it('begins with order 1 there', async () => {
    const [inside, atCycle] = [single({ solver_order: 3 }), single({ solver_order: 1 })];
    const request = { numInferenceSteps: 9, beginIndex: 2 };
    const [found, wanted] = [await follow(inside, request), await follow(atCycle, request)];
    found.slice(0, 2).forEach((x, i) => expect(rms(x, wanted[i]!)).toBeLessThan(1e-12));
  });
});

describe('runs', () => {
  it('are not changed by what setTimesteps switched on', async () => {
    const scheduler = single({ final_sigmas_type: 'sigma_min' });
    const before = await follow(scheduler, 6);
    await follow(scheduler, 5);
    expect(await follow(scheduler, 6)).toEqual(before);
    scheduler.setTimesteps(5);
    expect(await follow(scheduler, 6)).not.toEqual(before); // as upstream: lower_order_final stays on
  });
});

describe('prediction types', () => {
  it.each(['sample', 'v_prediction'] as const)('give the same samples: %s', async (type) => {
    const config = { use_karras_sigmas: true, solver_order: 3 };
    const wanted = await follow(single(config), 10);
    const found = await follow(single({ ...config, prediction_type: type }), 10, type);
    found.forEach((x, i) => expect(rms(x, wanted[i]!)).toBeLessThan(1e-10));
  });
});

describe('a single point as data', () => {
  const mean = [0.7, -0.4];
  const knows = (x: Float64Array, { signal, noise: sigma }: NoiseLevel) =>
    predict(gaussian(mean, 0), 'epsilon', x, signal, sigma);
  const solvers = (['midpoint', 'heun'] as const).flatMap((type) => [1, 2, 3].map((order) => [order, type] as const));

  it.each(
    (['dpmsolver++', 'dpmsolver'] as const).flatMap((type) => solvers.map((solver) => [type, ...solver] as const)),
  )(
    'has a straight flow, on which every step is exact (%s, order %i, %s)',
    async (algorithm_type, solver_order, solver_type) => {
      const run = single({ algorithm_type, solver_order, solver_type, final_sigmas_type: 'sigma_min' }).start(9);
      const { sigmas, timesteps, noiseLevel } = run.plan;
      const samples = await trajectory({ run, model: knows, start: noise, shape, steps: 8 });
      const y = samples.map((x, i) => x.map((value) => value / noiseLevel!(i, timesteps[i]!).signal));
      y.forEach((point, i) =>
        expect(rms(point, gaussianFlow(y[0]!, sigmas![0]!, sigmas![i]!, mean, 0))).toBeLessThan(1e-9),
      );
    },
  );

  it('is reached by the step to sigma 0', async () => {
    const run = single({ use_karras_sigmas: true }).start(5);
    const samples = await trajectory({ run, model: knows, start: noise, shape });
    samples.at(-1)!.forEach((value, i) => expect(value).toBeCloseTo(mean[i % 2]!, 10));
  });
});
