// The error of a solver on a mixture of Gaussians, whose probability flow is known; and what a run must say for that.

import { levelOf, rms, trajectory } from '@unnoise/conformance';
import type { NoiseLevel, Run } from '@unnoise/core';
import { torchGenerator } from '@unnoise/core';
import type { Distribution } from '@unnoise/testing-gmm';
import { predict, solveFlow, testMixture } from '@unnoise/testing-gmm';

/** What a perfect network answers, in the form that a scheduler asks for. */
export type Form = (data: Distribution, x: Float64Array, level: NoiseLevel) => ArrayLike<number>;

export const EPSILON: Form = (data, x, { signal, noise }) => predict(data, 'epsilon', x, signal, noise);
export const VELOCITY: Form = (data, x, { signal, noise }) => predict(data, 'v_prediction', x, signal, noise);
export const FLOW: Form = (data, x, { signal, noise }) => predict(data, 'flow_prediction', x, signal, noise);

const SIGMA_DATA = 0.5;

/** Karras et al. (2022), arXiv 2206.00364: D = c_skip x + c_out F. */
export const EDM: Form = (data, x, { noise: sigma }) => {
  const total = sigma ** 2 + SIGMA_DATA ** 2;
  const clean = predict(data, 'sample', x, 1, sigma);
  return x.map(
    (value, i) => ((clean[i]! - (SIGMA_DATA ** 2 / total) * value) * Math.sqrt(total)) / (sigma * SIGMA_DATA),
  );
};

export interface Walk {
  readonly run: Run;
  readonly form: Form;
  /** Default: all but the last, which is a projection to noise level 0. */
  readonly steps?: number;
  /** sigma / alpha after those steps, where the plan does not have it. */
  readonly to?: number;
  readonly data?: Distribution;
}

const SHAPE = [16, 2];
const NOISE = torchGenerator(1).normal(SHAPE, 'float64');
/** Where there is no signal at all, the flow is followed from here. */
const FAR = 1e5;
const FLOW_STEPS = 1500;

/** Root mean square over sixteen points of the plane, in x / alpha, where the walk ends. */
export async function errorOf({
  run,
  form,
  steps = run.remaining.length - 1,
  to,
  data = testMixture,
}: Walk): Promise<number> {
  const { plan } = run;
  const first = levelOf(run);
  const end = plan.timesteps.length - run.remaining.length + steps;
  const last = to === undefined ? plan.noiseLevel!(end, plan.timesteps[end]!) : { signal: 1, noise: to };
  const from = Math.min(first.noise / first.signal, FAR);
  const start = NOISE.map((value) => value * first.noise);
  const model = (x: Float64Array, level: NoiseLevel) => form(data, x, level);
  const found = (await trajectory({ run, model, start, shape: SHAPE, steps })).at(-1)!;
  const truth = solveFlow(
    data,
    NOISE.map((value) => value * from),
    from,
    last.noise / last.signal,
    FLOW_STEPS,
  );
  return rms(
    found.map((value) => value / last.signal),
    truth,
  );
}

/** A run that says these levels, for those whose plan has none or has them at rounded timesteps. */
export function withLevels(run: Run, noiseLevel: (index: number) => NoiseLevel): Run {
  return Object.defineProperty(run, 'plan', { value: { ...run.plan, noiseLevel } });
}

/** Of a sample alpha x0 + sigma epsilon with alpha^2 + sigma^2 = 1. */
export function preserving(ratio: number): NoiseLevel {
  const total = Math.hypot(ratio, 1);
  return { signal: 1 / total, noise: ratio / total };
}
