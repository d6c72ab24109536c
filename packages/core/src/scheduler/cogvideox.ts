// What the two schedulers of CogVideoX share: their config, their noise levels with a shifted signal to noise ratio, and x0.

import type { BetaConfig, PredictionType, SpacingConfig } from '../config/fragments.ts';
import { betaFields, predictionTypeField, spacingFields } from '../config/fragments.ts';
import type { ConfigSchema } from '../config/schema.ts';
import { boolean, choice, number } from '../config/schema.ts';
import type { Precision, Table } from '../schedule/index.ts';
import { exact64, rescaleAlphasZeroTerminalSnr, shiftSnr, trainingTables } from '../schedule/index.ts';

export interface CogVideoXConfig extends BetaConfig, SpacingConfig {
  /** Not read, as upstream: the predicted original sample is never clipped. */
  readonly clip_sample: boolean;
  /** Not read, as upstream. */
  readonly clip_sample_range: number;
  /** Not read, as upstream. */
  readonly sample_max_value: number;
  /** Take the level after the last step as noiseless; else as that of timestep 0. */
  readonly set_alpha_to_one: boolean;
  /** What the model predicts: the noise, the original sample, or the velocity. */
  readonly prediction_type: PredictionType;
  /** Rescale the noise levels to zero terminal SNR; meant for v_prediction. */
  readonly rescale_betas_zero_snr: boolean;
  /** Divides the signal to noise ratio of every level; 1 leaves the schedule as it is. */
  readonly snr_shift_scale: number;
}

export const cogVideoXFields: ConfigSchema<CogVideoXConfig> = {
  ...betaFields,
  beta_start: number(0.00085),
  beta_end: number(0.012),
  beta_schedule: choice('scaled_linear', betaFields.beta_schedule.choices as never),
  ...spacingFields('leading'),
  clip_sample: boolean(true),
  clip_sample_range: number(1),
  sample_max_value: number(1),
  set_alpha_to_one: boolean(true),
  prediction_type: predictionTypeField,
  rescale_betas_zero_snr: boolean(false),
  snr_shift_scale: number(3),
};

/** alphas_cumprod, shifted, then rescaled to end at 0 if the config asks for it. As upstream, scaled_linear is never rounded to float32. */
export function cogVideoXLevels(config: CogVideoXConfig, precision: Precision): Table {
  const unrounded = config.beta_schedule === 'scaled_linear' && !config.trained_betas;
  const { alphasCumprod } = trainingTables(config, unrounded ? exact64 : precision);
  const shifted = shiftSnr(alphasCumprod, config.snr_shift_scale);
  return config.rescale_betas_zero_snr ? rescaleAlphasZeroTerminalSnr(shifted) : shifted;
}
