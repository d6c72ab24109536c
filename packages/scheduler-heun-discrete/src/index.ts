// Heun's second-order method on the probability-flow ODE in sigma: two model calls per step.

import type {
  BetaConfig,
  BetaRules,
  ConfigSchema,
  HeunRow,
  KStyleTables,
  Plan,
  PlanRequest,
  PredictionType,
  Respacing,
  RunLevels,
  SigmaScheduleConfig,
  SpacingConfig,
  StepContext,
  StepResult,
  Tensor,
} from '@unnoise/core';
import {
  COMMON_BETA_RULES,
  KARRAS_COMPATIBLES,
  SchedulerMixin,
  betaFields,
  customTimesteps,
  exactlyOne,
  expBetas,
  field,
  heunRow,
  kStylePlan,
  kStyleTables,
  levelsAt,
  ofFirstCall,
  predictAtSigma,
  predictionTypeField,
  repeatAfterFirst,
  repeatInner,
  requestedLevels,
  respacingOf,
  sigmaScheduleFields,
  spacingFields,
  withFinalSigma,
} from '@unnoise/core';

export type HeunBetaSchedule = 'linear' | 'scaled_linear' | 'squaredcos_cap_v2' | 'exp';

const BETA_RULES: BetaRules = { ...COMMON_BETA_RULES, exp: expBetas };

export interface HeunDiscreteConfig extends BetaConfig<HeunBetaSchedule>, SpacingConfig, SigmaScheduleConfig {
  /** What the model predicts: the noise, the original sample, or the velocity. */
  readonly prediction_type: PredictionType;
  /** Clip the predicted original sample. */
  readonly clip_sample: boolean;
  /** Largest absolute value that clipping leaves. */
  readonly clip_sample_range: number;
}

/**
 * Heun's method on dx/dsigma = d(x, sigma) = (x - x0) / sigma. The two model calls of a step are two calls of step:
 *
 *     first:  xNext = x + (sigmaNext - sigma) d(x, sigma)
 *     second: prev  = x + (sigmaNext - sigma) (d(x, sigma) + d(xNext, sigmaNext)) / 2
 *
 * The step to sigma 0, where d has no value, is the first half alone: n steps are 2 n - 1 calls.
 * Karras, Aittala, Aila and Laine (2022), arXiv 2206.00364, algorithm 1.
 */
export class HeunDiscreteScheduler extends SchedulerMixin<HeunDiscreteConfig, HeunRow> {
  static override readonly className = 'HeunDiscreteScheduler';
  static override readonly compatibles: readonly string[] = KARRAS_COMPATIBLES;
  static override readonly requestKeys: readonly string[] = ['numInferenceSteps', 'timesteps', 'sigmas'];
  static override readonly schema: ConfigSchema<HeunDiscreteConfig> = {
    ...betaFields,
    beta_start: field.number(0.00085),
    beta_end: field.number(0.012),
    beta_schedule: field.choice('linear', Object.keys(BETA_RULES) as HeunBetaSchedule[]),
    ...spacingFields('linspace'),
    ...sigmaScheduleFields,
    prediction_type: predictionTypeField,
    clip_sample: field.boolean(false),
    clip_sample_range: field.number(1),
  };

  override readonly order: number = 2;
  readonly #respacing: Respacing | undefined = respacingOf(this.config);
  readonly #tables: KStyleTables = kStyleTables(this.config, this.precision, { rules: BETA_RULES });

  protected override plan(request?: PlanRequest): Plan<HeunRow> {
    const levels = this.#levels(request);
    const sigmas = repeatInner(withFinalSigma(levels.sigmas, levels.end, this.precision));
    const timesteps = Array.from(repeatAfterFirst(this.precision.table(levels.timesteps)));
    return {
      ...kStylePlan({ timesteps, sigmas, numInferenceSteps: levels.numInferenceSteps }, this.config, request),
      row: (index) => heunRow(sigmas, index),
    };
  }

  #levels(request?: PlanRequest): RunLevels {
    const respacing = this.#respacing;
    if (!request?.timesteps) {
      return requestedLevels(this.config, request, { respacing, limits: this.config }, this.#tables);
    }
    exactlyOne(request, ['numInferenceSteps', 'timesteps', 'sigmas']);
    const timesteps = customTimesteps(request.timesteps, respacing, this.precision);
    return { ...levelsAt(timesteps, this.#tables), end: 0, numInferenceSteps: timesteps.length };
  }

  protected override rule({ k, index, x, out, carry }: StepContext<HeunRow>): StepResult {
    const dt = k.sigmaNext - k.sigma;
    const sigma = k.corrects ? k.sigmaNext : k.sigma;
    const x0 = this.#clipped(predictAtSigma(this.config.prediction_type, sigma, x, out));
    const derivative = x.sub(x0).div(sigma);
    if (k.corrects) return { prev: ofFirstCall(carry, index).add(derivative.mul(dt / 2)), x0 };
    return { prev: x.add(derivative.mul(dt)), x0, carry: [x.add(derivative.mul(dt / 2))] };
  }

  #clipped(x0: Tensor): Tensor {
    const { clip_sample: clip, clip_sample_range: range } = this.config;
    return clip ? x0.clamp(-range, range) : x0;
  }
}
