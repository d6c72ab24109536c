// The posterior of a noising step, q(prev | x, x0), which ancestral samplers (DDPM, unCLIP) draw from, and variances that a model gives.

import { DiffusionError } from '../errors.ts';
import type { Tensor } from '../tensor/index.ts';
import type { Levels } from './predict.ts';
import type { TrainedLevel } from './trained-levels.ts';

/** Gaussian with mean x0Weight x0 + xWeight x and this variance, at noise level (alpha, sigma). */
export interface Posterior {
  readonly alpha: number;
  readonly sigma: number;
  readonly x0Weight: number;
  readonly xWeight: number;
  readonly variance: number;
  /** Variance of the forward step, the upper bound of the posterior's. */
  readonly beta: number;
}

/** The posterior of the step from alphas_cumprod `acpPrev` to level `now`, where `ratio` = 1 - `beta` is the one by the other. */
export function posterior(now: TrainedLevel, acpPrev: number, ratio: number, beta: number): Posterior {
  const { alphaCumprod: acp, alpha, sigma } = now;
  return {
    alpha,
    sigma,
    x0Weight: (Math.sqrt(acpPrev) * beta) / (1 - acp),
    xWeight: (Math.sqrt(ratio) * (1 - acpPrev)) / (1 - acp),
    variance: ((1 - acpPrev) / (1 - acp)) * beta,
    beta,
  };
}

/** The mean, with one posterior for all, or one per batch item. */
export function posteriorMean({ x0Weight, xWeight }: Weights, x: Tensor, x0: Tensor): Tensor {
  return x0.mul(x0Weight).add(x.mul(xWeight));
}

interface Weights {
  readonly x0Weight: Levels['alpha'];
  readonly xWeight: Levels['alpha'];
}

/** The logarithm that v in [-1, 1] marks between min (v = -1) and max (v = 1). */
export function logBetween(v: Tensor, min: number, max: number): Tensor {
  const share = v.add(1).div(2);
  return share.mul(max).add(share.neg().add(1).mul(min));
}

/** A model with a learned variance gives twice the channels: mean first. Throws SHAPE_MISMATCH for any other number. */
export function splitVariance(x: Tensor, out: Tensor): readonly [mean: Tensor, variance: Tensor] {
  const channels = x.shape[1] ?? 0;
  if (out.shape[1] !== 2 * channels) {
    throw new DiffusionError(
      'SHAPE_MISMATCH',
      `A learned variance needs a model output of ${2 * channels} channels; it has shape [${out.shape}]. Use a fixed variance_type.`,
      { sample: x.shape, modelOutput: out.shape },
    );
  }
  return [out.slice(1, 0, channels), out.slice(1, channels, channels)];
}
