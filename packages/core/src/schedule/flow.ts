// Flow matching sigmas in [0, 1]: the grids, the static and dynamic time shifts, and the stretch to a terminal value.
// Arithmetic follows the array: sigmas of the scheduler's own are float64, those that a user gave float32 (exact64: float64).
// A step count below 1 throws REQUEST_INVALID.

import { DiffusionError } from '../errors.ts';
import { linspace } from './grids.ts';
import { mapTable, type Precision, precisionOf, type Table, tabulate } from './precision.ts';
import { requireSteps, requireTrainSteps } from './spacing.ts';

/** The static shift: sigma -> shift sigma / (1 + (shift - 1) sigma). */
export function shiftSigmas(sigmas: Table, shift: number): Table {
  const { round } = precisionOf(sigmas);
  const [factor, rise] = [round(shift), round(shift - 1)];
  return mapTable(sigmas, (sigma) => round(factor * sigma) / round(1 + round(rise * sigma)));
}

/** Throws CONFIG_INVALID for a static shift that gives no schedule. */
export function requireShift(shift: number): void {
  if (shift > 0) return;
  throw new DiffusionError('CONFIG_INVALID', `shift is ${shift}; it must be greater than 0.`, { shift });
}

/** The names that `time_shift_type` takes. */
export type TimeShiftType = 'exponential' | 'linear';

/**
 * The dynamic shift by mu (see `imageShiftMu`): m / (m + (1/t - 1)^power) with m = e^mu (exponential) or mu (linear).
 * Throws CONFIG_INVALID for another type.
 */
export function timeShift(type: string, mu: number, sigmas: Table, power: number = 1): Table {
  if (type !== 'exponential' && type !== 'linear') {
    throw new DiffusionError('CONFIG_INVALID', `time_shift_type is '${type}'; choose one of exponential, linear.`);
  }
  const { round } = precisionOf(sigmas);
  const m = round(type === 'exponential' ? Math.exp(mu) : mu);
  return mapTable(sigmas, (t) => m / round(m + round(round(round(1 / t) - 1) ** power)));
}

/**
 * Sigmas stretched so that the last becomes `terminal`: 1 - (1 - sigma) (1 - terminal) / (1 - last).
 * Throws NUMERIC where the last sigma is 1, which nothing can stretch.
 */
export function stretchToTerminal(sigmas: Table, terminal: number): Table {
  const { round } = precisionOf(sigmas);
  const scale = round(round(1 - sigmas.at(-1)!) / round(1 - terminal));
  if (scale === 0) {
    throw new DiffusionError('NUMERIC', `shift_terminal ${terminal} cannot stretch a schedule that ends at sigma 1.`);
  }
  return mapTable(sigmas, (sigma) => 1 - round(round(1 - sigma) / scale));
}

/** The config keys of the line from image size to mu. */
export interface ImageShiftConfig {
  readonly base_image_seq_len?: number;
  readonly max_image_seq_len?: number;
  readonly base_shift?: number;
  readonly max_shift?: number;
}

/** mu on the line through (base_image_seq_len, base_shift) and (max_image_seq_len, max_shift), in tokens of an image. */
export function imageShiftMu(imageSeqLen: number, config: ImageShiftConfig = {}): number {
  const {
    base_image_seq_len: x0 = 256,
    max_image_seq_len: x1 = 4096,
    base_shift: y0 = 0.5,
    max_shift: y1 = 1.15,
  } = config;
  const slope = (y1 - y0) / (x1 - x0);
  return imageSeqLen * slope + (y0 - slope * x0);
}

/**
 * The training sigmas of the flow matching schedulers, N/N down to 1/N, shifted unless `shift` is undefined (dynamic
 * shifting). Their ends times N are the ends of every schedule, which is then shifted *again* (upstream issue 13243).
 * Throws CONFIG_INVALID for fewer than one.
 */
export function flowTrainingSigmas(trainSteps: number, shift: number | undefined, precision: Precision): Table {
  requireTrainSteps(trainSteps);
  const sigmas = tabulate(trainSteps, precision, (i) => (trainSteps - i) / trainSteps);
  return shift === undefined ? sigmas : shiftSigmas(sigmas, shift);
}

/** `steps` float64 sigmas evenly from the first to the last training sigma, by way of timesteps as upstream; unshifted. */
export function flowSigmas(trainingSigmas: Table, trainSteps: number, steps: number): Float64Array {
  requireSteps(steps);
  const [max, min] = [trainingSigmas[0]! * trainSteps, trainingSigmas.at(-1)! * trainSteps];
  return linspace(max, min, steps).map((timestep) => timestep / trainSteps);
}

/** Flow sigmas of the DPM-Solver family and DEIS: 1 - linspace(1, 1/N, n+1) shifted, reversed, without the final 0. */
export function solverFlowSigmas(trainSteps: number, steps: number, shift: number): Float64Array {
  requireSteps(steps);
  const sigmas = linspace(1, 1 / trainSteps, steps + 1).map((alpha) => 1 - alpha);
  return shiftSigmas(sigmas, shift).reverse().slice(0, -1) as Float64Array;
}

/** Flow sigmas of UniPC before any shift: linspace(1, 1/N, n+1) without the last. */
export function unipcFlowSigmas(trainSteps: number, steps: number): Float64Array {
  requireSteps(steps);
  return linspace(1, 1 / trainSteps, steps + 1).slice(0, -1);
}

/** UniPC's guard against ln 0: a first sigma within 1e-6 of 1 is lowered by 1e-6. */
export function nudgeFirstFromOne(sigmas: Table): Table {
  const { round } = precisionOf(sigmas);
  const near = Math.abs(round(sigmas[0]! - 1)) < 1e-6;
  return mapTable(sigmas, (sigma, i) => (near && i === 0 ? sigma - round(1e-6) : sigma));
}

/** The flow sigma of a k-style one: sigma / (sigma + 1). */
export function flowSigmaOf(sigma: number): number {
  return sigma / (sigma + 1);
}
