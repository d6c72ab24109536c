// The step of DDIM, which its parallel sister takes too: config, numbers and update.

import type { BetaConfig, PredictionType, SpacingConfig } from '../config/fragments.ts';
import { betaFields, predictionTypeField, spacingFields } from '../config/fragments.ts';
import type { ConfigSchema } from '../config/schema.ts';
import { boolean, number } from '../config/schema.ts';
import type { ThresholdingConfig } from '../config/thresholding-fields.ts';
import { thresholdingFields } from '../config/thresholding-fields.ts';
import { DiffusionError } from '../errors.ts';
import type { Tensor } from '../tensor/index.ts';
import type { Levels, Prediction } from './predict.ts';
import { after, bounded, predict } from './predict.ts';
import type { TrainedLevel } from './trained-levels.ts';
import type { StepContext, StepResult } from './types.ts';

export interface DDIMConfig extends BetaConfig, SpacingConfig, ThresholdingConfig {
  /** Clip the predicted original sample; for pixel models only. */
  readonly clip_sample: boolean;
  /** Largest magnitude after clipping. */
  readonly clip_sample_range: number;
  /** Take the level after the last step as noiseless; else as that of timestep 0. */
  readonly set_alpha_to_one: boolean;
  /** What the model predicts: the noise, the original sample, or the velocity. */
  readonly prediction_type: PredictionType;
  /** Rescale the betas to zero terminal SNR; meant for v_prediction. */
  readonly rescale_betas_zero_snr: boolean;
}

export const ddimFields: ConfigSchema<DDIMConfig> = {
  ...betaFields,
  ...spacingFields('leading'),
  ...thresholdingFields,
  clip_sample: boolean(true),
  clip_sample_range: number(1),
  set_alpha_to_one: boolean(true),
  prediction_type: predictionTypeField,
  rescale_betas_zero_snr: boolean(false),
};

/** What a step takes. */
export const DDIM_STEP_OPTIONS: readonly string[] = ['generator', 'varianceNoise', 'eta', 'useClippedModelOutput'];

/** One step: from noise level (alpha, sigma) to the previous one; variance is that of DDPM between the two. */
export interface DDIMRow {
  readonly alpha: number;
  readonly sigma: number;
  readonly alphaPrev: number;
  readonly sigmaPrev: number;
  readonly variance: number;
}

export function ddimRow(now: TrainedLevel, next: TrainedLevel): DDIMRow {
  const variance = ((1 - next.alphaCumprod) / (1 - now.alphaCumprod)) * (1 - now.alphaCumprod / next.alphaCumprod);
  return { alpha: now.alpha, sigma: now.sigma, alphaPrev: next.alpha, sigmaPrev: next.sigma, variance };
}

/**
 * x0, thresholded or clipped, and the eps that a step goes along. As upstream, that is the model's even where x0 was clipped, unless
 * `clipped` asks for the eps that x and the clipped x0 make.
 */
export function ddimPrediction(
  context: Pick<StepContext<Levels>, 'k' | 'x' | 'out' | 'host'>,
  config: DDIMConfig,
  clipped: boolean,
): Prediction | Promise<Prediction> {
  const { k, x, out } = context;
  const { x0, eps } = predict(config.prediction_type, k, x, out);
  return after(bounded(context, x0, config), (clean) => ({
    x0: clean,
    eps: clipped ? x.sub(clean.mul(k.alpha)).div(k.sigma) : eps,
  }));
}

/** prev = alphaPrev x0 + sqrt(sigmaPrev^2 - std^2) eps + std z, with std = eta sqrt(variance). */
export function ddimStep(context: StepContext<DDIMRow>, config: DDIMConfig): StepResult | Promise<StepResult> {
  const { useClippedModelOutput = false } = context.options;
  return after(ddimPrediction(context, config, useClippedModelOutput), ({ x0, eps }) => update(context, x0, eps));
}

function update({ k, options, normal }: StepContext<DDIMRow>, x0: Tensor, eps: Tensor): StepResult {
  const { eta = 0 } = options;
  const std = eta * Math.sqrt(k.variance);
  const prev = x0.mul(k.alphaPrev).add(eps.mul(Math.sqrt(k.sigmaPrev ** 2 - std ** 2)));
  if (!(eta > 0)) return { prev, x0 };
  if (options.varianceNoise && options.generator) throw twoNoises();
  return { prev: prev.add(normal().mul(std)), x0 };
}

function twoNoises(): DiffusionError {
  return new DiffusionError('REQUEST_INVALID', 'Both generator and varianceNoise were given to a step. Give one.');
}
