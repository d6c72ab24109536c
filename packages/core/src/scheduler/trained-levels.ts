// The trained noise levels as steps and addNoise meet them: also past the end of a schedule.

import type { Table } from '../schedule/index.ts';
import { trainedLevel } from './predict.ts';
import type { NoiseLevel, Plan } from './types.ts';

/** x = alpha x0 + sigma eps, with alpha^2 = alphaCumprod. */
export type TrainedLevel = ReturnType<typeof trainedLevel>;

/**
 * The level of a timestep, or the one past the end for a timestep below 0: noiseless with set_alpha_to_one, else that of
 * timestep 0. Throws TIMESTEP_NOT_IN_PLAN for a timestep past the table.
 */
export function levelOrEnd(
  alphasCumprod: Table,
  timestep: number,
  { set_alpha_to_one: noiseless }: { readonly set_alpha_to_one: boolean },
): TrainedLevel {
  if (timestep >= 0 || !noiseless) return trainedLevel(alphasCumprod, Math.max(timestep, 0));
  return { alphaCumprod: 1, alpha: 1, sigma: 0 };
}

/** addNoise and getVelocity of the trained levels, whatever the schedule. */
export function trainedNoise(
  alphasCumprod: Table,
): Required<Pick<Plan<unknown>, 'noiseByTimestep' | 'noiseLevel' | 'velocityLevel'>> {
  const level = (_: number, timestep: number): NoiseLevel => {
    const { alpha, sigma } = trainedLevel(alphasCumprod, timestep);
    return { signal: alpha, noise: sigma };
  };
  return { noiseByTimestep: true, noiseLevel: level, velocityLevel: level };
}
