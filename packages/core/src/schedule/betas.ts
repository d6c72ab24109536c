// The training schedule as betas, and the rules that nearly every scheduler takes. Those of few are in rare-betas.ts, products of
// betas in alphas.ts.

import { requireChoice } from '../config/schema.ts';
import { DiffusionError } from '../errors.ts';
import { torchLinspace } from './grids.ts';
import { mapTable, type Precision, type Table, tabulate } from './precision.ts';
import { requireTrainSteps } from './spacing.ts';

/** The config keys that a beta schedule reads. */
export interface BetaScheduleConfig {
  readonly num_train_timesteps: number;
  readonly beta_start: number;
  readonly beta_end: number;
  readonly beta_schedule: string;
  /** Wins over `beta_schedule` and over `num_train_timesteps`. */
  readonly trained_betas?: ArrayLike<number> | null | undefined;
}

/** The betas of a config, before they are checked. */
export type BetaRule = (config: BetaScheduleConfig, precision: Precision) => Table;

/** Rules by the names that `beta_schedule` takes. A scheduler gives those it accepts, so that a bundle holds no others. */
export type BetaRules = Readonly<Record<string, BetaRule>>;

/** The rules that every scheduler with betas accepts. */
export const COMMON_BETA_RULES: BetaRules = {
  linear: (config, precision) =>
    torchLinspace(config.beta_start, config.beta_end, config.num_train_timesteps, precision),
  scaled_linear: (config, precision) =>
    mapTable(
      torchLinspace(config.beta_start ** 0.5, config.beta_end ** 0.5, config.num_train_timesteps, precision),
      (root) => root * root,
    ),
  squaredcos_cap_v2: (config, precision) => betasForAlphaBar(config.num_train_timesteps, cosineAlphaBar, precision),
};

/**
 * The betas of a config: shape [num_train_timesteps], or the length of `trained_betas`.
 *
 * `rules` are those that the scheduler takes; the common three unless given.
 * Throws CONFIG_INVALID for another name, for a step count below 1, and for betas that are not finite.
 */
export function betaSchedule(
  config: BetaScheduleConfig,
  precision: Precision,
  rules: BetaRules = COMMON_BETA_RULES,
): Table {
  const { num_train_timesteps: count, beta_schedule: name, trained_betas: trained } = config;
  if (trained) return finiteBetas(precision.table(trained), config);
  requireTrainSteps(count);
  requireChoice('beta_schedule', name, Object.keys(rules));
  return finiteBetas(rules[name]!(config, precision), config);
}

/** betas[i] = min(1 - f((i+1)/count) / f(i/count), 0.999) for an alpha_bar function f of time in [0, 1]. */
export function betasForAlphaBar(count: number, alphaBar: (time: number) => number, precision: Precision): Table {
  const maxBeta = 0.999;
  return tabulate(count, precision, (i) => Math.min(1 - alphaBar((i + 1) / count) / alphaBar(i / count), maxBeta));
}

function cosineAlphaBar(t: number): number {
  return Math.cos((((t + 0.008) / 1.008) * Math.PI) / 2) ** 2;
}

function finiteBetas(betas: Table, config: BetaScheduleConfig): Table {
  const bad = betas.findIndex((beta) => !Number.isFinite(beta));
  if (bad < 0 && betas.length > 0) return betas;
  throw new DiffusionError(
    'CONFIG_INVALID',
    betas.length === 0
      ? 'trained_betas is empty; give one beta per training timestep.'
      : `beta ${bad} of the schedule is ${betas[bad]}; check trained_betas, or beta_start ${config.beta_start} and beta_end ${config.beta_end}.`,
  );
}
