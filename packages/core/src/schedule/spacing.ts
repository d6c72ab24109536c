// Which training timesteps a run of `steps` steps visits: linspace, leading, trailing in the three families of diffusers.
// Sigmas for them are made in sigmas.ts; schedules made of sigmas have their timesteps from sigma-to-timestep.ts.

import { requireChoice } from '../config/schema.ts';
import { DiffusionError } from '../errors.ts';
import { arange, linspace, roundHalfEven } from './grids.ts';
import type { Precision, Table } from './precision.ts';

/** What a spacing depends on. */
export interface SpacingRequest {
  /** config.timestep_spacing: 'linspace', 'leading' or 'trailing'. */
  readonly spacing: string;
  /** num_inference_steps, n. */
  readonly steps: number;
  /** num_train_timesteps, N. */
  readonly trainSteps: number;
  /** config.steps_offset; added in 'leading' only. */
  readonly offset?: number;
  /**
   * The schedule runs below this timestep: N less the number of timesteps that `lambda_min_clipped` cuts off. N unless
   * given. The stride of 'trailing' stays N / n, as upstream.
   */
  readonly top?: number;
}

/** The names that `timestep_spacing` takes. */
export const TIMESTEP_SPACINGS: readonly ['linspace', 'leading', 'trailing'] = ['linspace', 'leading', 'trailing'];

/**
 * n integer timesteps, descending, of n points: DDIM, DDPM, PNDM.
 *
 * - linspace: round(linspace(0, N-1, n))
 * - leading: k floor(N/n) + offset
 * - trailing: round(arange(N, 0, -N/n)) - 1; as upstream this can hold one entry more, -1 (n = 61, 103, ... at N = 1000)
 *
 * Throws REQUEST_INVALID for a step count below 1 and CONFIG_INVALID for an unknown spacing.
 */
export function integerTimesteps(request: SpacingRequest): Int32Array {
  const { steps, trainSteps, offset = 0 } = checked(request);
  return choose(request.spacing, {
    linspace: () => Int32Array.from(linspace(0, trainSteps - 1, steps), roundHalfEven).reverse(),
    leading: () => descending(steps, (k) => k * Math.floor(trainSteps / steps) + offset),
    trailing: () => Int32Array.from(trailing(request)),
  });
}

/**
 * n integer timesteps, descending, of n + 1 points whose last (t = 0) is dropped: DPM-Solver, UniPC, DEIS, SA-Solver.
 *
 * - linspace: round(linspace(0, top-1, n+1))
 * - leading: k floor(top/(n+1)) + offset
 * - trailing: as `integerTimesteps`, from `top` downwards
 */
export function innerTimesteps(request: SpacingRequest): Int32Array {
  if (request.spacing === 'trailing') return Int32Array.from(trailing(checked(request)));
  return fencePosts(request).slice(1).reverse();
}

/**
 * n integer timesteps, ascending, of n + 1 points whose last (the noisiest) is dropped; trailing is reversed:
 * DPM-Solver inversion.
 */
export function risingTimesteps(request: SpacingRequest): Int32Array {
  if (request.spacing === 'trailing') return Int32Array.from(trailing(checked(request))).reverse();
  return fencePosts(request).slice(0, -1);
}

/**
 * n timesteps, descending, of n points, linspace not rounded: Euler, Euler ancestral, LMS, Heun, KDPM2, DPM-Solver SDE.
 *
 * `precision` is upstream32 for all of them but DPM-Solver SDE, which keeps float64.
 */
export function fractionalTimesteps(request: SpacingRequest, precision: Precision): Table {
  const { steps, trainSteps } = checked(request);
  if (request.spacing === 'linspace') return precision.table(linspace(0, trainSteps - 1, steps).reverse());
  return precision.table(integerTimesteps(request));
}

/** Throws CONFIG_INVALID for an unknown spacing. */
export function requireSpacing(spacing: string): void {
  requireChoice('timestep_spacing', spacing, TIMESTEP_SPACINGS);
}

/** Throws CONFIG_INVALID unless num_train_timesteps is an integer of at least 1. */
export function requireTrainSteps(count: number): void {
  if (Number.isInteger(count) && count >= 1) return;
  const message = `num_train_timesteps is ${count}; give an integer of at least 1.`;
  throw new DiffusionError('CONFIG_INVALID', message, { count });
}

/** Throws REQUEST_INVALID unless `steps` is an integer from 1 to `most`. */
export function requireSteps(steps: number, most: number = Infinity): void {
  if (Number.isInteger(steps) && steps >= 1 && steps <= most) return;
  throw new DiffusionError(
    'REQUEST_INVALID',
    `numInferenceSteps is ${steps}; give an integer from 1${most < Infinity ? ` to num_train_timesteps = ${most}` : ' up'}.`,
    { steps, most },
  );
}

/** The n + 1 ascending points of linspace and leading; the offset is added to all. */
function fencePosts(request: SpacingRequest): Int32Array {
  const { steps, trainSteps, offset = 0, top = trainSteps } = checked(request);
  return choose(request.spacing, {
    linspace: () => Int32Array.from(linspace(0, top - 1, steps + 1), roundHalfEven),
    leading: () => descending(steps + 1, (k) => k * Math.floor(top / (steps + 1)) + offset).reverse(),
  });
}

function trailing({ steps, trainSteps, top = trainSteps }: SpacingRequest): Float64Array {
  return arange(top, 0, -trainSteps / steps).map((t) => roundHalfEven(t) - 1);
}

function descending(count: number, f: (k: number) => number): Int32Array {
  return Int32Array.from({ length: count }, (_, i) => f(count - 1 - i));
}

function checked(request: SpacingRequest): SpacingRequest {
  requireSteps(request.steps);
  return request;
}

function choose(spacing: string, choices: Record<string, () => Int32Array>): Int32Array {
  requireSpacing(spacing);
  return choices[spacing]!();
}
