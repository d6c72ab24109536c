// Every sigma-based scheduler with every schedule of sigmas: given ones are used as they are, and lead to the data. In float64.
import '@unnoise/core/beta-sigmas';
import { levelOf, rms, trajectory } from '@unnoise/conformance';
import type { ConfigObject, NoiseLevel, PlanRequest, Run } from '@unnoise/core';
import { SchedulerMixin, torchGenerator } from '@unnoise/core';
import { alignYourSteps, exponential, karras, klOptimal, polyexponential, vp } from '@unnoise/core/sigma-schedules';
import { loadScheduler } from '@unnoise/schedulers';
import { energyDistance, predict, testMixture } from '@unnoise/testing-gmm';
import { describe, expect, it } from 'vitest';

const CLASSES = [
  'DEISMultistepScheduler',
  'DPMPP2SAncestralScheduler',
  'DPMPP3MSDEScheduler',
  'DPMSolverMultistepScheduler',
  'DPMSolverSDEScheduler',
  'DPMSolverSinglestepScheduler',
  'EulerAncestralDiscreteScheduler',
  'EulerDiscreteScheduler',
  'HeunDiscreteScheduler',
  'KDPM2AncestralDiscreteScheduler',
  'KDPM2DiscreteScheduler',
  'LMSDiscreteScheduler',
  'RestartScheduler',
  'SASolverScheduler',
  'UniPCMultistepScheduler',
];
/** Those whose updates do not reach 0. */
const POSITIVE = ['DEISMultistepScheduler', 'SASolverScheduler'];
/** Those whose configs have no re-spacing. */
const WITHOUT_OPTION = ['EulerAncestralDiscreteScheduler'];

const range = { max: 14, min: 0.03 };
const invalid = expect.objectContaining({ code: 'REQUEST_INVALID' });
const schedules: Readonly<Record<string, readonly number[]>> = {
  karras: karras(16, range),
  exponential: exponential(16, range),
  polyexponential: polyexponential(16, range, 1.2),
  vp: vp(24, { betaD: 10, epsS: 0.01 }),
  klOptimal: klOptimal(16, range),
  alignYourSteps: alignYourSteps(16),
  'of no formula': [9, 8.5, 6, 4, 3.9, 2.5, 1.5, 1, 0.7, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05, 0.02],
};
const matrix = CLASSES.flatMap((name) => Object.keys(schedules).map((schedule) => [name, schedule] as const));

const shape = [96, 2];
const normal = torchGenerator(5).normal(shape, 'float64');
const data = testMixture.sample(1000, torchGenerator(6));

async function made(name: string, options: ConfigObject = {}): Promise<SchedulerMixin> {
  const found = await loadScheduler(name);
  const config = { beta_schedule: 'scaled_linear', beta_start: 0.00085, beta_end: 0.012, ...options };
  return SchedulerMixin.fromConfig.call(found, config, {}, { precision: 'exact64' }) as SchedulerMixin;
}

/** The run of a request, with noise of its own where the scheduler draws any. */
function started(scheduler: SchedulerMixin, request: PlanRequest): Run {
  const noisy = scheduler.class.stepOptions.includes('generator');
  return scheduler.start({ ...request, ...(noisy && { generator: torchGenerator(8) }) });
}

/** The level of a run: addNoise may go by the trained timestep (SA-Solver), which is only near that of the sigma. */
function level(run: Run): NoiseLevel {
  const { plan, remaining } = run;
  if (!plan.noiseByTimestep) return levelOf(run);
  const sigma = plan.sigmas![plan.timesteps.length - remaining.length]!;
  return { signal: 1 / Math.hypot(sigma, 1), noise: sigma / Math.hypot(sigma, 1) };
}

/** What the model of a run sees: noiseLevel has no level of a middle, inputScale = 1 / sqrt(sigma^2 + 1) has. */
function seenBy({ plan, timestep, remaining }: Run, known: NoiseLevel): NoiseLevel {
  if (!plan.inputScale) return known;
  const scale = plan.inputScale(plan.timesteps.length - remaining.length, timestep!);
  return { signal: 1, noise: Math.sqrt(scale ** -2 - 1) };
}

async function ended(run: Run, steps: number = run.remaining.length): Promise<Float64Array> {
  const model = (x: Float64Array, known: NoiseLevel) => {
    const { signal, noise } = seenBy(run, known);
    return predict(testMixture, 'epsilon', x, signal, noise);
  };
  const start = normal.map((z) => z * level(run).noise);
  return (await trajectory({ run, model, level, start, shape, steps })).at(-1)!;
}

