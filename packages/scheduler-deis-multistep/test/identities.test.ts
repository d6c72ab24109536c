// What DEIS is equal to, in float64: its README lists these identities.
import { rms, trajectory } from '@unnoise/conformance';
import type { NoiseLevel, SchedulerMixin } from '@unnoise/core';
import { setWarningHandler, torchGenerator } from '@unnoise/core';
import { DDIMScheduler } from '@unnoise/scheduler-ddim';
import { DPMSolverMultistepScheduler } from '@unnoise/scheduler-dpmsolver-multistep';
import { UniPCMultistepScheduler } from '@unnoise/scheduler-unipc-multistep';
import type { PredictionType } from '@unnoise/testing-gmm';
import { gaussian, gaussianFlow, predict, testMixture } from '@unnoise/testing-gmm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DEISMultistepConfig } from '../src/index.ts';
import { DEISMultistepScheduler } from '../src/index.ts';

const shape = [3, 2];
const exact = { precision: 'exact64' } as const;
const noise = torchGenerator(3).normal(shape, 'float64');
const deis = (config: Partial<DEISMultistepConfig> = {}) => new DEISMultistepScheduler(config, exact);
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
  it('is DDIM with eta 0 on the same timesteps, but for the end', async () => {
    const found = await follow(deis({ solver_order: 1, timestep_spacing: 'trailing' }), 8);
    const wanted = await follow(new DDIMScheduler({ clip_sample: false, timestep_spacing: 'trailing' }, exact), 8);
    found.slice(0, -1).forEach((x, i) => expect(rms(x, wanted[i]!)).toBeLessThan(1e-11));
  });

  it('is DPM-Solver of order 1', async () => {
    const dpm = new DPMSolverMultistepScheduler({ solver_order: 1, final_sigmas_type: 'sigma_min' }, exact);
    const wanted = await follow(dpm, 12);
    (await follow(deis({ solver_order: 1 }), 12)).forEach((x, i) => expect(rms(x, wanted[i]!)).toBeLessThan(1e-10));
  });
});

describe('order 2', () => {
  it('is DPM-Solver of order 2 and heun type', async () => {
    const config = { algorithm_type: 'dpmsolver', solver_type: 'heun', final_sigmas_type: 'sigma_min' } as const;
    const wanted = await follow(new DPMSolverMultistepScheduler(config, exact), 12);
    (await follow(deis(), 12)).forEach((x, i) => expect(rms(x, wanted[i]!)).toBeLessThan(1e-10));
  });

  it('takes the names of its sisters for its own', async () => {
    const wanted = await follow(deis(), 6);
    const sister = { algorithm_type: 'dpmsolver++', solver_type: 'bh2' } as unknown as DEISMultistepConfig;
    expect(await follow(deis(sister), 6)).toEqual(wanted);
    expect(deis(sister).config).toMatchObject({ algorithm_type: 'deis', solver_type: 'logrho' });
  });
});

describe('order 3', () => {
  it('is UniPC of order 3 on eps without its corrector, after the start', async () => {
    const shared = { solver_order: 3, lower_order_final: false, use_karras_sigmas: true } as const;
    const alone = { predict_x0: false, disable_corrector: Array.from({ length: 12 }, (_, i) => i) };
    const unipc = new UniPCMultistepScheduler({ ...shared, ...alone, final_sigmas_type: 'sigma_min' }, exact);
    const found = await explained(deis(shared));
    const wanted = await explained(unipc);
    // the sample and the three outputs weigh the same; of UniPC's carry, the first is the sample before
    expect(found.map((text) => text.replaceAll('carry1', 'carry2').replaceAll('carry0', 'carry1'))).toEqual(wanted);
  });

  async function explained(scheduler: SchedulerMixin): Promise<readonly string[]> {
    scheduler.setTimesteps(12);
    const texts = await Promise.all([3, 5, 8].map((index) => scheduler.explain(index)));
    return texts.map((text) => text.split('\n')[1]!);
  }
});

describe('prediction types', () => {
  it.each(['sample', 'v_prediction'] as const)('give the same samples: %s', async (type) => {
    const config = { use_karras_sigmas: true, solver_order: 3 };
    const wanted = await follow(deis(config), 10);
    const found = await follow(deis({ ...config, prediction_type: type }), 10, type);
    found.forEach((x, i) => expect(rms(x, wanted[i]!)).toBeLessThan(1e-10));
  });

  it('flow_prediction on flow sigmas gives what sample gives there', async () => {
    const config = { use_flow_sigmas: true, flow_shift: 3, solver_order: 3 };
    const wanted = await follow(deis({ ...config, prediction_type: 'sample' }), 10, 'sample');
    const found = await follow(deis({ ...config, prediction_type: 'flow_prediction' }), 10, 'flow_prediction');
    found.forEach((x, i) => expect(rms(x, wanted[i]!)).toBeLessThan(1e-10));
  });
});

describe('a single point as data', () => {
  const mean = [0.7, -0.4];
  const knows = (x: Float64Array, { signal, noise: sigma }: NoiseLevel) =>
    predict(gaussian(mean, 0), 'epsilon', x, signal, sigma);

  it.each([1, 2, 3])('has a straight flow, on which every step is exact (order %i)', async (solver_order) => {
    const run = deis({ solver_order }).start(9);
    const { sigmas, timesteps, noiseLevel } = run.plan;
    const samples = await trajectory({ run, model: knows, start: noise, shape, steps: 8 });
    const y = samples.map((x, i) => x.map((value) => value / noiseLevel!(i, timesteps[i]!).signal));
    y.forEach((point, i) =>
      expect(rms(point, gaussianFlow(y[0]!, sigmas![0]!, sigmas![i]!, mean, 0))).toBeLessThan(1e-9),
    );
  });
});

describe('a step of no length', () => {
  it.each([1, 2, 3])('moves nothing: with re-spaced sigmas the last repeats (order %i)', async (solver_order) => {
    const samples = await follow(deis({ solver_order, use_karras_sigmas: true, lower_order_final: false }), 6);
    expect(samples[6]).toEqual(samples[5]);
  });
});
