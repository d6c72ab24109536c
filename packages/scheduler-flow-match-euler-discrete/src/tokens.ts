// Noise levels per token: each token steps to the largest sigma of the schedule that lies below its own.

import type { Precision } from '@unnoise/core';

/** sigma = timestep / N and the next lower sigma of the schedule, 0 where there is none, for every token. */
export function tokenLevels(
  timesteps: ArrayLike<number>,
  schedule: ArrayLike<number>,
  trainSteps: number,
  { round }: Precision,
): { sigma: Float32Array; sigmaNext: Float32Array } {
  const sigma = Float32Array.from(timesteps, (timestep) => timestep / trainSteps);
  const sigmas = Array.from(schedule);
  const below = (level: number): number => Math.max(0, ...sigmas.filter((other) => other < round(level - 1e-6)));
  return { sigma, sigmaNext: sigma.map(below) };
}
