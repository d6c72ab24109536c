// What the schedulers of models distilled to few steps (LCM, TCD) share: their config, and everything of a plan but its rows.

import type { BetaConfig, PredictionType, SpacingConfig } from '../config/fragments.ts';
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
  readonly original_inference_steps: number;
  readonly clip_sample: boolean;
  readonly clip_sample_range: number;
  readonly set_alpha_to_one: boolean;
  readonly prediction_type: PredictionType;
  readonly timestep_scaling: number;
  readonly rescale_betas_zero_snr: boolean;
}

export const distilledFields: ConfigSchema<DistilledConfig> = {
  ...betaFields,
  beta_start: number(0.00085, 'First beta.'),
  beta_end: number(0.012, 'Last beta.'),
  beta_schedule: choice('scaled_linear', betaFields.beta_schedule.choices as never, betaFields.beta_schedule.doc),
  original_inference_steps: number(50, 'Number of steps that the model was distilled on: a run visits some of them.'),
  clip_sample: boolean(false, 'Clip the predicted original sample; for pixel models only.'),
  clip_sample_range: number(1, 'Largest magnitude after clipping.'),
  set_alpha_to_one: boolean(true, 'Take a custom timestep below 0 as noiseless; else as timestep 0.'),
  timestep_spacing: choice(
    'leading',
    TIMESTEP_SPACINGS,
    'Not read, as upstream: the timesteps are those of the distillation.',
  ),
  steps_offset: number(0, 'Not read, as upstream.'),
  prediction_type: predictionTypeField,
  ...thresholdingFields,
  timestep_scaling: number(10, 'Factor of the timestep in the boundary condition.'),
  rescale_betas_zero_snr: boolean(false, 'Rescale the betas to zero terminal SNR; meant for v_prediction.'),
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
