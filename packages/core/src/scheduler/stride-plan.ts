// The plan of DDIM and its relatives: a step goes back one stride of the training schedule, whatever the next entry of the run is.

import type { SpacingConfig } from '../config/fragments.ts';
import type { Table } from '../schedule/index.ts';
import { integerTimesteps, requireSteps } from '../schedule/index.ts';
import { trainedLevel } from './predict.ts';
import { timestepsNotSet } from './solver-plan.ts';
import { levelOrEnd, trainedNoise } from './trained-levels.ts';
import type { TrainedLevel } from './trained-levels.ts';
import type { Plan, PlanRequest } from './types.ts';

/** The config keys that say which timesteps a run visits, and what lies below the last. */
export interface StrideConfig extends SpacingConfig {
  readonly num_train_timesteps: number;
  readonly set_alpha_to_one: boolean;
}

export interface StridePlanParts<K> {
  readonly className: string;
  readonly config: StrideConfig;
  readonly alphasCumprod: Table;
  /** The row of a step from one level to that a stride before it. */
  row(now: TrainedLevel, next: TrainedLevel, timestep: number): K;
}

/** The plan of a request; without one, every trained timestep, and rows throw TIMESTEPS_NOT_SET. */
export function stridePlan<K>(
  { className, config, alphasCumprod, row }: StridePlanParts<K>,
  request?: PlanRequest,
): Plan<K> {
  const steps = request?.numInferenceSteps;
  return {
    timesteps: Array.from(strideTimesteps(config, request)),
    initNoiseSigma: 1,
    ...(steps && { numInferenceSteps: steps }),
    row: (_, timestep) => {
      if (steps === undefined) throw timestepsNotSet(className);
      const previous = timestep - Math.floor(config.num_train_timesteps / steps);
      return row(trainedLevel(alphasCumprod, timestep), levelOrEnd(alphasCumprod, previous, config), timestep);
    },
    ...trainedNoise(alphasCumprod),
  };
}

function strideTimesteps(config: StrideConfig, request: PlanRequest | undefined): Int32Array {
  const { num_train_timesteps: trainSteps, timestep_spacing: spacing, steps_offset: offset } = config;
  if (!request) return integerTimesteps({ spacing: 'leading', steps: trainSteps, trainSteps });
  const { numInferenceSteps: steps = 0 } = request;
  requireSteps(steps, trainSteps);
  return integerTimesteps({ spacing, steps, trainSteps, offset });
}
