// What the schedules of the DPM-Solver family, DEIS and UniPC have in common: from sigmas to integer timesteps or back, and the
// levels alpha, sigma, lambda. Which of them a scheduler takes, and how its schedule ends, is its own business.

import { DiffusionError } from '../errors.ts';
import { withTerminalAlpha } from './alphas.ts';
import type { BetaScheduleConfig } from './betas.ts';
import { descendingSigmas, exactlyOne } from './custom.ts';
import type { Precision, Table } from './precision.ts';
import type { RespacingConfig } from './respacing.ts';
import { respacingOf } from './respacing.ts';
import { roundTimesteps, timestepsOfSigmas, truncateTimesteps } from './sigma-to-timestep.ts';
import type { AlphaSigma } from './sigmas.ts';
import {
  alphaSigma,
  flowAlphaSigma,
  lambdaOf,
  logSigmas,
  sigmasAtTimesteps,
  trainingSigmas,
  withFinalSigma,
} from './sigmas.ts';
import { trainingTables } from './training.ts';

/** The trained noise levels, index = timestep. */
export interface SolverTables {
  readonly alphasCumprod: Table;
  readonly sigmas: Table;
}

/** Integer timesteps and the sigmas at them, one each. */
export interface SolverSteps {
  readonly timesteps: ArrayLike<number>;
  readonly sigmas: Table;
}

/** The config keys that say what a flow sigma's timestep is. */
export interface FlowTimesConfig {
  readonly use_flow_sigmas: boolean;
  readonly num_train_timesteps: number;
}

/** A request for custom sigmas. */
export interface SigmasRequest {
  readonly sigmas?: readonly number[];
  readonly mu?: number;
}

/** A schedule: one sigma more than timesteps, the last being the level after the last step. */
export interface SolverSchedule {
  readonly timesteps: readonly number[];
  readonly sigmas: Table;
}

/**
 * The tables of a config; with zero terminal SNR the largest sigma is about 4096.
 * Throws CONFIG_CONFLICT for re-spacings that exclude each other, and as `trainingTables` and `trainingSigmas`.
 */
export function solverTables(
  config: BetaScheduleConfig & RespacingConfig,
  precision: Precision,
  zeroTerminalSnr: boolean = false,
): SolverTables {
  respacingOf(config);
  const trained = trainingTables(config, precision, { zeroTerminalSnr }).alphasCumprod;
  const alphasCumprod = zeroTerminalSnr ? withTerminalAlpha(trained) : trained;
  return { alphasCumprod, sigmas: trainingSigmas(alphasCumprod) };
}

/** The schedule before setTimesteps, as upstream: every trained timestep descending, but the sigmas ascending. */
export function unsetSchedule(trainSteps: number, { sigmas }: SolverTables): SolverSchedule {
  return { timesteps: Array.from({ length: trainSteps }, (_, i) => trainSteps - 1 - i), sigmas };
}

/** Steps at given timesteps. */
export function stepsAtTimesteps(timesteps: ArrayLike<number>, { sigmas }: SolverTables): SolverSteps {
  return { timesteps, sigmas: sigmasAtTimesteps(timesteps, sigmas) };
}

/** Steps at given k-style sigmas; `whole` makes their timesteps integers. */
export function stepsAtSigmas(
  sigmas: Table,
  { sigmas: trained }: Pick<SolverTables, 'sigmas'>,
  whole: (timesteps: ArrayLike<number>) => Int32Array,
): SolverSteps {
  return { sigmas, timesteps: whole(timestepsOfSigmas(sigmas, logSigmas(trained))) };
}

/** Steps at given flow sigmas: timestep sigma N, cut to an integer. */
export function stepsAtFlowSigmas(sigmas: Table, trainSteps: number): SolverSteps {
  return { sigmas, timesteps: truncateTimesteps(sigmas.map((sigma) => sigma * trainSteps)) };
}

/** The steps and the level after the last one, rounded once. */
export function endedBy(last: number, { timesteps, sigmas }: SolverSteps, precision: Precision): SolverSchedule {
  return { timesteps: Array.from(timesteps), sigmas: withFinalSigma(sigmas, last, precision) };
}

/**
 * The schedule at custom sigmas as they are, flow sigmas where the config uses those; timesteps are rounded, as karras ones, or cut, as flow
 * ones. Throws as `descendingSigmas`, flow sigmas lying below 1, beside a mu, and where
 * they end at 0, unless the solver goes `toZero`.
 */
export function scheduleAtSigmas(
  { sigmas: given = [], mu }: SigmasRequest,
  { use_flow_sigmas: flow, num_train_timesteps: trainSteps }: FlowTimesConfig,
  tables: SolverTables,
  precision: Precision,
  toZero: boolean = true,
): SolverSchedule {
  exactlyOne({ sigmas: given, mu }, ['sigmas', 'mu']); // nothing is left to shift
  if (!toZero && given.at(-1) === 0) {
    const message = 'sigmas ends at 0, which this solver cannot reach. End at a positive one.';
    throw new DiffusionError('REQUEST_INVALID', message, { sigmas: given });
  }
  const sigmas = Float64Array.from(descendingSigmas(given, flow ? 1 : Infinity).slice(0, -1));
  const steps = flow ? stepsAtFlowSigmas(sigmas, trainSteps) : stepsAtSigmas(sigmas, tables, roundTimesteps);
  return endedBy(given.at(-1)!, steps, precision);
}

/** x = alpha x0 + sigma eps, and lambda = ln(alpha / sigma). */
export interface LambdaLevel extends AlphaSigma {
  readonly lambda: number;
}

/** The level of a k-style sigma, or of a flow sigma. */
export function lambdaLevel(sigma: number, flow: boolean): LambdaLevel {
  const { alpha, sigma: scaled } = flow ? flowAlphaSigma(sigma) : alphaSigma(sigma);
  return { alpha, sigma: scaled, lambda: lambdaOf({ alpha, sigma: scaled }) };
}

/** The flow shift that mu asks for, e^mu; undefined without mu. Throws CONFIG_CONFLICT unless the config shifts dynamically and exponentially. */
export function shiftByMu(
  mu: number | undefined,
  config: { readonly use_dynamic_shifting: boolean; readonly time_shift_type: string },
): number | undefined {
  const { use_dynamic_shifting: dynamic, time_shift_type: type } = config;
  if (mu === undefined || (dynamic && type === 'exponential')) return mu === undefined ? mu : Math.exp(mu);
  throw new DiffusionError(
    'CONFIG_CONFLICT',
    `mu is ${mu}, but use_dynamic_shifting is ${dynamic} and time_shift_type ${type}. mu needs dynamic, exponential shifting.`,
    { mu },
  );
}
