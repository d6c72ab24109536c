// CogVideoX's DDIM: the deterministic step of DDIM on noise levels whose signal to noise ratio is shifted.

import type {
  CogVideoXConfig,
  ConfigSchema,
  Plan,
  PlanRequest,
  StepContext,
  StepResult,
  Table,
  TrainedLevel,
} from '@unnoise/core';
import {
  DDIM_STEP_OPTIONS,
  KARRAS_COMPATIBLES,
  SchedulerMixin,
  cogVideoXFields,
  cogVideoXLevels,
  predict,
  stridePlan,
} from '@unnoise/core';

export interface CogVideoXDDIMConfig extends CogVideoXConfig {}

/** One step from noise level (alpha, sigma): what the sample and the predicted clean sample weigh. */
export interface CogVideoXDDIMRow {
  readonly alpha: number;
  readonly sigma: number;
  readonly a: number;
  readonly b: number;
}

/**
 * DDIM without noise, with eps replaced by what x and x0 say of it.
 *
 *     x0   = (x - sigma eps) / alpha
 *     prev = a x + b x0,  a = sigmaPrev / sigma,  b = alphaPrev - alpha a
 *
 * With snr_shift_scale 1 it is DDIMScheduler with eta 0. Song, Meng and Ermon (2021), arXiv 2010.02502, equation 12;
 * Yang et al. (2024), arXiv 2408.06072, for the shift.
 */
export class CogVideoXDDIMScheduler extends SchedulerMixin<CogVideoXDDIMConfig, CogVideoXDDIMRow> {
  static override readonly className = 'CogVideoXDDIMScheduler';
  static override readonly compatibles: readonly string[] = KARRAS_COMPATIBLES;
  /** As upstream, all of them are accepted and none is used. */
  static override readonly stepOptions: readonly string[] = DDIM_STEP_OPTIONS;
  static override readonly schema: ConfigSchema<CogVideoXDDIMConfig> = cogVideoXFields;

  readonly #alphasCumprod: Table = cogVideoXLevels(this.config, this.precision);

  protected override plan(request?: PlanRequest): Plan<CogVideoXDDIMRow> {
    const { className } = this.class;
    return stridePlan({ className, config: this.config, alphasCumprod: this.#alphasCumprod, row }, request);
  }

  protected override rule({ k, x, out }: StepContext<CogVideoXDDIMRow>): StepResult {
    const { x0 } = predict(this.config.prediction_type, k, x, out);
    return { prev: x.mul(k.a).add(x0.mul(k.b)), x0 };
  }
}

function row({ alpha, sigma }: TrainedLevel, next: TrainedLevel): CogVideoXDDIMRow {
  const a = next.sigma / sigma;
  return { alpha, sigma, a, b: next.alpha - alpha * a };
}
