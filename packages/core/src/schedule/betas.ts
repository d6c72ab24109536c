// The training schedule as betas, by every name that diffusers knows. Products of betas live in alphas.ts.

import { DiffusionError } from '../errors.ts';
import { torchExp32 } from './float32-functions.ts';
import { torchLinspace } from './grids.ts';
import { mapTable, type Precision, type Table, tabulate } from './precision.ts';

/** The config keys that a beta schedule reads. */
export interface BetaScheduleConfig {
  readonly num_train_timesteps: number;
  readonly beta_start: number;
  readonly beta_end: number;
  readonly beta_schedule: string;
  /** Wins over `beta_schedule` and over `num_train_timesteps`. */
  readonly trained_betas?: ArrayLike<number> | null | undefined;
}

/** Every beta schedule of diffusers. */
export type BetaScheduleName = 'linear' | 'scaled_linear' | 'squaredcos_cap_v2' | 'sigmoid' | 'laplace' | 'exp';

/** The schedules that every scheduler with betas accepts. */
export const COMMON_BETA_SCHEDULES: readonly BetaScheduleName[] = ['linear', 'scaled_linear', 'squaredcos_cap_v2'];

const SCHEDULES: Record<BetaScheduleName, (config: BetaScheduleConfig, precision: Precision) => Table> = {
  linear: (config, precision) =>
    torchLinspace(config.beta_start, config.beta_end, config.num_train_timesteps, precision),
  scaled_linear: (config, precision) =>
    mapTable(
      torchLinspace(config.beta_start ** 0.5, config.beta_end ** 0.5, config.num_train_timesteps, precision),
      (root) => root * root,
    ),
  squaredcos_cap_v2: (config, precision) => betasForAlphaBar(config.num_train_timesteps, cosineAlphaBar, precision),
  laplace: (config, precision) => betasForAlphaBar(config.num_train_timesteps, laplaceAlphaBar, precision),
  exp: (config, precision) => betasForAlphaBar(config.num_train_timesteps, (t) => Math.exp(t * -12), precision),
  sigmoid: sigmoidBetas,
};

/**
 * The betas of a config: shape [num_train_timesteps], or the length of `trained_betas`.
 *
 * `accepted` lists the names that the scheduler takes; the common three unless given.
 * Throws CONFIG_INVALID for another name, for a step count below 1, and for betas that are not finite.
 */
export function betaSchedule(
  config: BetaScheduleConfig,
  precision: Precision,
  accepted: readonly BetaScheduleName[] = COMMON_BETA_SCHEDULES,
): Table {
  const { num_train_timesteps: count, beta_schedule: name, trained_betas: trained } = config;
  if (trained) return finiteBetas(precision.table(trained), config);
  if (!Number.isInteger(count) || count < 1) {
    throw new DiffusionError('CONFIG_INVALID', `num_train_timesteps is ${count}; give an integer of at least 1.`);
  }
  const known = accepted.find((accept) => accept === name);
  if (!known) {
    throw new DiffusionError(
      'CONFIG_INVALID',
      `beta_schedule is '${name}', which this scheduler does not know; choose one of ${accepted.join(', ')}.`,
      { beta_schedule: name, accepted },
    );
  }
  return finiteBetas(SCHEDULES[known](config, precision), config);
}

/** betas[i] = min(1 - f((i+1)/count) / f(i/count), 0.999) for an alpha_bar function f of time in [0, 1]. */
export function betasForAlphaBar(count: number, alphaBar: (time: number) => number, precision: Precision): Table {
  const maxBeta = 0.999;
  return tabulate(count, precision, (i) => Math.min(1 - alphaBar((i + 1) / count) / alphaBar(i / count), maxBeta));
}

function cosineAlphaBar(t: number): number {
  return Math.cos((((t + 0.008) / 1.008) * Math.PI) / 2) ** 2;
}

function laplaceAlphaBar(t: number): number {
  const side = t <= 0.5 ? 1 : -1;
  const snr = Math.exp(-0.5 * side * Math.log(1 - 2 * Math.abs(0.5 - t) + 1e-6));
  return Math.sqrt(snr / (1 + snr));
}

/** GeoDiff's schedule: the logistic curve on [-6, 6], scaled to [beta_start, beta_end]. */
function sigmoidBetas(config: BetaScheduleConfig, precision: Precision): Table {
  const { mode, round } = precision;
  const { num_train_timesteps: count } = config;
  const [width, start] = [round(config.beta_end - config.beta_start), round(config.beta_start)];
  // torch computes blocks of 16 with its own exponential and the rest with the C library's, which rounds correctly.
  const blocks = mode === 'upstream32' ? count - (count % 16) : 0;
  return mapTable(torchLinspace(-6, 6, count, precision), (x, i) => {
    const exp = i < blocks ? torchExp32(-x) : round(Math.exp(-x));
    return round(round(1 / round(1 + exp)) * width) + start;
  });
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
