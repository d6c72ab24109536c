// Config keys that many schedulers share, with the defaults most of them have.

import { TIMESTEP_SPACINGS } from '../schedule/index.ts';
import type { ConfigField, ConfigSchema } from './schema.ts';
import { choice, number, optionalNumbers } from './schema.ts';

export type PredictionType = 'epsilon' | 'sample' | 'v_prediction';
export type TimestepSpacing = 'linspace' | 'leading' | 'trailing';
export type BetaSchedule = 'linear' | 'scaled_linear' | 'squaredcos_cap_v2';
export type FinalSigmasType = 'zero' | 'sigma_min';

/** The noise schedule of training. */
export interface BetaConfig<S extends string = BetaSchedule> {
  /** Number of noise levels the model was trained with. */
  readonly num_train_timesteps: number;
  /** First beta. */
  readonly beta_start: number;
  /** Last beta. */
  readonly beta_end: number;
  /** Rule from beta_start to beta_end. */
  readonly beta_schedule: S;
  /** Betas to use as they are; wins over beta_schedule. */
  readonly trained_betas: readonly number[] | null;
}

export const betaFields: ConfigSchema<BetaConfig> = {
  num_train_timesteps: number(1000),
  beta_start: number(0.0001),
  beta_end: number(0.02),
  beta_schedule: choice('linear', ['linear', 'scaled_linear', 'squaredcos_cap_v2']),
  trained_betas: optionalNumbers(),
};

/** Choice of the timesteps of a run. */
export interface SpacingConfig {
  /** How the timesteps of a run are spread over the trained ones. */
  readonly timestep_spacing: TimestepSpacing;
  /** Added to every timestep of leading spacing. */
  readonly steps_offset: number;
}

export function spacingFields(spacing: TimestepSpacing): ConfigSchema<SpacingConfig> {
  return {
    timestep_spacing: choice(spacing, TIMESTEP_SPACINGS),
    steps_offset: number(0),
  };
}

export const PREDICTION_TYPES: readonly PredictionType[] = ['epsilon', 'sample', 'v_prediction'];

export const predictionTypeField: ConfigField<PredictionType> = choice('epsilon', PREDICTION_TYPES);
