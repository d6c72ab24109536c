// The plan of a scheduler of the DPM-Solver family, DEIS or UniPC: everything but the row of a step.

import { DiffusionError } from '../errors.ts';
import type { LambdaLevel, SolverSchedule } from '../schedule/index.ts';
import { indexForTimestepOrLast, lambdaLevel } from '../schedule/index.ts';
import type { Plan } from './types.ts';

export interface SolverPlanParts<K> {
  readonly className: string;
  /** Whether the sigmas are flow sigmas. */
  readonly flow: boolean;
  /** False for the schedule before setTimesteps, which cannot be stepped through. */
  readonly set: boolean;
  /** Custom sigmas may share the first timestep: a run of theirs begins at 0. */
  readonly given?: boolean;
  /** The row of a step; `level` gives alpha, sigma and lambda of any entry of the sigma table. */
  row(index: number, level: (index: number) => LambdaLevel): K;
}

/** A plan on a schedule. As upstream, a timestep that is not in it means its last entry; its rows throw TIMESTEPS_NOT_SET unless `set`. */
export function solverPlan<K>(
  schedule: SolverSchedule,
  { className, flow, set, given, row }: SolverPlanParts<K>,
): Plan<K> {
  const { timesteps, sigmas } = schedule;
  const level = (index: number): LambdaLevel => lambdaLevel(sigmas[index] ?? Number.NaN, flow);
  return {
    timesteps,
    sigmas,
    initNoiseSigma: 1,
    ...(set && { numInferenceSteps: timesteps.length }),
    indexOf: (timestep) => (given && timestep === timesteps[0] ? 0 : indexForTimestepOrLast(timesteps, timestep)),
    row: (index) => {
      if (!set) throw timestepsNotSet(className);
      return row(index, level);
    },
    noiseLevel: (index) => ({ signal: level(index).alpha, noise: level(index).sigma }),
  };
}

/** The error of a step before setTimesteps, for schedulers that have no schedule by themselves. */
export function timestepsNotSet(className: string): DiffusionError {
  return new DiffusionError(
    'TIMESTEPS_NOT_SET',
    `${className}: the schedule is not known. Call setTimesteps before step.`,
  );
}
