// Ancestral sampling in sigma: Euler's method to a lower noise level than asked for, and fresh noise up to it.

import type {
  BetaConfig,
  ConfigSchema,
  KStyleSchedule,
  KStyleTables,
  Plan,
  PlanRequest,
  SpacingConfig,
  StepContext,
  StepResult,
} from '@unnoise/core';
import {
  KARRAS_COMPATIBLES,
  SchedulerMixin,
  ancestralSplit,
  betaFields,
  field,
  inFloat32,
  kStylePlan,
  kStyleTables,
  predictAtSigma,
  requestedLevels,
  spacingFields,
  withFinalSigma,
} from '@unnoise/core';

export type EulerAncestralPredictionType = 'epsilon' | 'v_prediction';

const PREDICTION_TYPES: readonly EulerAncestralPredictionType[] = ['epsilon', 'v_prediction'];

export interface EulerAncestralDiscreteConfig extends BetaConfig, SpacingConfig {
  /** What the model predicts: the noise or the velocity. */
  readonly prediction_type: EulerAncestralPredictionType;
  /** Rescale the betas to zero terminal SNR; the largest sigma is then about 4096. */
  readonly rescale_betas_zero_snr: boolean;
}

/** One step from sigma: down to `down` without noise, then `up` of noise; up^2 + down^2 is the next sigma, squared. */
export interface EulerAncestralRow {
  readonly sigma: number;
  readonly up: number;
  readonly down: number;
}

/**
 * Euler's method on dx/dsigma = (x - x0) / sigma, down to sigmaDown, and noise z up to sigmaNext.
 *
 *     sigmaDown = sigmaNext^2 / sigma;  sigmaUp^2 = sigmaNext^2 - sigmaDown^2
 *     prev      = x + (sigmaDown - sigma) (x - x0) / sigma + sigmaUp z
 *
 * It is DDPM with variance fixed_small, and DDIM with eta 1, for x / sqrt(alphas_cumprod).
 * Ho, Jain and Abbeel (2020), arXiv 2006.11239, in the sigmas of Karras et al. (2022), arXiv 2206.00364.
 */
export class EulerAncestralDiscreteScheduler extends SchedulerMixin<EulerAncestralDiscreteConfig, EulerAncestralRow> {
  static override readonly className = 'EulerAncestralDiscreteScheduler';
  static override readonly compatibles: readonly string[] = KARRAS_COMPATIBLES;
  static override readonly requestKeys: readonly string[] = ['numInferenceSteps', 'sigmas'];
  static override readonly stepOptions: readonly string[] = ['generator'];
  static override readonly schema: ConfigSchema<EulerAncestralDiscreteConfig> = {
    ...betaFields,
    ...spacingFields('linspace'),
    prediction_type: field.choice('epsilon', PREDICTION_TYPES),
    rescale_betas_zero_snr: field.boolean(false),
  };

  readonly #tables: KStyleTables = kStyleTables(this.config, this.precision, {
    zeroTerminalSnr: this.config.rescale_betas_zero_snr,
  });

  protected override plan(request?: PlanRequest): Plan<EulerAncestralRow> {
    const schedule = request ? this.#schedule(request) : this.#training();
    const { sigmas } = schedule;
    return {
      ...kStylePlan(schedule, this.config, request),
      row: (index) => rowOf(sigmas[index] ?? Number.NaN, sigmas[index + 1] ?? Number.NaN),
    };
  }

  #schedule(request: PlanRequest): KStyleSchedule {
    const levels = requestedLevels(this.config, request, { respacing: undefined }, this.#tables);
    const sigmas = withFinalSigma(levels.sigmas, levels.end, this.precision);
    return {
      timesteps: Array.from(this.precision.table(levels.timesteps)),
      sigmas,
      numInferenceSteps: levels.numInferenceSteps,
    };
  }

  /** Every trained timestep: what steps run on before setTimesteps. */
  #training(): KStyleSchedule {
    const { num_train_timesteps: count } = this.config;
    const timesteps = Array.from({ length: count }, (_, i) => count - 1 - i);
    return { timesteps, sigmas: withFinalSigma(this.#tables.sigmas.toReversed(), 0, this.precision) };
  }

  protected override rule({ k, x: sample, out, normal }: StepContext<EulerAncestralRow>): StepResult {
    const x = inFloat32(sample);
    const x0 = predictAtSigma(this.config.prediction_type, k.sigma, x, out, PREDICTION_TYPES);
    const derivative = x.sub(x0).div(k.sigma);
    // as upstream: the last step draws too, for nothing
    return { prev: x.add(derivative.mul(k.down - k.sigma)).add(normal().mul(k.up)), x0 };
  }
}

function rowOf(sigma: number, sigmaNext: number): EulerAncestralRow {
  return { sigma, ...ancestralSplit(sigma, sigmaNext) };
}
