// Sigmas spread anew between a largest and a smallest one: karras, exponential, beta and lu. float64, as numpy; the result
// runs from range.max down to range.min. Which range a scheduler takes is said at `SigmaRange`. A step count below 1 throws
// REQUEST_INVALID.

import { DiffusionError } from '../errors.ts';
import { betaQuantile } from './beta-quantile.ts';
import { linspace } from './grids.ts';
import { precisionOf, type Table, tabulate } from './precision.ts';
import { requireSteps } from './spacing.ts';

/**
 * The ends of a re-spacing.
 *
 * Euler, Heun, LMS, KDPM2 and DPM-Solver SDE take the sigmas already interpolated at their timesteps (`rangeOf(sigmas)`),
 * the multistep solvers and UniPC the whole training table (`rangeOf(trainingSigmas.toReversed())`), the inverse solver
 * that table unreversed, which makes the result ascend. config.sigma_min and sigma_max override, hidden keys too.
 */
export interface SigmaRange {
  readonly max: number;
  readonly min: number;
}

/** First and last of `sigmas`, unless the config has sigma_max or sigma_min, as a key of its own or a hidden one. */
export function rangeOf(sigmas: Table, config: object = {}): SigmaRange {
  const limits = config as { readonly sigma_min?: number | null; readonly sigma_max?: number | null };
  return { max: limits.sigma_max ?? sigmas[0]!, min: limits.sigma_min ?? sigmas.at(-1)! };
}

/** The re-spacings that exclude each other. */
export type Respacing = 'karras' | 'exponential' | 'beta';

/** The config keys that choose a re-spacing. */
export interface RespacingConfig {
  readonly use_karras_sigmas?: boolean | null | undefined;
  readonly use_exponential_sigmas?: boolean | null | undefined;
  readonly use_beta_sigmas?: boolean | null | undefined;
}

/** Which re-spacing a config asks for, if any. Throws CONFIG_CONFLICT where it asks for more than one. */
export function respacingOf(config: RespacingConfig): Respacing | undefined {
  const asked = (['karras', 'exponential', 'beta'] as const).filter((name) => config[`use_${name}_sigmas`]);
  if (asked.length < 2) return asked[0];
  const keys = asked.map((name) => `use_${name}_sigmas`);
  throw new DiffusionError('CONFIG_CONFLICT', `${keys.join(' and ')} exclude each other; set one of them.`, { keys });
}

/** `steps` sigmas by the named re-spacing. Throws as the function of that name. */
export function respacedSigmas(respacing: Respacing, range: SigmaRange, steps: number): Float64Array {
  if (respacing === 'karras') return karrasSigmas(range, steps);
  return respacing === 'exponential' ? exponentialSigmas(range, steps) : betaSigmas(range, steps);
}

/**
 * Karras et al. 2022 (arXiv 2206.00364), equation 5: evenly spaced in sigma^(1/rho).
 * Throws NUMERIC where an end is negative or not finite.
 */
export function karrasSigmas(range: SigmaRange, steps: number, rho: number = 7): Float64Array {
  return karrasCurve(range, rampOf(steps), rho) as Float64Array;
}

/** The same curve at any `ramp` from 0 (max) to 1 (min), in the ramp's precision (float32 for the EDM solvers). */
export function karrasCurve(range: SigmaRange, ramp: Table, rho: number = 7): Table {
  const precision = precisionOf(ramp);
  const { round } = precision;
  const { max, min } = checkedRange(range, 'karras', 0);
  const start = max ** (1 / rho);
  const width = round(min ** (1 / rho) - start);
  return tabulate(ramp.length, precision, (i) => round(round(start) + round(ramp[i]! * width)) ** rho);
}

/** Evenly spaced in ln sigma. Throws NUMERIC where an end is not positive and finite. */
export function exponentialSigmas(range: SigmaRange, steps: number): Float64Array {
  const { max, min } = checkedRange(range, 'exponential', Number.MIN_VALUE);
  requireSteps(steps);
  return linspace(Math.log(max), Math.log(min), steps).map(Math.exp);
}

/**
 * Beta sampling (arXiv 2407.12173): quantiles of the Beta(alpha, beta) distribution.
 * Throws DEPENDENCY_MISSING unless `@unnoise/core/beta-sigmas` was imported.
 */
export function betaSigmas(range: SigmaRange, steps: number, alpha: number = 0.6, beta: number = 0.6): Float64Array {
  const { max, min } = checkedRange(range, 'beta', 0);
  const quantile = betaQuantile();
  return rampOf(steps).map((fraction) => min + quantile(1 - fraction, alpha, beta) * (max - min));
}

/** Lu et al. 2022 (arXiv 2206.00927): evenly spaced in lambda, between the ends of the *descending* log sigmas. */
export function luSigmas(descendingLogSigmas: Table, steps: number): Float64Array {
  const first = descendingLogSigmas[0]!;
  const width = descendingLogSigmas.at(-1)! - first;
  return rampOf(steps).map((ramp) => Math.exp(first + ramp * width));
}

/** From 0 (range.max) to 1 (range.min). */
function rampOf(steps: number): Float64Array {
  requireSteps(steps);
  return linspace(0, 1, steps);
}

function checkedRange(range: SigmaRange, name: string, least: number): SigmaRange {
  const usable = [range.max, range.min].every((sigma) => sigma >= least && sigma < Infinity);
  if (usable) return range;
  throw new DiffusionError(
    'NUMERIC',
    `${name} sigmas cannot run from ${range.max} to ${range.min}; give finite ${least > 0 ? 'positive ' : ''}sigmas.`,
    { range, respacing: name },
  );
}
