// DDIM: deterministic sampling of a DDPM-trained model, with the noise of DDPM as an option (eta).

import type {
  BetaConfig,
  ConfigSchema,
  Plan,
  PlanRequest,
  PredictionType,
  SpacingConfig,
  StepContext,
  StepResult,
  Tensor,
  ThresholdingConfig,
  TrainedLevel,
  TrainingTables,
} from '@unnoise/core';
import {
  DiffusionError,
  KARRAS_COMPATIBLES,
  SchedulerMixin,
  after,
  betaFields,
  bounded,
  field,
  predict,
  predictionTypeField,
  spacingFields,
  stridePlan,
  thresholdingFields,
  trainingTables,
} from '@unnoise/core';

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

/** One step: from noise level (alpha, sigma) to the previous one; variance is that of DDPM between the two. */
export interface DDIMRow {
  readonly alpha: number;
  readonly sigma: number;
  readonly alphaPrev: number;
  readonly sigmaPrev: number;
  readonly variance: number;
}

/**
 * Denoising diffusion implicit models: a step along the probability-flow ODE, with DDPM's noise mixed in by eta.
 *
 *     x0   = (x - sigma eps) / alpha, thresholded or clipped
 *     prev = alphaPrev x0 + sqrt(sigmaPrev^2 - std^2) eps + std z,  std = eta sqrt(variance)
 *
 * eta 0 is Euler's method in sigma / alpha; eta 1 is DDPM with variance_type fixed_small.
 * Song, Meng and Ermon (2021), arXiv 2010.02502, equation 12.
 */
export class DDIMScheduler extends SchedulerMixin<DDIMConfig, DDIMRow> {
  static override readonly className = 'DDIMScheduler';
  static override readonly compatibles: readonly string[] = KARRAS_COMPATIBLES;
  static override readonly stepOptions: readonly string[] = [
    'generator',
    'varianceNoise',
    'eta',
    'useClippedModelOutput',
  ];
  static override readonly schema: ConfigSchema<DDIMConfig> = {
    ...betaFields,
    ...spacingFields('leading'),
    ...thresholdingFields,
    clip_sample: field.boolean(true),
    clip_sample_range: field.number(1),
    set_alpha_to_one: field.boolean(true),
    prediction_type: predictionTypeField,
    rescale_betas_zero_snr: field.boolean(false),
  };

  readonly #tables: TrainingTables = trainingTables(this.config, this.precision);

  protected override plan(request?: PlanRequest): Plan<DDIMRow> {
    const { className } = this.class;
    const { alphasCumprod } = this.#tables;
    return stridePlan({ className, config: this.config, alphasCumprod, row }, request);
  }

  protected override rule(context: StepContext<DDIMRow>): StepResult | Promise<StepResult> {
    const { k, x, out } = context;
    const { x0, eps } = predict(this.config.prediction_type, k, x, out);
    return after(bounded(context, x0, this.config), (clean) => update(context, clean, eps));
  }
}

function row(now: TrainedLevel, next: TrainedLevel): DDIMRow {
  const variance = ((1 - next.alphaCumprod) / (1 - now.alphaCumprod)) * (1 - now.alphaCumprod / next.alphaCumprod);
  return { alpha: now.alpha, sigma: now.sigma, alphaPrev: next.alpha, sigmaPrev: next.sigma, variance };
}

/** As upstream, eps is the model's even where x0 was clipped, unless useClippedModelOutput is set. */
function update({ k, x, options, normal }: StepContext<DDIMRow>, x0: Tensor, predicted: Tensor): StepResult {
  const { eta = 0, useClippedModelOutput = false } = options;
  const eps = useClippedModelOutput ? x.sub(x0.mul(k.alpha)).div(k.sigma) : predicted;
  const std = eta * Math.sqrt(k.variance);
  const prev = x0.mul(k.alphaPrev).add(eps.mul(Math.sqrt(k.sigmaPrev ** 2 - std ** 2)));
  if (!(eta > 0)) return { prev, x0 };
  if (options.varianceNoise && options.generator) throw twoNoises();
  return { prev: prev.add(normal().mul(std)), x0 };
}

function twoNoises(): DiffusionError {
  return new DiffusionError('REQUEST_INVALID', 'DDIMScheduler: both generator and varianceNoise were given. Give one.');
}
