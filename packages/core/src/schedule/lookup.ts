// Where a timestep stands in a schedule. Equality is exact, on float64 and float32 values alike.

import { DiffusionError } from '../errors.ts';

/**
 * The index to start from at `timestep`: the *second* occurrence where there are several, so that image-to-image starts
 * on the right half of a doubled schedule. Throws TIMESTEP_NOT_IN_PLAN where it is absent (Euler and its relatives).
 */
export function indexForTimestep(timesteps: ArrayLike<number>, timestep: number): number {
  const index = secondOccurrence(timesteps, timestep);
  return index < 0 ? absent(timesteps, timestep) : index;
}

/** The same, but the last index where `timestep` is absent (DPM-Solver family, DEIS, UniPC, SA-Solver). */
export function indexForTimestepOrLast(timesteps: ArrayLike<number>, timestep: number): number {
  const index = secondOccurrence(timesteps, timestep);
  return index < 0 ? timesteps.length - 1 : index;
}

/** The first index of `timestep`. Throws TIMESTEP_NOT_IN_PLAN where it is absent. */
export function firstIndexOfTimestep(timesteps: ArrayLike<number>, timestep: number): number {
  const index = Array.prototype.indexOf.call(timesteps, timestep);
  return index < 0 ? absent(timesteps, timestep) : index;
}

/**
 * The entry after the first occurrence of `timestep`; -1 after the last (DDPM with a schedule set).
 * Throws TIMESTEP_NOT_IN_PLAN where it is absent.
 */
export function previousTimestep(timesteps: ArrayLike<number>, timestep: number): number {
  return timesteps[firstIndexOfTimestep(timesteps, timestep) + 1] ?? -1;
}

function secondOccurrence(timesteps: ArrayLike<number>, timestep: number): number {
  const first = Array.prototype.indexOf.call(timesteps, timestep);
  const second = first < 0 ? -1 : Array.prototype.indexOf.call(timesteps, timestep, first + 1);
  return second < 0 ? first : second;
}

function absent(timesteps: ArrayLike<number>, timestep: number): never {
  const ends =
    timesteps.length > 0
      ? ` of ${timesteps.length} entries from ${timesteps[0]} to ${timesteps[timesteps.length - 1]}`
      : ', which is empty';
  throw new DiffusionError(
    'TIMESTEP_NOT_IN_PLAN',
    `timestep ${timestep} is not in the schedule${ends}; pass an entry of scheduler.timesteps unchanged.`,
    { timestep },
  );
}
