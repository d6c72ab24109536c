// k-style sigmas: noise to signal ratios sigma = sqrt((1 - alphas_cumprod) / alphas_cumprod), read at timesteps, ended by
// a final value, and split into the alpha and sigma of x = alpha x0 + sigma epsilon. Re-spacings live in respacing.ts.

import { requireChoice } from '../config/schema.ts';
import { DiffusionError } from '../errors.ts';
import { interpolate } from './grids.ts';
import { numpyLog32 } from './float32-functions.ts';
import { mapTable, type Precision, precisionOf, type Table } from './precision.ts';

/**
 * The training sigmas, ascending, index = timestep. The precision is that of `alphasCumprod`.
 * Throws NUMERIC where alphas_cumprod is not in (0, 1]: sigma would be infinite or NaN (see `withTerminalAlpha`).
 */
export function trainingSigmas(alphasCumprod: Table): Table {
  const { round } = precisionOf(alphasCumprod);
  return mapTable(alphasCumprod, (product, t) => {
    if (product > 0 && product <= 1) return Math.sqrt(round(round(1 - product) / product));
    throw new DiffusionError(
      'NUMERIC',
      `alphas_cumprod is ${product} at timestep ${t}, so its sigma is not a finite number; use betas in [0, 1) or a scheduler without sigmas.`,
    );
  });
}

/** ln sigma, the table that `timestepsOfSigmas` reads. float32 logarithms are numpy's, bit for bit. */
export function logSigmas(sigmas: Table): Table {
  return mapTable(sigmas, sigmas instanceof Float32Array ? numpyLog32 : Math.log);
}

/** The training sigmas at `timesteps`, linear between them and constant outside; float64, as numpy.interp. */
export function sigmasAtTimesteps(timesteps: ArrayLike<number>, sigmas: Table): Float64Array {
  return interpolate(timesteps, sigmas);
}

/** The schedule that a scheduler steps through: `sigmas` and then `final`, rounded once. Shape [sigmas.length + 1]. */
export function withFinalSigma(sigmas: ArrayLike<number>, final: number, precision: Precision): Table {
  const table = precision.array(sigmas.length + 1);
  table.set(sigmas);
  table[sigmas.length] = final;
  return table;
}

/** The names that `final_sigmas_type` takes. */
export const FINAL_SIGMAS_TYPES: readonly string[] = ['zero', 'sigma_min'];

/**
 * The final sigma by config.final_sigmas_type: 0, or `sigmaMin` (what that is differs: the training sigma of timestep 0
 * in most schedulers, the last re-spaced sigma in UniPC). Throws CONFIG_INVALID for another name.
 */
export function finalSigma(type: string, sigmaMin: number): number {
  requireChoice('final_sigmas_type', type, FINAL_SIGMAS_TYPES);
  return type === 'zero' ? 0 : sigmaMin;
}

/** The two coefficients of x = alpha x0 + sigma epsilon. */
export interface AlphaSigma {
  readonly alpha: number;
  readonly sigma: number;
}

/** Variance preserving coefficients of a k-style sigma: alpha = 1 / sqrt(sigma^2 + 1), sigma alpha. */
export function alphaSigma(sigma: number): AlphaSigma {
  const alpha = 1 / Math.sqrt(sigma * sigma + 1);
  return { alpha, sigma: sigma * alpha };
}

/** Flow matching coefficients of a flow sigma: alpha = 1 - sigma. */
export function flowAlphaSigma(sigma: number): AlphaSigma {
  return { alpha: 1 - sigma, sigma };
}

/** lambda = ln(alpha / sigma), half the log signal to noise ratio. +Infinity at sigma 0, -Infinity at alpha 0. */
export function lambdaOf({ alpha, sigma }: AlphaSigma): number {
  return Math.log(alpha) - Math.log(sigma);
}

/** lambda of every training timestep, descending. */
export function trainingLambdas(alphasCumprod: Table): Table {
  const { round } = precisionOf(alphasCumprod);
  const log = (x: number): number => round(Math.log(round(Math.sqrt(x))));
  return mapTable(alphasCumprod, (product) => log(product) - log(round(1 - product)));
}

/**
 * How many of the noisiest timesteps have lambda below config.lambda_min_clipped: `torch.searchsorted` in the reversed
 * table. The schedule then starts below N minus this number (see `SpacingRequest.top`).
 */
export function clippedTimesteps(lambdas: Table, lambdaMin: number): number {
  const first = lambdas.findLastIndex((lambda) => lambda >= lambdaMin);
  return lambdas.length - 1 - first;
}

/**
 * Halfway between two sigmas in ln sigma, which is sqrt(start end); 0 where `start` is 0. As torch.lerp of the logarithms rounds:
 * end - (end - start) / 2.
 */
export function logMidpoint(start: number, end: number, { round }: Precision): number {
  const [a, b] = [round(Math.log(start)), round(Math.log(end))];
  return round(Math.exp(round(b - 0.5 * round(b - a))));
}

/** t = -ln sigma, the clock of DPM-Solver in sigma. */
export function timeOfSigma(sigma: number, { round }: Precision): number {
  return round(-Math.log(sigma));
}

export function sigmaOfTime(t: number, { round }: Precision): number {
  return round(Math.exp(-t));
}

/** The sigma at a share of the way from one to another in t = -ln sigma, as k-diffusion rounds: exp(-(t + share h)). */
export function sigmaBetween(from: number, to: number, share: number, precision: Precision): number {
  const { round } = precision;
  const t = timeOfSigma(from, precision);
  const h = round(timeOfSigma(to, precision) - t);
  return sigmaOfTime(round(t + round(round(share) * h)), precision);
}

/**
 * The ancestral split of a step from sigma `from` down to `to`: go to `down` without noise, then add noise of deviation
 * `up`, with up^2 + down^2 = to^2. `eta` is the share of the noise: up = eta to sqrt(1 - to^2 / from^2). At 1, down = to^2 / from: the
 * closed form of sqrt(to^2 - up^2), which cannot turn negative under the root by rounding as upstream's can.
 */
export function ancestralSplit(from: number, to: number, eta: number = 1): { up: number; down: number } {
  const ratio = to / from;
  const up = eta * to * Math.sqrt((1 - ratio) * (1 + ratio));
  return { up, down: to * Math.sqrt((1 - eta) * (1 + eta) + (eta * ratio) ** 2) };
}

/**
 * The ancestral split of every step of a schedule, rounded as upstream rounds its float32 tables, from which timesteps are read:
 * down = sqrt(to^2 - up^2). Where rounding leaves nothing under that root (upstream: NaN), and in float64, it is `ancestralSplit`.
 */
export function ancestralSplits(
  sigmas: Table,
  eta: number = 1,
): readonly { readonly up: number; readonly down: number }[] {
  const { mode, round } = precisionOf(sigmas);
  return Array.from(sigmas.subarray(1), (to, i) => {
    const from = sigmas[i] ?? Number.NaN;
    const [from2, to2] = [round(from * from), round(to * to)];
    const up = Math.min(to, round(round(eta) * round(Math.sqrt(round(round(to2 * round(from2 - to2)) / from2)))));
    const down = round(Math.sqrt(round(to2 - round(up * up))));
    return mode === 'upstream32' && (down > 0 || to === 0) ? { up, down } : ancestralSplit(from, to, eta);
  });
}
