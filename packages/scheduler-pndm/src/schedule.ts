// Which timesteps PNDM calls the model at, and between which of them each call steps. The weights of a step are made in index.ts.

import type { SpacingConfig } from '@unnoise/core';
import { DiffusionError, integerTimesteps } from '@unnoise/core';

export interface PNDMSchedule {
  /** One per model call. */
  readonly timesteps: readonly number[];
  /** How many of them, from the first, belong to Runge-Kutta steps. */
  readonly rungeKuttaCalls: number;
  /** A whole step back: floor(N / n), whatever the next timestep is. */
  readonly stride: number;
}

/** Model calls of a Runge-Kutta step, and steps it takes to have the history that the multistep method needs. */
const STAGES = 4;
const STARTS = 3;

/** The schedule of n steps: n + 1 calls, or n + 9 with Runge-Kutta steps, of which n must then be 4 at least. */
export function pndmSchedule(
  steps: number,
  config: SpacingConfig & { readonly num_train_timesteps: number; readonly skip_prk_steps: boolean },
): PNDMSchedule {
  const { num_train_timesteps: trainSteps, timestep_spacing: spacing, steps_offset: offset } = config;
  const grid = Array.from(integerTimesteps({ spacing, steps, trainSteps, offset }));
  const stride = Math.floor(trainSteps / steps);
  if (config.skip_prk_steps) {
    return { timesteps: [...grid.slice(0, 2), ...grid.slice(1)], rungeKuttaCalls: 0, stride };
  }
  if (grid.length <= STARTS) throw tooFew(steps);
  const starts = Array.from({ length: STARTS }, (_, i) => stages(grid[i]!, grid[i + 1]!, Math.floor(stride / 2)));
  return { timesteps: [...starts.flat(), ...grid.slice(STARTS)], rungeKuttaCalls: STAGES * STARTS, stride };
}

/** A Runge-Kutta step from `from` to `to` calls the model at its start, twice in the middle, and at its end. */
function stages(from: number, to: number, half: number): readonly number[] {
  return [from, to + half, to + half, to];
}

/** The timesteps between which a call steps. As upstream, those to come follow from the one that was passed, not from the schedule. */
export function intervalOf(
  { timesteps, rungeKuttaCalls, stride }: PNDMSchedule,
  call: number,
  timestep: number,
): readonly [from: number, to: number] {
  if (call < rungeKuttaCalls) {
    const start = timesteps[call - (call % STAGES)]!;
    return [start, call % 2 === 0 ? timestep - Math.floor(stride / 2) : timestep];
  }
  return call === 1 ? [timestep + stride, timestep] : [timestep, timestep - stride]; // call 1 takes the first step again
}

function tooFew(steps: number): DiffusionError {
  return new DiffusionError(
    'REQUEST_INVALID',
    `numInferenceSteps is ${steps}, but Runge-Kutta steps need 4 at least. Take more, or set skip_prk_steps.`,
    { steps },
  );
}
