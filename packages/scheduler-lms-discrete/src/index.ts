// The linear multistep method of k-diffusion: the derivatives of the last few steps, extrapolated by a polynomial.

import type {
  BetaConfig,
  ConfigSchema,
  KStyleTables,
  Plan,
  PlanRequest,
  PredictionType,
  Respacing,
  SigmaScheduleConfig,
  SpacingConfig,
  StepContext,
  StepResult,
  Table,
} from '@unnoise/core';
import {
  DiffusionError,
  KARRAS_COMPATIBLES,
  SchedulerMixin,
  betaFields,
  kStylePlan,
  kStyleTables,
  lagrangeIntegrals,
  predictAtSigma,
  predictionTypeField,
  requestedLevels,
  respacingOf,
  sigmaScheduleFields,
  spacingFields,
  withFinalSigma,
} from '@unnoise/core';

export interface LMSDiscreteConfig extends BetaConfig, SpacingConfig, SigmaScheduleConfig {
  /** What the model predicts: the noise, the original sample, or the velocity. */
  readonly prediction_type: PredictionType;
}

/** The sigmas from the start of the schedule to the one that this step goes to, which is the last. */
export interface LMSRow {
  readonly sigmas: Table;
}

/**
 * The linear multistep method of Adams and Bashforth on dx/dsigma = d = (x - x0) / sigma, on uneven sigmas: the derivatives of
 * this step and of those before it lie on a polynomial P of degree order - 1, and
 *
 *     prev = x + integral of P from sigma to sigmaNext = x + sum of w_j d_j
 *
 * Of order 1 it is Euler's method. A run from the start works its way up to `order`, which is an option of step, 4 by default.
 */
export class LMSDiscreteScheduler extends SchedulerMixin<LMSDiscreteConfig, LMSRow> {
  static override readonly className = 'LMSDiscreteScheduler';
  static override readonly compatibles: readonly string[] = KARRAS_COMPATIBLES;
  static override readonly requestKeys: readonly string[] = ['numInferenceSteps', 'sigmas'];
  static override readonly stepOptions: readonly string[] = ['order'];
  static override readonly schema: ConfigSchema<LMSDiscreteConfig> = {
    ...betaFields,
    ...spacingFields('linspace'),
    ...sigmaScheduleFields,
    prediction_type: predictionTypeField,
  };

  readonly #respacing: Respacing | undefined = respacingOf(this.config);
  readonly #tables: KStyleTables = kStyleTables(this.config, this.precision);

  protected override plan(request?: PlanRequest): Plan<LMSRow> {
    const respacing = this.#respacing;
    // as upstream: sigma_min and sigma_max of another class's config bound all re-spacings but karras
    const limits = respacing === 'karras' ? {} : this.config;
    const levels = requestedLevels(this.config, request, { respacing, limits }, this.#tables);
    const sigmas = withFinalSigma(levels.sigmas, levels.end, this.precision);
    const timesteps = Array.from(this.precision.table(levels.timesteps));
    return {
      ...kStylePlan({ timesteps, sigmas, numInferenceSteps: levels.numInferenceSteps }, this.config, request),
      row: (index) => ({ sigmas: sigmas.subarray(0, index + 2) }),
    };
  }

  protected override rule({ k, index, x, out, carry, options }: StepContext<LMSRow>): StepResult {
    const order = checkedOrder(options.order);
    const [sigma = Number.NaN, sigmaNext = Number.NaN] = k.sigmas.slice(-2);
    const x0 = predictAtSigma(this.config.prediction_type, sigma, x, out);
    const derivatives = [x.sub(x0).div(sigma), ...carry].slice(0, Math.max(order, carry.length));
    // as upstream: the order follows the position, also where a run that began late has fewer derivatives
    const nodes = k.sigmas
      .slice(0, -1)
      .reverse()
      .slice(0, Math.min(index + 1, order));
    const weights = lagrangeIntegrals(nodes, sigma, sigmaNext);
    const prev = derivatives.reduce((sum, d, j) => (j < weights.length ? sum.add(d.mul(weights[j] ?? 0)) : sum), x);
    return { prev, x0, carry: derivatives };
  }
}

function checkedOrder(order: number = 4): number {
  if (Number.isInteger(order) && order >= 1) return order;
  throw new DiffusionError('REQUEST_INVALID', `order is ${order}. Give a whole number of at least 1.`, { order });
}
