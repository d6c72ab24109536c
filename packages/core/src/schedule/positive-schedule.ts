// The schedules of DEIS and SA-Solver, which never reach sigma 0: spaced timesteps, re-spaced sigmas or flow sigmas. Numbers only.

import type { Precision } from './precision.ts';
import type { RespacingConfig } from './respacing.ts';
import { rangeOf, respacedSigmas, respacingOf } from './respacing.ts';
import { roundTimesteps, truncateTimesteps } from './sigma-to-timestep.ts';
import type { SolverSchedule, SolverSteps, SolverTables } from './solver-schedule.ts';
import { solverFlowSigmas } from './flow.ts';
import { endedBy, stepsAtFlowSigmas, stepsAtSigmas, stepsAtTimesteps } from './solver-schedule.ts';
import { innerTimesteps, requireSteps } from './spacing.ts';

/** The config keys that a schedule reads. */
export interface PositiveScheduleConfig extends RespacingConfig {
  readonly num_train_timesteps: number;
  readonly timestep_spacing: string;
  readonly steps_offset: number;
  readonly use_flow_sigmas: boolean;
}

export interface PositiveScheduleRequest {
  readonly steps: number;
  /** Time shift of flow sigmas. */
  readonly shift: number;
  /** Spaced timesteps lie below this one (see `SpacingRequest.top`). */
  readonly top?: number;
}

/**
 * The schedule of a config. As upstream: spaced timesteps end at the trained sigma of timestep 0, re-spaced and flow sigmas repeat
 * their last, so that their last step has no length.
 */
export function positiveSchedule(
  config: PositiveScheduleConfig,
  request: PositiveScheduleRequest,
  tables: SolverTables,
  precision: Precision,
): SolverSchedule {
  requireSteps(request.steps);
  const steps = stepsOf(config, request, tables);
  const spaced = !respacingOf(config) && !config.use_flow_sigmas;
  return endedBy((spaced ? tables.sigmas[0] : steps.sigmas.at(-1)) ?? Number.NaN, steps, precision);
}

function stepsOf(
  config: PositiveScheduleConfig,
  { steps, shift, top }: PositiveScheduleRequest,
  tables: SolverTables,
): SolverSteps {
  const { timestep_spacing: spacing, steps_offset: offset, num_train_timesteps: trainSteps } = config;
  // also where they are not used: an unknown spacing is refused
  const timesteps = innerTimesteps({ spacing, steps, trainSteps, offset, ...(top !== undefined && { top }) });
  const respacing = respacingOf(config);
  if (respacing) {
    const sigmas = respacedSigmas(respacing, rangeOf(tables.sigmas.toReversed(), config), steps);
    return stepsAtSigmas(sigmas, tables, respacing === 'karras' ? roundTimesteps : truncateTimesteps);
  }
  if (config.use_flow_sigmas) return stepsAtFlowSigmas(solverFlowSigmas(trainSteps, steps, shift), trainSteps);
  return stepsAtTimesteps(timesteps, tables);
}
