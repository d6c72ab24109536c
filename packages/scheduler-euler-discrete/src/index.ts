// Euler's method on the probability-flow ODE in sigma, with the churn of Karras et al. as an option.

import type {
  BetaConfig,
  ChurnRow,
  ConfigSchema,
  FinalSigmasType,
  Plan,
  PlanRequest,
  SigmaScheduleConfig,
  SpacingConfig,
  StepContext,
  StepResult,
} from '@unnoise/core';
import {
  CHURN_OPTIONS,
  KARRAS_COMPATIBLES,
  SchedulerMixin,
  betaFields,
  churned,
  field,
  inFloat32,
  kStylePlan,
  predictAtSigma,
  sigmaScheduleFields,
  spacingFields,
} from '@unnoise/core';
import { EulerSchedules } from './schedule.ts';

export type EulerPredictionType = 'epsilon' | 'sample' | 'original_sample' | 'v_prediction';

const PREDICTION_TYPES: readonly EulerPredictionType[] = ['epsilon', 'sample', 'original_sample', 'v_prediction'];

export interface EulerDiscreteConfig extends BetaConfig, SpacingConfig, SigmaScheduleConfig {
  /** What the model predicts; original_sample is sample. */
  readonly prediction_type: EulerPredictionType;
  /** How sigmas between trained timesteps are found. */
  readonly interpolation_type: 'linear' | 'log_linear';
  /** Smallest sigma of a re-spacing; default: that of the last timestep. */
  readonly sigma_min: number | null;
  /** Largest sigma of a re-spacing; default: that of the first timestep. */
  readonly sigma_max: number | null;
  /** continuous gives v_prediction models 0.25 ln sigma. */
  readonly timestep_type: 'discrete' | 'continuous';
  /** Rescale the betas to zero terminal SNR; the largest sigma is then about 4096. */
  readonly rescale_betas_zero_snr: boolean;
  /** Noise level after the last step. */
  readonly final_sigmas_type: FinalSigmasType;
}

/** One step from sigma to sigmaNext. */
export interface EulerRow extends ChurnRow {
  readonly sigmaNext: number;
}

/**
 * Euler's method on dx/dsigma = (x - x0) / sigma, after churn has raised the noise from sigma to sigmaHat.
 *
 *     gamma = min(sChurn / steps, sqrt(2) - 1) where sTmin <= sigma <= sTmax, else 0;  sigmaHat = sigma (1 + gamma)
 *     xHat  = x + sNoise sqrt(sigmaHat^2 - sigma^2) z
 *     prev  = xHat + (sigmaNext - sigmaHat) (xHat - x0) / sigmaHat
 *
 * Without churn it is DDIM with eta 0 and DPM-Solver++ of order 1.
 * Karras, Aittala, Aila and Laine (2022), arXiv 2206.00364, algorithm 2 without the second-order correction.
 */
export class EulerDiscreteScheduler extends SchedulerMixin<EulerDiscreteConfig, EulerRow> {
  static override readonly className = 'EulerDiscreteScheduler';
  static override readonly compatibles: readonly string[] = KARRAS_COMPATIBLES;
  static override readonly requestKeys: readonly string[] = ['numInferenceSteps', 'timesteps', 'sigmas'];
  static override readonly stepOptions: readonly string[] = CHURN_OPTIONS;
  static override readonly schema: ConfigSchema<EulerDiscreteConfig> = {
    ...betaFields,
    ...spacingFields('linspace'),
    ...sigmaScheduleFields,
    prediction_type: field.choice('epsilon', PREDICTION_TYPES),
    interpolation_type: field.choice('linear', ['linear', 'log_linear']),
    sigma_min: field.optionalNumber(),
    sigma_max: field.optionalNumber(),
    timestep_type: field.choice('discrete', ['discrete', 'continuous']),
    rescale_betas_zero_snr: field.boolean(false),
    final_sigmas_type: field.choice('zero', ['zero', 'sigma_min']),
  };

  readonly #schedules: EulerSchedules = new EulerSchedules(this.config, this.precision);

  protected override plan(request?: PlanRequest): Plan<EulerRow> {
    const schedule = request ? this.#schedules.of(request) : this.#schedules.training();
    const { sigmas } = schedule;
    return {
      ...kStylePlan(schedule, this.config),
      row: (index) => ({
        sigma: sigmas[index] ?? Number.NaN,
        sigmaNext: sigmas[index + 1] ?? Number.NaN,
        steps: sigmas.length - 1,
      }),
      velocityLevel: (index) => this.#schedules.velocityLevel(index),
    };
  }

  protected override rule(context: StepContext<EulerRow>): StepResult {
    const { k, x, out } = context;
    const { xHat, sigmaHat } = churned(context, inFloat32(x), this.precision);
    const type = this.config.prediction_type;
    // as upstream: v_prediction is converted at sigma, not at sigmaHat
    const x0 = predictAtSigma(type, type === 'v_prediction' ? k.sigma : sigmaHat, xHat, out, PREDICTION_TYPES);
    const derivative = xHat.sub(x0).div(sigmaHat);
    return { prev: xHat.add(derivative.mul(k.sigmaNext - sigmaHat)), x0 };
  }
}
