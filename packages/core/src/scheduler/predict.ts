// From what a model predicts to the clean sample and the noise, at one noise level; and the bounding of the clean sample.

import type { PredictionType } from '../config/fragments.ts';
import { PREDICTION_TYPES } from '../config/fragments.ts';
import { requireChoice } from '../config/schema.ts';
import type { ThresholdingConfig } from '../config/thresholding-fields.ts';
import { DiffusionError } from '../errors.ts';
import type { AlphaSigma, Table } from '../schedule/index.ts';
import type { Tensor } from '../tensor/index.ts';
import type { StepContext } from './types.ts';

export interface Prediction {
  readonly x0: Tensor;
  readonly eps: Tensor;
}

/** The two coefficients of x = alpha x0 + sigma eps: numbers, or tensors with one per batch item. */
export interface Levels {
  readonly alpha: number | Tensor;
  readonly sigma: number | Tensor;
}

/**
 * x = alpha x0 + sigma eps, solved for both by what the model gave: eps (epsilon), x0 (sample), or
 * v = alpha eps - sigma x0 (v_prediction). `round` may be `rounded`, for the difference that a small level divides.
 * Throws CONFIG_INVALID for another `type`, at the step as upstream.
 */
export function predict(
  type: string,
  { alpha, sigma }: Levels,
  x: Tensor,
  out: Tensor,
  round: (difference: Tensor) => Tensor = (difference) => difference,
): Prediction {
  requireChoice<PredictionType>('prediction_type', type, PREDICTION_TYPES);
  switch (type) {
    case 'epsilon':
      return { x0: round(x.sub(out.mul(sigma))).div(alpha), eps: out };
    case 'sample':
      return { x0: out, eps: round(x.sub(out.mul(alpha))).div(sigma) };
    case 'v_prediction':
      return { x0: x.mul(alpha).sub(out.mul(sigma)), eps: out.mul(alpha).add(x.mul(sigma)) };
  }
}

/**
 * x0 for k-style samples x = x0 + sigma eps, where the model saw x / sqrt(sigma^2 + 1): x - sigma eps (epsilon), the output
 * itself (sample), x / (sigma^2 + 1) - sigma / sqrt(sigma^2 + 1) v (v_prediction). Throws CONFIG_INVALID for another `type`.
 */
export function predictAtSigma(
  type: string,
  sigma: number,
  x: Tensor,
  out: Tensor,
  accepted: readonly string[] = PREDICTION_TYPES,
): Tensor {
  requireChoice('prediction_type', type, accepted);
  if (type === 'epsilon') return x.sub(out.mul(sigma));
  if (type !== 'v_prediction') return out;
  return x.div(sigma ** 2 + 1).sub(out.mul(sigma / Math.sqrt(sigma ** 2 + 1)));
}

/**
 * Alpha and sigma of a trained timestep: sqrt(alphas_cumprod), sqrt(1 - alphas_cumprod). As in Python, a negative timestep
 * counts from the end. Throws TIMESTEP_NOT_IN_PLAN for one that was not trained.
 */
export function trainedLevel(alphasCumprod: Table, timestep: number): AlphaSigma & { readonly alphaCumprod: number } {
  const alphaCumprod = Number.isInteger(timestep) ? alphasCumprod.at(timestep) : undefined;
  if (alphaCumprod === undefined) {
    throw new DiffusionError(
      'TIMESTEP_NOT_IN_PLAN',
      `Timestep ${timestep} was not trained: whole numbers from 0 to ${alphasCumprod.length - 1} were. Pass an entry of scheduler.timesteps.`,
      { timestep },
    );
  }
  return { alphaCumprod, alpha: Math.sqrt(alphaCumprod), sigma: Math.sqrt(1 - alphaCumprod) };
}

/** Dynamic thresholding of x0, for pixel models: see threshold.ts, which is loaded for the first of them. */
export async function threshold(
  context: Pick<StepContext<unknown>, 'host'>,
  x0: Tensor,
  config: ThresholdingConfig,
): Promise<Tensor> {
  const { thresholded } = await import('./threshold.ts');
  return thresholded(context, x0, config);
}

/** The config keys that bound the predicted clean sample. */
export interface BoundingConfig extends ThresholdingConfig {
  readonly clip_sample?: boolean;
  readonly clip_sample_range?: number;
}

/** x0 thresholded, clipped or as it is; thresholding wins, as upstream. A promise only where it has to read back. */
export function bounded(
  context: Pick<StepContext<unknown>, 'host'>,
  x0: Tensor,
  config: BoundingConfig,
): Tensor | Promise<Tensor> {
  if (config.thresholding) return threshold(context, x0, config);
  const { clip_sample: clip, clip_sample_range: range = 1 } = config;
  return clip ? x0.clamp(-range, range) : x0;
}

/** Goes on with a value that may have to be waited for, without a turn of the event loop where it need not. */
export function after<T, R>(value: T | Promise<T>, next: (value: T) => R | Promise<R>): R | Promise<R> {
  return value instanceof Promise ? value.then(next) : next(value);
}
