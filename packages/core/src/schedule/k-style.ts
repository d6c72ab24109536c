// The schedules in sigma of Euler and its relatives (Heun, LMS, KDPM2): training sigmas, and the levels that a run visits. How a
// schedule ends, and whether levels are visited twice, is the scheduler's business (`withFinalSigma`, layout.ts).

import { DiffusionError } from '../errors.ts';
import { withTerminalAlpha } from './alphas.ts';
import type { BetaScheduleConfig } from './betas.ts';
import { descendingSigmas, exactlyOne } from './custom.ts';
import { interleave } from './layout.ts';
import { type Precision, precisionOf, type Table } from './precision.ts';
import { rangeOf, respacedSigmas, type Respacing } from './respacing.ts';
import { roundTimesteps, timestepsOfSigmas } from './sigma-to-timestep.ts';
import { logSigmas, sigmasAtTimesteps, trainingSigmas } from './sigmas.ts';
import { fractionalTimesteps, requireSpacing } from './spacing.ts';
import { type TrainingOptions, trainingTables } from './training.ts';

/** The config keys that spread timesteps. */
export interface KStyleSpacingConfig {
  readonly num_train_timesteps: number;
  readonly timestep_spacing: string;
  readonly steps_offset: number;
}

/** alphas_cumprod and sigmas of training; index = timestep, sigmas ascending. */
export interface KStyleTables {
  readonly alphasCumprod: Table;
  readonly sigmas: Table;
}

/**
 * The tables of a config; with zero terminal SNR the last alphas_cumprod is 2^-24.
 * Throws CONFIG_INVALID for an unknown spacing, and as `betaSchedule` and `trainingSigmas`.
 */
export function kStyleTables(
  config: BetaScheduleConfig & KStyleSpacingConfig,
  precision: Precision,
  options: TrainingOptions = {},
): KStyleTables {
  requireSpacing(config.timestep_spacing);
  const { alphasCumprod } = trainingTables(config, precision, options);
  const products = options.zeroTerminalSnr ? withTerminalAlpha(alphasCumprod) : alphasCumprod;
  return { alphasCumprod: products, sigmas: trainingSigmas(products) };
}

/** `steps` timesteps spread as the config says; trailing may give one more (see `integerTimesteps`). */
export function spacedTimesteps(config: KStyleSpacingConfig, steps: number, precision: Precision): Table {
  const { timestep_spacing: spacing, steps_offset: offset, num_train_timesteps: trainSteps } = config;
  return fractionalTimesteps({ spacing, steps, trainSteps, offset }, precision);
}

/**
 * Custom timesteps, as they are given.
 * Throws CONFIG_CONFLICT where a re-spacing would move them, and REQUEST_INVALID where there are none.
 */
export function customTimesteps(
  timesteps: readonly number[],
  respacing: Respacing | undefined,
  precision: Precision,
): Table {
  if (respacing) {
    const message = `Custom timesteps cannot be used with use_${respacing}_sigmas. Give numInferenceSteps, or switch it off.`;
    throw new DiffusionError('CONFIG_CONFLICT', message, { respacing });
  }
  if (timesteps.length === 0) throw new DiffusionError('REQUEST_INVALID', 'timesteps is empty. Give at least one.');
  return precision.table(timesteps);
}

/** The noise levels of a run without the final one: as many sigmas as timesteps. */
export interface KStyleLevels {
  readonly timesteps: Table;
  readonly sigmas: Table;
}

/** The levels of given timesteps, by interpolation in the training sigmas. */
export function levelsAt(timesteps: Table, { sigmas }: KStyleTables): KStyleLevels {
  return { timesteps, sigmas: sigmasAtTimesteps(timesteps, sigmas) };
}

export interface RespacingRequest {
  /** Undefined: the levels stay as they are. */
  readonly respacing: Respacing | undefined;
  readonly steps: number;
  /** A config whose sigma_max and sigma_min, hidden keys too, replace the ends of the levels. */
  readonly limits?: object;
}

/** `steps` sigmas spread anew between the first and the last of the levels, with the timesteps that they have in training. */
export function respacedLevels(
  levels: KStyleLevels,
  { respacing, steps, limits }: RespacingRequest,
  tables: KStyleTables,
): KStyleLevels {
  if (!respacing) return levels;
  const sigmas = respacedSigmas(respacing, rangeOf(levels.sigmas, limits), steps);
  return { sigmas, timesteps: timestepsOfSigmas(sigmas, logSigmas(tables.sigmas)) };
}

/** The levels of a run of Heun, LMS and KDPM2: spaced timesteps, re-spaced on demand. */
export function spacedLevels(
  config: KStyleSpacingConfig,
  request: RespacingRequest,
  tables: KStyleTables,
): KStyleLevels {
  const timesteps = spacedTimesteps(config, request.steps, precisionOf(tables.sigmas));
  return respacedLevels(levelsAt(timesteps, tables), request, tables);
}

/** What a run is asked for. */
export interface LevelsRequest {
  readonly numInferenceSteps?: number;
  readonly sigmas?: readonly number[];
}

/** The levels of a run, and the one that it ends at. */
export interface RunLevels extends KStyleLevels {
  readonly end: number;
  readonly numInferenceSteps: number;
}

/** Levels at custom sigmas, as they are; their timesteps as those of re-spaced ones. Throws as `descendingSigmas`. */
export function levelsOfSigmas(given: readonly number[], tables: KStyleTables): RunLevels {
  const sigmas = Float64Array.from(descendingSigmas(given).slice(0, -1));
  const timesteps = timestepsOfSigmas(sigmas, logSigmas(tables.sigmas));
  return { sigmas, timesteps, end: given.at(-1)!, numInferenceSteps: sigmas.length };
}

/** `spacedLevels` down to 0, or custom sigmas, whatever the re-spacing; without a request every trained timestep. */
export function requestedLevels(
  config: KStyleSpacingConfig,
  request: LevelsRequest | undefined,
  respacing: Omit<RespacingRequest, 'steps'>,
  tables: KStyleTables,
): RunLevels {
  const asked = request ?? { numInferenceSteps: config.num_train_timesteps };
  exactlyOne(asked, ['numInferenceSteps', 'sigmas']);
  const { numInferenceSteps = 0, sigmas } = asked;
  if (sigmas) return levelsOfSigmas(sigmas, tables);
  return { ...spacedLevels(config, { ...respacing, steps: numInferenceSteps }, tables), end: 0, numInferenceSteps };
}

/**
 * The timesteps of a run of KDPM2, whose steps pause at `middles`: the level's own, and between two of them that of the middle
 * between. As upstream: karras timesteps are rounded to whole ones, those of middles are not, and they are computed in the
 * precision of the tables.
 */
export function timestepsWithMiddles(
  levels: KStyleLevels,
  middles: Table,
  respacing: Respacing | undefined,
  tables: KStyleTables,
): readonly number[] {
  const whole = respacing === 'karras' ? Float64Array.from(roundTimesteps(levels.timesteps)) : levels.timesteps;
  const between = timestepsOfSigmas(middles, logSigmas(tables.sigmas), precisionOf(tables.sigmas));
  return Array.from(interleave(whole, between));
}
