// DPM-Solver-2 in the form of k-diffusion with ancestral noise: a midpoint step below the level asked for, and fresh noise up to it.

import type {
  BetaConfig,
  ConfigSchema,
  KStyleTables,
  Plan,
  PlanRequest,
  Precision,
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
  ancestralSplits,
  betaFields,
  field,
  isSecondCall,
  kStylePlan,
  kStyleTables,
  logMidpoint,
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

export type KDPM2AncestralPredictionType = 'epsilon' | 'v_prediction';

const PREDICTION_TYPES: readonly KDPM2AncestralPredictionType[] = ['epsilon', 'v_prediction'];

export interface KDPM2AncestralDiscreteConfig extends BetaConfig, SpacingConfig, SigmaScheduleConfig {
  /** What the model predicts: the noise or the velocity. */
  readonly prediction_type: KDPM2AncestralPredictionType;
}

/** One of the two model calls of a step from sigma by way of sigmaMid to `down`, and `up` of noise. */
export interface KDPM2AncestralRow {
  readonly sigma: number;
  readonly sigmaMid: number;
  readonly down: number;
  readonly up: number;
  /** The second call: the model has seen the sample at sigmaMid. */
  readonly second: boolean;
}

type Step = Omit<KDPM2AncestralRow, 'second'>;

/**
 * The midpoint method on dx/dsigma = d(x, sigma) = (x - x0) / sigma, down to sigmaDown, and noise z up to sigmaNext. The two
 * model calls of a step are two calls of step:
 *
 *     sigmaDown = sigmaNext^2 / sigma;  sigmaUp^2 = sigmaNext^2 - sigmaDown^2
 *     first:  xMid = x + (sigmaMid - sigma) d(x, sigma),  sigmaMid = sqrt(sigma sigmaDown) = sigmaNext
 *     second: prev = x + (sigmaDown - sigma) d(xMid, sigmaMid) + sigmaUp z
 *
 * The step to sigma 0 is the first call alone, without noise: n steps are 2 n - 1 calls.
 * Karras, Aittala, Aila and Laine (2022), arXiv 2206.00364, with the midpoint of DPM-Solver-2 (Lu et al. 2022, arXiv 2206.00927).
 */
export class KDPM2AncestralDiscreteScheduler extends SchedulerMixin<KDPM2AncestralDiscreteConfig, KDPM2AncestralRow> {
  static override readonly className = 'KDPM2AncestralDiscreteScheduler';
  static override readonly compatibles: readonly string[] = KARRAS_COMPATIBLES;
  static override readonly requestKeys: readonly string[] = ['numInferenceSteps', 'sigmas'];
  static override readonly stepOptions: readonly string[] = ['generator'];
  static override readonly schema: ConfigSchema<KDPM2AncestralDiscreteConfig> = {
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

  protected override plan(request?: PlanRequest): Plan<KDPM2AncestralRow> {
    const respacing = this.#respacing;
    const levels = requestedLevels(this.config, request, { respacing, limits: this.config }, this.#tables);
    const { end, numInferenceSteps } = levels;
    const sigmas = withFinalSigma(levels.sigmas, end, this.precision);
    const steps = stepsOf(sigmas, this.precision);
    const middles = this.precision.table(steps.slice(0, -1).map(({ sigmaMid }) => sigmaMid));
    const timesteps = timestepsWithMiddles(levels, middles, respacing, this.#tables);
    const row = (index: number): KDPM2AncestralRow => rowOf(steps, index);
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

  protected override rule({ k, index, x, out, carry, normal }: StepContext<KDPM2AncestralRow>): StepResult {
    const x0 = predictAtSigma(this.config.prediction_type, levelOf(k), x, out, PREDICTION_TYPES);
    const derivative = x.sub(x0).div(levelOf(k));
    if (!k.second) return { prev: x.add(derivative.mul(k.sigmaMid - k.sigma)), x0, carry: [x] };
    const lower = ofFirstCall(carry, index).add(derivative.mul(k.down - k.sigma));
    return { prev: lower.add(normal().mul(k.up)), x0 };
  }
}

/** The numbers of each step; the last goes straight to the end. */
function stepsOf(sigmas: Table, precision: Precision): readonly Step[] {
  return ancestralSplits(sigmas).map(({ up, down }, i) => {
    const sigma = sigmas[i] ?? Number.NaN;
    return { sigma, sigmaMid: i < sigmas.length - 2 ? logMidpoint(sigma, down, precision) : sigmas.at(-1)!, up, down };
  });
}

function rowOf(steps: readonly Step[], index: number): KDPM2AncestralRow {
  const {
    sigma = Number.NaN,
    sigmaMid = Number.NaN,
    up = Number.NaN,
    down = Number.NaN,
  } = steps[Math.floor(index / 2)] ?? {};
  return { sigma, sigmaMid, up, down, second: isSecondCall(index) };
}

/** The noise level of the sample that the model is shown. */
function levelOf({ sigma, sigmaMid, second }: KDPM2AncestralRow): number {
  return second ? sigmaMid : sigma;
}
