// The schedules in sigma of Euler and its relatives (Heun, LMS, KDPM2): training sigmas, and the levels that a run visits. How a
// schedule ends, and whether levels are visited twice, is the scheduler's business (`withFinalSigma`, layout.ts).

import { DiffusionError } from '../errors.ts';
import { withTerminalAlpha } from './alphas.ts';
import type { BetaScheduleConfig, BetaScheduleName } from './betas.ts';
import type { Precision, Table } from './precision.ts';
import { rangeOf, type RespacingConfig, respacedSigmas, respacingOf } from './respacing.ts';
import { timestepsOfSigmas } from './sigma-to-timestep.ts';
import { logSigmas, sigmasAtTimesteps, trainingSigmas } from './sigmas.ts';
import { fractionalTimesteps } from './spacing.ts';
import { trainingTables } from './training.ts';

/** alphas_cumprod and sigmas of training; index = timestep, sigmas ascending. */
export interface KStyleTables {
  readonly alphasCumprod: Table;
  readonly sigmas: Table;
}

export interface KStyleTablesOptions {
  /** Rescale to zero terminal SNR, with 2^-24 for the last alphas_cumprod. Default: no, whatever the config says. */
  readonly zeroTerminalSnr?: boolean;
  readonly accepted?: readonly BetaScheduleName[];
}

/**
 * The tables of a config. Zero terminal SNR is an argument, since a config may hold that key for another class.
 * Throws as `betaSchedule` and `trainingSigmas`.
 */
export function kStyleTables(
  config: BetaScheduleConfig,
  precision: Precision,
  { zeroTerminalSnr = false, accepted }: KStyleTablesOptions = {},
): KStyleTables {
  const { alphasCumprod } = trainingTables({ ...config, rescale_betas_zero_snr: zeroTerminalSnr }, precision, accepted);
  const products = zeroTerminalSnr ? withTerminalAlpha(alphasCumprod) : alphasCumprod;
  return { alphasCumprod: products, sigmas: trainingSigmas(products) };
}

/** The config keys that spread timesteps. */
export interface KStyleSpacingConfig {
  readonly num_train_timesteps: number;
  readonly timestep_spacing: string;
  readonly steps_offset: number;
}

/** `steps` timesteps spread as the config says; trailing may give one more (see `integerTimesteps`). */
export function spacedTimesteps(config: KStyleSpacingConfig, steps: number, precision: Precision): Table {
  const { timestep_spacing: spacing, steps_offset: offset, num_train_timesteps: trainSteps } = config;
  return fractionalTimesteps({ spacing, steps, trainSteps, offset }, precision);
}

/**
 * Custom timesteps, as they are given.
 * Throws CONFIG_CONFLICT where the config re-spaces sigmas, which would move them, and REQUEST_INVALID where there are none.
 */
export function customTimesteps(timesteps: readonly number[], config: RespacingConfig, precision: Precision): Table {
  const respacing = respacingOf(config);
  if (respacing) {
    const message = `Custom timesteps cannot be used with use_${respacing}_sigmas. Give numInferenceSteps, or switch it off.`;
    throw new DiffusionError('CONFIG_CONFLICT', message, { respacing });
  }
  if (timesteps.length === 0) throw new DiffusionError('REQUEST_INVALID', 'timesteps is empty. Give at least one.');
  return precision.table(timesteps);
}

/** The noise levels of a run, without the final one: as many sigmas as timesteps. */
export interface KStyleLevels {
  readonly timesteps: Table;
  readonly sigmas: Table;
}

/**
 * The levels re-spaced as the config says: `steps` sigmas between the ends of the given ones (or config.sigma_max and sigma_min,
 * hidden keys too), with the timesteps that they have in training. As they are where the config re-spaces nothing.
 */
export function respacedLevels(
  levels: KStyleLevels,
  config: RespacingConfig,
  steps: number,
  training: Table,
): KStyleLevels {
  const respacing = respacingOf(config);
  if (!respacing) return levels;
  const sigmas = respacedSigmas(respacing, rangeOf(levels.sigmas, config), steps);
  return { sigmas, timesteps: timestepsOfSigmas(sigmas, logSigmas(training)) };
}

/** The levels of `steps` spaced timesteps, re-spaced where the config says so: a whole run of Heun, LMS and KDPM2. */
export function spacedLevels(
  config: KStyleSpacingConfig & RespacingConfig,
  steps: number,
  training: Table,
  precision: Precision,
): KStyleLevels {
  const timesteps = spacedTimesteps(config, steps, precision);
  return respacedLevels({ timesteps, sigmas: sigmasAtTimesteps(timesteps, training) }, config, steps, training);
}
