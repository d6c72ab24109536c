// The schedules of distilled models (LCM, TCD): a run visits some of the timesteps that the student was trained on.

import { DiffusionError } from '../errors.ts';
import { descendingTimesteps, exactlyOne } from './custom.ts';
import { linspace } from './grids.ts';
import { requireSteps } from './spacing.ts';
import { timestepsForStrength } from './strength.ts';

/** What a run of a distilled model is asked for: exactly one of the first two. */
export interface DistilledRequest {
  readonly numInferenceSteps?: number;
  readonly timesteps?: readonly number[];
  /** Share of the grid, or of the custom timesteps, in [0, 1]; 1 unless given. */
  readonly strength?: number;
}

/** The timesteps that the student knows, ascending, and the number of steps it was trained on. */
export interface DistillationGrid {
  readonly grid: Int32Array;
  readonly originalSteps: number;
  readonly trainSteps: number;
}

/** As upstream, the count is that of all custom timesteps, also where strength leaves fewer. */
export interface DistilledSchedule {
  readonly timesteps: readonly number[];
  readonly numInferenceSteps: number;
}

/**
 * Every k-th trained timestep, k = floor(N / originalSteps): k - 1, 2k - 1, ...
 * Throws REQUEST_INVALID for a number of steps that is not from 1 to N.
 */
export function distillationGrid(originalSteps: number, trainSteps: number): DistillationGrid {
  if (!(Number.isInteger(originalSteps) && originalSteps >= 1 && originalSteps <= trainSteps)) {
    throw new DiffusionError(
      'REQUEST_INVALID',
      `original_inference_steps is ${originalSteps}; give an integer from 1 to num_train_timesteps = ${trainSteps}.`,
      { originalSteps, trainSteps },
    );
  }
  const stride = Math.floor(trainSteps / originalSteps);
  return {
    grid: Int32Array.from({ length: originalSteps }, (_, i) => (i + 1) * stride - 1),
    originalSteps,
    trainSteps,
  };
}

/** Every trained timestep. */
export function fullGrid(originalSteps: number, trainSteps: number): DistillationGrid {
  return { grid: Int32Array.from({ length: trainSteps }, (_, t) => t), originalSteps, trainSteps };
}

/**
 * n timesteps of the grid, from the noisiest down, evenly spread by their index; or custom timesteps. Of either, strength
 * drops the noisiest first. Throws REQUEST_INVALID for more steps than are left of the grid, for a strength outside
 * [0, 1], and as `descendingTimesteps`.
 */
export function distilledSchedule(request: DistilledRequest, known: DistillationGrid): DistilledSchedule {
  const { strength = 1 } = request;
  if (exactlyOne(request, ['numInferenceSteps', 'timesteps']) === 'timesteps') {
    const all = Array.from(descendingTimesteps(request.timesteps ?? [], known.trainSteps));
    const { beginIndex } = timestepsForStrength(all.length, strength);
    return { timesteps: all.slice(beginIndex), numInferenceSteps: all.length };
  }
  const steps = request.numInferenceSteps ?? 0;
  const { steps: reach } = timestepsForStrength(known.grid.length, strength);
  requireOnGrid(steps, strength, Math.min(reach, known.originalSteps), known);
  const descending = known.grid.slice(0, reach).reverse();
  return {
    timesteps: Array.from(linspace(0, reach, steps, false), (i) => descending[Math.floor(i)]!),
    numInferenceSteps: steps,
  };
}

function requireOnGrid(steps: number, strength: number, most: number, { originalSteps }: DistillationGrid): void {
  requireSteps(steps);
  if (steps <= most) return;
  throw new DiffusionError(
    'REQUEST_INVALID',
    `numInferenceSteps is ${steps}, but original_inference_steps ${originalSteps} at strength ${strength} leave ${most}. Take fewer steps, or raise one of them.`,
    { steps, originalSteps, strength, most },
  );
}
