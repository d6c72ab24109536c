// DPM-Solver-2 in the form of k-diffusion: the midpoint method on the probability-flow ODE, halfway meaning in ln sigma.

import type {
  BetaConfig,
  ConfigSchema,
  KStyleTables,
  Plan,
  PlanRequest,
  Respacing,
  SigmaScheduleConfig,
  SpacingConfig,
  StepContext,
  StepResult,
  Table,
} from '@unnoise/core';
import {
  KARRAS_COMPATIBLES,
  SchedulerMixin,
  betaFields,
  field,
  isSecondCall,
  kStylePlan,
  kStyleTables,
  logMidpoint,
  mapTable,
  ofFirstCall,
  predictAtSigma,
  repeatInner,
  requestedLevels,
  respacingOf,
  scaleAtSigma,
  sigmaScheduleFields,
  spacingFields,
  timestepsWithMiddles,
  withFinalSigma,
} from '@unnoise/core';

export type KDPM2PredictionType = 'epsilon' | 'v_prediction';

const PREDICTION_TYPES: readonly KDPM2PredictionType[] = ['epsilon', 'v_prediction'];

export interface KDPM2DiscreteConfig extends BetaConfig, SpacingConfig, SigmaScheduleConfig {
  /** What the model predicts: the noise or the velocity. */
  readonly prediction_type: KDPM2PredictionType;
}

/** One of the two model calls of a step from sigma by way of sigmaMid to sigmaNext. */
export interface KDPM2Row {
  readonly sigma: number;
  readonly sigmaMid: number;
  readonly sigmaNext: number;
  /** The second call: the model has seen the sample at sigmaMid. */
  readonly second: boolean;
}

/**
 * The midpoint method on dx/dsigma = d(x, sigma) = (x - x0) / sigma. The two model calls of a step are two calls of step:
 *
 *     first:  xMid = x + (sigmaMid - sigma) d(x, sigma),  sigmaMid = sqrt(sigma sigmaNext)
 *     second: prev = x + (sigmaNext - sigma) d(xMid, sigmaMid)
 *
 * The step to sigma 0 is the first call alone, with sigmaMid 0: n steps are 2 n - 1 calls.
 * Karras, Aittala, Aila and Laine (2022), arXiv 2206.00364, algorithm 2 with the midpoint of DPM-Solver-2 (Lu et al. 2022,
 * arXiv 2206.00927), without its stochastic part.
 */
export class KDPM2DiscreteScheduler extends SchedulerMixin<KDPM2DiscreteConfig, KDPM2Row> {
  static override readonly className = 'KDPM2DiscreteScheduler';
  static override readonly compatibles: readonly string[] = KARRAS_COMPATIBLES;
  static override readonly requestKeys: readonly string[] = ['numInferenceSteps', 'sigmas'];
  static override readonly schema: ConfigSchema<KDPM2DiscreteConfig> = {
    ...betaFields,
    beta_start: field.number(0.00085),
    beta_end: field.number(0.012),
    ...spacingFields('linspace'),
    ...sigmaScheduleFields,
    prediction_type: field.choice('epsilon', PREDICTION_TYPES),
  };

  override readonly order: number = 2;
  readonly #respacing: Respacing | undefined = respacingOf(this.config);
  readonly #tables: KStyleTables = kStyleTables(this.config, this.precision);

  protected override plan(request?: PlanRequest): Plan<KDPM2Row> {
    const respacing = this.#respacing;
    const levels = requestedLevels(this.config, request, { respacing, limits: this.config }, this.#tables);
    const { end, numInferenceSteps } = levels;
    const sigmas = withFinalSigma(levels.sigmas, end, this.precision);
    const middles = mapTable(sigmas.slice(1), (next, i) => logMidpoint(next, sigmas[i] ?? Number.NaN, this.precision));
    middles[middles.length - 1] = end; // the last step has one call
    const timesteps = timestepsWithMiddles(levels, middles.slice(0, -1), respacing, this.#tables);
    const row = (index: number): KDPM2Row => rowOf(sigmas, middles, index);
    return {
      // as upstream: the table ends in three zeros (or what custom sigmas end at)
      ...kStylePlan(
        { timesteps, sigmas: this.precision.table([...repeatInner(sigmas), end, end]), numInferenceSteps },
        this.config,
        request,
      ),
      inputScale: (index) => scaleAtSigma(levelOf(row(index))),
      row,
    };
  }

  protected override rule({ k, index, x, out, carry }: StepContext<KDPM2Row>): StepResult {
    const x0 = predictAtSigma(this.config.prediction_type, levelOf(k), x, out, PREDICTION_TYPES);
    const derivative = x.sub(x0).div(levelOf(k));
    if (!k.second) return { prev: x.add(derivative.mul(k.sigmaMid - k.sigma)), x0, carry: [x] };
    return { prev: ofFirstCall(carry, index).add(derivative.mul(k.sigmaNext - k.sigma)), x0 };
  }
}

function rowOf(sigmas: Table, middles: Table, index: number): KDPM2Row {
  const step = Math.floor(index / 2);
  const [sigma = Number.NaN, sigmaNext = Number.NaN] = sigmas.slice(step, step + 2);
  return { sigma, sigmaMid: middles[step] ?? Number.NaN, sigmaNext, second: isSecondCall(index) };
}

/** The noise level of the sample that the model is shown. */
function levelOf({ sigma, sigmaMid, second }: KDPM2Row): number {
  return second ? sigmaMid : sigma;
}
