// PNDM: multistep sampling along the probability flow, started by Runge-Kutta steps (PRK) or by a repeated step (PLMS).

import type {
  BetaConfig,
  ConfigSchema,
  ExplainOptions,
  Plan,
  PlanRequest,
  PredictionType,
  SpacingConfig,
  StepContext,
  StepResult,
  Tensor,
  TrainingTables,
} from '@unnoise/core';
import {
  ADAMS_BASHFORTH_STEPS,
  KARRAS_COMPATIBLES,
  SchedulerMixin,
  adamsBashforth,
  betaFields,
  field,
  levelOrEnd,
  predict,
  requireChoice,
  spacingFields,
  timestepsNotSet,
  trainedLevel,
  trainedNoise,
  trainingTables,
} from '@unnoise/core';
import type { PNDMSchedule } from './schedule.ts';
import { intervalOf, pndmSchedule } from './schedule.ts';

const TYPES: readonly PNDMConfig['prediction_type'][] = ['epsilon', 'v_prediction'];

export interface PNDMConfig extends BetaConfig, SpacingConfig {
  /** Start without Runge-Kutta steps, as Stable Diffusion does. */
  readonly skip_prk_steps: boolean;
  /** Take the level after the last step as noiseless; else as that of timestep 0. */
  readonly set_alpha_to_one: boolean;
  /** What the model predicts: the noise or the velocity. */
  readonly prediction_type: Exclude<PredictionType, 'sample'>;
}

/** One call: the level (alpha, sigma) that its step leaves, and the weights of the transfer to the one it goes to. */
export interface PNDMRow {
  readonly rungeKutta: boolean;
  readonly alpha: number;
  readonly sigma: number;
  readonly xWeight: number;
  readonly epsWeight: number;
}

/** What a call makes of the model's output: where its step starts, the slope it takes, and what later calls need. */
interface Slope {
  readonly from: Tensor;
  readonly slope: Tensor;
  readonly carry: readonly Tensor[];
}

/**
 * Pseudo numerical methods for diffusion models: linear multistep of order 4 whose step is the transfer
 *
 *     prev = alphaPrev / alpha x - (alphaPrev^2 - alpha^2) / (alpha (alpha sigmaPrev + sigma alphaPrev)) eps
 *
 * with eps extrapolated from the last four. Three Runge-Kutta steps of four calls each come first; with skip_prk_steps the
 * first step is taken twice instead, the second time with the mean of both slopes.
 * Liu, Ren, Lin and Zhao (2022), arXiv 2202.09778, equations 9, 12 and 13.
 */
export class PNDMScheduler extends SchedulerMixin<PNDMConfig, PNDMRow> {
  static override readonly className = 'PNDMScheduler';
  static override readonly compatibles: readonly string[] = KARRAS_COMPATIBLES;
  static override readonly schema: ConfigSchema<PNDMConfig> = {
    ...betaFields,
    skip_prk_steps: field.boolean(false),
    set_alpha_to_one: field.boolean(false),
    prediction_type: field.choice('epsilon', TYPES),
    ...spacingFields('leading'),
  };

  // a hidden key of another class must not take effect
  readonly #tables: TrainingTables = trainingTables(this.config, this.precision);

  /** As upstream, there are no timesteps before setTimesteps, and a run counts its calls from wherever it begins. */
  protected override plan(request?: PlanRequest): Plan<PNDMRow> {
    const schedule = request && pndmSchedule(request.numInferenceSteps ?? 0, this.config);
    return {
      timesteps: schedule?.timesteps ?? [],
      ...(request?.numInferenceSteps && { numInferenceSteps: request.numInferenceSteps }),
      initNoiseSigma: 1,
      countsCalls: true,
      row: (call, timestep) => this.#row(schedule, call, timestep),
      noiseLevel: trainedNoise(this.#tables.alphasCumprod).noiseLevel,
    };
  }

  #row(schedule: PNDMSchedule | undefined, call: number, timestep: number): PNDMRow {
    if (!schedule) throw timestepsNotSet('PNDMScheduler');
    const [from, to] = intervalOf(schedule, call, timestep);
    const { alpha, sigma, alphaCumprod } = trainedLevel(this.#tables.alphasCumprod, from);
    const prev = levelOrEnd(this.#tables.alphasCumprod, to, this.config);
    return {
      rungeKutta: call < schedule.rungeKuttaCalls,
      alpha,
      sigma,
      xWeight: prev.alpha / alpha,
      epsWeight: (prev.alphaCumprod - alphaCumprod) / (alpha * (alpha * prev.sigma + sigma * prev.alpha)),
    };
  }

  override explain(index: number = 0, options: ExplainOptions = {}): Promise<string> {
    return super.explain(index, { history: carried(index, this.config.skip_prk_steps), ...options });
  }

  protected override rule(context: StepContext<PNDMRow>): StepResult {
    const { k } = context;
    const { prediction_type: type } = this.config;
    requireChoice('prediction_type', type, TYPES);
    const { from, slope, carry } = k.rungeKutta ? rungeKutta(context) : multistep(context);
    const { eps } = predict(type, k, from, slope);
    return { prev: from.mul(k.xWeight).sub(eps.mul(k.epsWeight)), carry };
  }
}

/** How many tensors the calls before this one leave. */
function carried(call: number, skipsRungeKutta: boolean): number {
  const most = ADAMS_BASHFORTH_STEPS - 1;
  if (skipsRungeKutta) return call === 1 ? 2 : Math.min(Math.max(call - 1, 0), most);
  return call < 12 && call % 4 > 0 ? Math.floor(call / 4) + 3 : Math.min(call / 4, most);
}

/** Stage j of 4: the first three step with the model's output, the last with the mean of all. Their start and sum are carried along. */
function rungeKutta({ index, x, out, carry }: StepContext<PNDMRow>): Slope {
  const stage = index % 4;
  const sixth = out.mul(stage === 1 || stage === 2 ? 1 / 3 : 1 / 6);
  if (stage === 0) return { from: x, slope: out, carry: [x, sixth, out, ...carry] };
  const [from = x, sum = sixth, ...history] = carry;
  const total = sum.add(sixth);
  return stage === 3 ? { from, slope: total, carry: history } : { from, slope: out, carry: [from, total, ...history] };
}

/** Adams-Bashforth over the last outputs; without Runge-Kutta steps, the second call takes the first step again with the mean slope. */
function multistep({ index, x, out, carry }: StepContext<PNDMRow>): Slope {
  if (index === 0) return { from: x, slope: out, carry: [out, x] };
  if (index === 1) {
    const [first = out, from = x] = carry;
    return { from, slope: out.add(first).div(2), carry: [first] };
  }
  return {
    from: x,
    slope: adamsBashforth([out, ...carry]),
    carry: [out, ...carry].slice(0, ADAMS_BASHFORTH_STEPS - 1),
  };
}
