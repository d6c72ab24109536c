// The config keys of the EDM schedulers. A file of its own, so that whoever has none of them does not carry it.

import type { FinalSigmasType } from './fragments.ts';
import type { ConfigSchema } from './schema.ts';
import { choice, number } from './schema.ts';

/** Noise levels of a continuous model and its preconditioning. */
export interface EDMConfig {
  /** Smallest noise level. */
  readonly sigma_min: number;
  /** Largest noise level. */
  readonly sigma_max: number;
  /** Standard deviation of the data. */
  readonly sigma_data: number;
  /** How levels lie between the two: evenly in sigma^(1/rho), or in ln sigma. */
  readonly sigma_schedule: 'karras' | 'exponential';
  /** Number of noise levels before setTimesteps. */
  readonly num_train_timesteps: number;
  /** Sign of the model's output: F (epsilon) or -F (v_prediction). */
  readonly prediction_type: 'epsilon' | 'v_prediction';
  /** Exponent of karras levels. */
  readonly rho: number;
  /** Noise level after the last step. */
  readonly final_sigmas_type: FinalSigmasType;
}

export const edmFields: ConfigSchema<EDMConfig> = {
  sigma_min: number(0.002),
  sigma_max: number(80),
  sigma_data: number(0.5),
  sigma_schedule: choice('karras', ['karras', 'exponential']),
  num_train_timesteps: number(1000),
  prediction_type: choice('epsilon', ['epsilon', 'v_prediction']),
  rho: number(7),
  final_sigmas_type: choice('zero', ['zero', 'sigma_min']),
};
