// Noise levels per token: each token steps to the largest sigma of the schedule that lies below its own.

import type { Precision, Table } from '@unnoise/core';
import { mapTable } from '@unnoise/core';

/** sigma = timestep / N and the next lower sigma of the schedule, 0 where there is none, for every token. */
export function tokenLevels(
  timesteps: ArrayLike<number>,
  schedule: Table,
  trainSteps: number,
  precision: Precision,
): { sigma: Table; sigmaNext: Table } {
  const sigma = precision.table(Array.from(timesteps, (timestep) => timestep / trainSteps));
  const sigmas = Array.from(schedule);
  const below = (level: number): number =>
    Math.max(0, ...sigmas.filter((other) => other < precision.round(level - 1e-6)));
  return { sigma, sigmaNext: mapTable(sigma, below) };
}
