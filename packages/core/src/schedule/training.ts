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

export interface TrainingOptions {
  /** Rescale to zero terminal SNR. An argument, not read from the config, which may hold that key for another class. Default: no. */
  readonly zeroTerminalSnr?: boolean;
  /** The beta schedules that the scheduler takes; the common ones unless given. */
  readonly rules?: BetaRules;
}

/** betas by the config's rule, rescaled to zero terminal SNR where asked, and their alphas. Throws as `betaSchedule`. */
export function trainingTables(
  config: BetaScheduleConfig,
  precision: Precision,
  { zeroTerminalSnr = false, rules }: TrainingOptions = {},
): TrainingTables {
  const plain = betaSchedule(config, precision, rules);
  const betas = zeroTerminalSnr ? rescaleZeroTerminalSnr(plain) : plain;
  const alphas = alphasOf(betas);
  return { betas, alphas, alphasCumprod: alphasCumprod(alphas) };
}
