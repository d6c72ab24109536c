// Entry of `@unnoise/core/sigma-schedules`: sigmas to give a run, `start({ sigmas })` of every sigma-based scheduler. All are float64, descend
// from max, and end with a 0 of their own after `steps` levels. Numbers only; the schedules of configs live in respacing.ts.

import { DiffusionError } from '../errors.ts';
import { AysSchedules } from './ays.ts';
import { interpolate, linspace } from './grids.ts';
import type { SigmaRange } from './respacing.ts';
import { exponentialSigmas, karrasSigmas } from './respacing.ts';
import { requireSteps } from './spacing.ts';

export type { SigmaRange } from './respacing.ts';

/** Evenly spaced in sigma^(1/rho): Karras et al. (2022), arXiv 2206.00364. Throws NUMERIC for ends that are not finite. */
export function karras(steps: number, range: SigmaRange, rho: number = 7): number[] {
  return toZero(karrasSigmas(checked(range), steps, rho));
}

/** Evenly spaced in ln sigma. Throws as `karras`. */
export function exponential(steps: number, range: SigmaRange): number[] {
  return toZero(exponentialSigmas(checked(range), steps));
}

/** A power of an even ramp in ln sigma; of rho 1 `exponential`, and more low levels the greater it is. Throws as `karras`. */
export function polyexponential(steps: number, range: SigmaRange, rho: number = 1): number[] {
  const { max, min } = checked(range);
  const [top, bottom] = [Math.log(max), Math.log(min)];
  return toZero(ramp(steps).map((share) => Math.exp((1 - share) ** rho * (top - bottom) + bottom)));
}

export interface VpOptions {
  /** Growth of beta(t) = betaMin + betaD t. */
  readonly betaD?: number;
  readonly betaMin?: number;
  /** The last time, above 0. */
  readonly epsS?: number;
}

/** Evenly spaced in the time of the variance preserving SDE, from 1 to epsS: Song et al. (2021), arXiv 2011.13456. */
export function vp(steps: number, { betaD = 19.9, betaMin = 0.1, epsS = 1e-3 }: VpOptions = {}): number[] {
  requireSteps(steps);
  const levels = linspace(1, epsS, steps).map((t) => Math.sqrt(Math.expm1((betaD * t * t) / 2 + betaMin * t)));
  return toZero(levels);
}

/** Evenly spaced in arctan sigma, optimal where the data is Gaussian: Sabour, Fidler and Kreis (2024), arXiv 2404.14507, theorem 3.1. */
export function klOptimal(steps: number, range: SigmaRange): number[] {
  const { max, min } = checked(range);
  return toZero(ramp(steps).map((share) => Math.tan(share * Math.atan(min) + (1 - share) * Math.atan(max))));
}

/** The ten published levels of "Align your steps" at any count, linear in ln sigma between them. arXiv 2404.14507. */
export function alignYourSteps(
  steps: number,
  model: 'StableDiffusion' | 'StableDiffusionXL' | 'StableDiffusionVideo' = 'StableDiffusion',
): number[] {
  const logs = Float64Array.from(AysSchedules[`${model}Sigmas`].slice(0, -1), Math.log);
  const places = ramp(steps).map((share) => share * (logs.length - 1));
  return toZero(interpolate(places, logs).map(Math.exp));
}

/** From 0 (max) to 1 (min). */
function ramp(steps: number): Float64Array {
  requireSteps(steps);
  return linspace(0, 1, steps);
}

function toZero(levels: Float64Array): number[] {
  return [...levels, 0];
}

/** Throws NUMERIC unless 0 < min < max. */
function checked(range: SigmaRange): SigmaRange {
  const { max, min } = range;
  if (min > 0 && min < max && max < Infinity) return range;
  throw new DiffusionError('NUMERIC', `Sigmas cannot run from ${max} to ${min}. Give 0 < min < max.`, { range });
}