/** The levels that a config makes: tables list them twice where steps have two calls, and DPM++ 2S lists its middles too. */
function levelsOf(name: string, run: Run): readonly number[] {
  const table = Array.from(run.plan.sigmas!);
  const own = (i: number): boolean => i % 2 === 0 || i === table.length - 1;
  return name === 'DPMPP2SAncestralScheduler' ? table.filter((_, i) => own(i)) : [...new Set(table)];
}

describe('given sigmas', () => {
  it.each(matrix)('%s goes by those of %s to the data', async (name, schedule) => {
    const given = schedules[schedule]!;
    const sigmas = POSITIVE.includes(name) && given.at(-1) === 0 ? given.slice(0, -1) : given;
    const run = started(await made(name, { use_karras_sigmas: true }), { sigmas });
    expect(run.plan.numInferenceSteps ?? sigmas.length - 1).toBe(sigmas.length - 1);
    const seen = levelsOf(name, run);
    expect([seen[0], seen.at(-1)]).toEqual([sigmas[0], sigmas.at(-1)]);
    expect(energyDistance(await ended(run), data, 2)).toBeLessThan(0.04);
  });

  const options = ['use_karras_sigmas', 'use_exponential_sigmas', 'use_beta_sigmas'];
  const pairs = CLASSES.filter((name) => !WITHOUT_OPTION.includes(name)).flatMap((name) =>
    options.map((option) => [name, option] as const),
  );
  it.each(pairs)('%s: those that %s makes give the run of that option', async (name, option) => {
    // DEIS and SA-Solver lower their order in the last steps, and repeat the last sigma of their own schedules: a step more
    const orders = POSITIVE.includes(name) ? { lower_order_final: false } : {};
    const own = started(await made(name, { ...orders, [option]: true }), { numInferenceSteps: 9 });
    const given = started(await made(name, orders), { sigmas: levelsOf(name, own) });
    expect(rms(await ended(given), await ended(own, given.timesteps.length))).toBeLessThan(1e-9);
  });

  const refused = {
    'do not descend': [3, 5, 0],
    'hold NaN': [3, Number.NaN, 0],
    'are one alone': [3],
    'are none': [],
    'fall below 0': [3, 1, -1],
  };
  const wrong = CLASSES.filter((name) => name !== 'EulerDiscreteScheduler').flatMap((name) =>
    Object.entries(refused).map(([what, sigmas]) => [name, what, sigmas] as const),
  );
  it.each(wrong)('%s refuses those that %s', async (name, _, sigmas) => {
    const scheduler = await made(name);
    expect(() => scheduler.setTimesteps({ sigmas })).toThrow(invalid);
    expect(() => scheduler.setTimesteps({ sigmas: [2, 1], numInferenceSteps: 1 })).toThrow(invalid);
  });

  it.each(CLASSES.filter((name) => name !== 'EulerDiscreteScheduler'))(
    '%s begins at the first of those above training, which share a timestep',
    async (name) => {
      const run = started(await made(name), { sigmas: [30, 20, 5, 1] });
      expect(run.remaining.length).toBe(run.plan.timesteps.length);
      expect((await ended(run)).every(Number.isFinite)).toBe(true);
    },
  );

  it.each([
    ['DEISMultistepScheduler', {}],
    ['DPMSolverMultistepScheduler', { algorithm_type: 'dpmsolver', final_sigmas_type: 'sigma_min' }],
    ['DPMSolverSinglestepScheduler', { algorithm_type: 'dpmsolver', final_sigmas_type: 'sigma_min' }],
    ['SASolverScheduler', {}],
    ['UniPCMultistepScheduler', { predict_x0: false }],
    ['UniPCMultistepScheduler', { solver_type: 'bh1' }],
  ])('%s (%o) refuses to end at 0, which it cannot reach', async (name, config) => {
    const scheduler = await made(name, config);
    expect(() => scheduler.setTimesteps({ sigmas: [2, 1, 0] })).toThrow(invalid);
  });

  it.each([
    'DEISMultistepScheduler',
    'DPMSolverMultistepScheduler',
    'DPMSolverSinglestepScheduler',
    'SASolverScheduler',
  ])('%s takes flow sigmas where it goes by those, below 1', async (name) => {
    const scheduler = await made(name, { use_flow_sigmas: true, prediction_type: 'flow_prediction' });
    scheduler.setTimesteps({ sigmas: [0.9, 0.5, 0.1] });
    expect(scheduler.timesteps).toEqual([900, 500]);
    expect(() => scheduler.setTimesteps({ sigmas: [1, 0.5, 0.1] })).toThrow(invalid);
  });
});
