// The three tables that most schedulers start from, made from a config in one go.

import { alphasCumprod, alphasOf, rescaleZeroTerminalSnr } from './alphas.ts';
import type { BetaRules, BetaScheduleConfig } from './betas.ts';
import { betaSchedule } from './betas.ts';
import type { Precision, Table } from './precision.ts';

/** The training schedule: each table has one entry per trained timestep. */
export interface TrainingTables {
  readonly betas: Table;
  readonly alphas: Table;
  readonly alphasCumprod: Table;
}

/** betas by the config's rule, rescaled to zero terminal SNR if it asks for that, and their alphas. Throws as `betaSchedule`. */
export function trainingTables(
  config: BetaScheduleConfig & { readonly rescale_betas_zero_snr?: boolean },
  precision: Precision,
  rules?: BetaRules,
): TrainingTables {
  const plain = betaSchedule(config, precision, rules);
  const betas = config.rescale_betas_zero_snr ? rescaleZeroTerminalSnr(plain) : plain;
  const alphas = alphasOf(betas);
  return { betas, alphas, alphasCumprod: alphasCumprod(alphas) };
}
