// What the schedulers of models distilled to few steps (LCM, TCD) share: their config, and everything of a plan but its rows.

import type { BetaConfig, PredictionType, SpacingConfig, TimestepSpacing } from '../config/fragments.ts';
import { betaFields, predictionTypeField } from '../config/fragments.ts';
import type { ConfigSchema } from '../config/schema.ts';
import type { ThresholdingConfig } from '../config/thresholding-fields.ts';
import { thresholdingFields } from '../config/thresholding-fields.ts';
import { TIMESTEP_SPACINGS, distilledSchedule, indexForTimestep } from '../schedule/index.ts';
import { boolean, choice, number } from '../config/schema.ts';
import type { DistillationGrid, DistilledSchedule, Table } from '../schedule/index.ts';
import { warn } from '../warn.ts';
import { trainedNoise } from './trained-levels.ts';
import type { Plan, PlanRequest } from './types.ts';

export interface DistilledConfig extends BetaConfig, SpacingConfig, ThresholdingConfig {
  /** Not read, as upstream: the timesteps are those of the distillation. */
  readonly timestep_spacing: TimestepSpacing;
  /** Not read, as upstream. */
  readonly steps_offset: number;
  /** Number of steps that the model was distilled on: a run visits some of them. */
  readonly original_inference_steps: number;
  /** Clip the predicted original sample; for pixel models only. */
  readonly clip_sample: boolean;
  /** Largest magnitude after clipping. */
  readonly clip_sample_range: number;
  /** Take a custom timestep below 0 as noiseless; else as timestep 0. */
  readonly set_alpha_to_one: boolean;
  /** What the model predicts: the noise, the original sample, or the velocity. */
  readonly prediction_type: PredictionType;
  /** Factor of the timestep in the boundary condition. */
  readonly timestep_scaling: number;
  /** Rescale the betas to zero terminal SNR; meant for v_prediction. */
  readonly rescale_betas_zero_snr: boolean;
}

export const distilledFields: ConfigSchema<DistilledConfig> = {
  ...betaFields,
  beta_start: number(0.00085),
  beta_end: number(0.012),
  beta_schedule: choice('scaled_linear', betaFields.beta_schedule.choices as never),
  original_inference_steps: number(50),
  clip_sample: boolean(false),
  clip_sample_range: number(1),
  set_alpha_to_one: boolean(true),
  timestep_spacing: choice('leading', TIMESTEP_SPACINGS),
  steps_offset: number(0),
  prediction_type: predictionTypeField,
  ...thresholdingFields,
  timestep_scaling: number(10),
  rescale_betas_zero_snr: boolean(false),
};

/** Strength is a part of the request here: it cuts the grid, and does not merely pick a place to begin. */
export const DISTILLED_REQUEST_KEYS: readonly string[] = [
  'numInferenceSteps',
  'timesteps',
  'originalInferenceSteps',
  'strength',
];

export type DistilledPlan = Omit<Plan<unknown>, 'row'>;

/** The plan of a request, without rows; warns of custom timesteps that the model was not distilled on. */
export function distilledPlan(request: PlanRequest, known: DistillationGrid, alphasCumprod: Table): DistilledPlan {
  const schedule = distilledSchedule(request, known);
  const foreign = request.timesteps?.filter((timestep) => !known.grid.includes(timestep)) ?? [];
  if (foreign.length > 0)
    warn(`the model was not distilled on the timesteps ${foreign.join(', ')}; expect less of them.`);
  return planOf(schedule, alphasCumprod);
}

/** The plan before setTimesteps, as upstream: every trained timestep, and no step can be taken. */
export function unsetDistilledPlan(trainSteps: number, alphasCumprod: Table): DistilledPlan {
  return planOf({ timesteps: Array.from({ length: trainSteps }, (_, i) => trainSteps - 1 - i) }, alphasCumprod);
}

function planOf(
  schedule: Pick<DistilledSchedule, 'timesteps'> & Partial<DistilledSchedule>,
  alphasCumprod: Table,
): DistilledPlan {
  return {
    ...schedule,
    initNoiseSigma: 1,
    indexOf: (timestep) => indexForTimestep(schedule.timesteps, timestep),
    ...trainedNoise(alphasCumprod),
  };
}
