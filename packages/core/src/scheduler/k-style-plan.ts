// What Euler and its relatives share: x = x0 + sigma eps, of which the model sees x / sqrt(sigma^2 + 1).

import type { Table } from '../schedule/index.ts';
import { indexForTimestep } from '../schedule/index.ts';
import type { Tensor } from '../tensor/index.ts';
import type { NoiseLevel, Plan, PlanRequest } from './types.ts';

/** The schedule that a k-style scheduler steps through. */
export interface KStyleSchedule {
  /** One per model call. */
  readonly timesteps: readonly number[];
  /** One per model call, and the final one. */
  readonly sigmas: Table;
  readonly numInferenceSteps?: number;
}

/** The part of a plan that follows from the sigmas; the rows are the scheduler's own. */
export type KStylePlan = KStyleSchedule &
  Required<Pick<Plan<unknown>, 'initNoiseSigma' | 'indexOf' | 'inputScale' | 'noiseLevel'>>;

/**
 * Everything but the rows. As upstream: a run of leading spacing does not start at the noisiest level, so its first sample still
 * holds a signal of unit size and initNoiseSigma is sqrt(sigma^2 + 1). Custom sigmas of a `request` may share the first timestep: theirs begins at 0.
 */
export function kStylePlan(
  schedule: KStyleSchedule,
  config: { readonly timestep_spacing: string },
  request?: Pick<PlanRequest, 'sigmas'>,
): KStylePlan {
  const { timesteps, sigmas } = schedule;
  const at = (index: number): number => sigmas[index] ?? Number.NaN;
  const largest = Math.max(...sigmas);
  return {
    ...schedule,
    initNoiseSigma: config.timestep_spacing === 'leading' ? Math.sqrt(largest ** 2 + 1) : largest,
    indexOf: (timestep) => (request?.sigmas && timestep === timesteps[0] ? 0 : indexForTimestep(timesteps, timestep)),
    inputScale: (index) => scaleAtSigma(at(index)),
    noiseLevel: (index): NoiseLevel => ({ signal: 1, noise: at(index) }),
  };
}

/** The sample in float32, where upstream computes so: the x0 of a float16 run is then float32 too. */
export function inFloat32(x: Tensor): Tensor {
  return x.dtype === 'float32' ? x : x.cast('float32');
}

/** The factor that brings x0 + sigma eps to unit size. */
export function scaleAtSigma(sigma: number): number {
  return 1 / Math.sqrt(sigma ** 2 + 1);
}
