// SA-Solver: a stochastic Adams predictor and corrector, orders 1 to 4, with as much noise as tau asks for.

import type {
  BetaConfig,
  ConfigSchema,
  Extrapolated,
  FlowSigmasConfig,
  LambdaLevel,
  Plan,
  PlanRequest,
  PredictionRow,
  PredictionType,
  SchedulerOptions,
  SigmaScheduleConfig,
  SolverSchedule,
  SolverTables,
  SpacingConfig,
  StepContext,
  StepResult,
  ThresholdingConfig,
} from '@unnoise/core';
import {
  KARRAS_COMPATIBLES,
  SchedulerMixin,
  after,
  betaFields,
  clippedTimesteps,
  exactlyOne,
  extrapolated,
  field,
  flowSigmasFields,
  positiveSchedule,
  requireDataForFlow,
  rounded,
  scheduleAtSigmas,
  sigmaScheduleFields,
  solverPlan,
  solverTables,
  spacingFields,
  thresholdingFields,
  trainedNoise,
  trainingLambdas,
  unsetSchedule,
} from '@unnoise/core';
import { checkedConfig, requireClean, requireSavable } from './check.ts';
import { corrected, orderOf, predicted } from './update.ts';

export type SAAlgorithm = 'data_prediction' | 'noise_prediction';

/** How much noise a step from this timestep adds: 0 is an ODE, 1 the reverse diffusion. */
export type TauFunction = (timestep: number) => number;

export interface SASolverConfig
  extends BetaConfig,
    SpacingConfig,
    SigmaScheduleConfig,
    ThresholdingConfig,
    Pick<FlowSigmasConfig, 'use_flow_sigmas' | 'flow_shift'> {
  /** Order of the predictor, 1 to 4. */
  readonly predictor_order: number;
  /** Order of the corrector, 1 to 4. */
  readonly corrector_order: number;
  /** What the model predicts; flow_prediction only with data_prediction. */
  readonly prediction_type: PredictionType | 'flow_prediction';
  /** Noise of a step by its timestep: a function, or a number for all; null is 1 from 200 to 800 and 0 elsewhere. */
  readonly tau_func: TauFunction | number | null;
  /** What is extrapolated: x0 (data) or eps (noise). */
  readonly algorithm_type: SAAlgorithm;
  /** Lower orders in the last steps. */
  readonly lower_order_final: boolean;
  /** Leave out timesteps of smaller lambda; about -5.1 for cosine betas. */
  readonly lambda_min_clipped: number;
  /** learned or learned_range: only the first 3 channels are the prediction. */
  readonly variance_type: string | null;
}

/** One step from `level`. */
export interface SARow extends PredictionRow {
  /** The levels after this step, at it, and before it, newest first. */
  readonly levels: readonly LambdaLevel[];
  /** tau of this step, and of the one before. */
  readonly tau: number;
  readonly tauBefore: number;
  /** The highest orders that may be used here. */
  readonly predictorOrder: number;
  readonly correctorOrder: number;
}

/**
 * SA-Solver: the exact solution of the linear part of the variance controlled diffusion SDE, and a polynomial through the last
 * predictions m (x0 or eps) for the rest. For x0, with h = lambda_t - lambda_s and a = 1 + tau^2, order 2 is
 *
 *     x_t = sigma_t / sigma_s e^(-tau^2 h) x + alpha_t ((1 - e^(-a h)) m0 + a h / 2 (m0 - m1) / r) + sigma_t sqrt(1 - e^(-2 tau^2 h)) z
 *
 * Once the model has seen x_t, the step to it is made again with that prediction as one more node, and the same noise.
 * With tau 0 and order 1 the predictor is DDIM. Xue et al. (2023), arXiv 2309.05019.
 */
export class SASolverScheduler extends SchedulerMixin<SASolverConfig, SARow> {
  static override readonly className = 'SASolverScheduler';
  static override readonly compatibles: readonly string[] = KARRAS_COMPATIBLES;
  static override readonly requestKeys: readonly string[] = ['numInferenceSteps', 'sigmas'];
  static override readonly stepOptions: readonly string[] = ['generator'];
  static override readonly schema: ConfigSchema<SASolverConfig> = {
    ...betaFields,
    predictor_order: field.number(2),
    corrector_order: field.number(2),
    prediction_type: field.choice('epsilon', ['epsilon', 'sample', 'v_prediction', 'flow_prediction']),
    tau_func: { default: null, kind: 'any' },
    ...thresholdingFields,
    algorithm_type: field.choice('data_prediction', ['data_prediction', 'noise_prediction']),
    lower_order_final: field.boolean(true),
    ...sigmaScheduleFields,
    use_flow_sigmas: flowSigmasFields.use_flow_sigmas,
    flow_shift: flowSigmasFields.flow_shift,
    lambda_min_clipped: field.number(Number.NEGATIVE_INFINITY),
    variance_type: { default: null, kind: 'string', nullable: true },
    ...spacingFields('linspace'),
  };

  readonly #tables: SolverTables;

  /** @throws DiffusionError CONFIG_INVALID for an unknown algorithm_type, orders that are none, and a tau_func that is no function. */
  constructor(config: Partial<SASolverConfig> = {}, options: SchedulerOptions = {}) {
    super(checkedConfig(config), options);
    // a hidden key of another class must not take effect
    this.#tables = solverTables(this.config, this.precision);
  }

  /** @throws DiffusionError CONFIG_INVALID where tau_func is a function: no file can hold it. */
  override saveConfig(): string {
    requireSavable(this.config);
    return super.saveConfig();
  }

  protected override plan(request?: PlanRequest): Plan<SARow> {
    const schedule = request ? this.#schedule(request) : unsetSchedule(this.config.num_train_timesteps, this.#tables);
    const given = request?.sigmas !== undefined;
    const plan = solverPlan(schedule, {
      className: this.class.className,
      flow: this.config.use_flow_sigmas,
      set: request !== undefined,
      given,
      row: (index, level) => this.#row(schedule, level, index),
    });
    return {
      ...plan,
      // as upstream, tau goes by the timestep that step is given
      row: (index, timestep) => ({ ...plan.row(index, timestep), tau: this.#tau(timestep) }),
      // and addNoise too, but for given sigmas: those above training have one timestep
      ...(!given && { noiseByTimestep: true, noiseLevel: trainedNoise(this.#tables.alphasCumprod).noiseLevel }),
    };
  }

  #schedule(request: PlanRequest): SolverSchedule {
    exactlyOne(request, ['numInferenceSteps', 'sigmas']);
    if (request.sigmas) return scheduleAtSigmas(request, this.config, this.#tables, this.precision, false);
    const { numInferenceSteps: steps = 0 } = request;
    const { num_train_timesteps: trainSteps, lambda_min_clipped: lambdaMin, flow_shift: shift } = this.config;
    const top = trainSteps - clippedTimesteps(trainingLambdas(this.#tables.alphasCumprod), lambdaMin);
    return positiveSchedule(this.config, { steps, shift, top }, this.#tables, this.precision);
  }

  #row(
    { timesteps, sigmas }: SolverSchedule,
    level: (index: number) => LambdaLevel,
    index: number,
  ): Omit<SARow, 'tau'> {
    const { predictor_order: predictor, corrector_order: corrector, lower_order_final: lower } = this.config;
    const left = lower ? timesteps.length - index : Infinity;
    const reach = Math.min(index, Math.max(predictor, corrector));
    return {
      rawSigma: sigmas[index] ?? Number.NaN,
      level: level(index),
      levels: Array.from({ length: reach + 2 }, (_, i) => level(index + 1 - i)),
      tauBefore: this.#tau(timesteps[index - 1] ?? Number.NaN),
      predictorOrder: Math.min(predictor, left),
      correctorOrder: Math.min(corrector, left + 2),
    };
  }

  #tau(timestep: number): number {
    const { tau_func: tau } = this.config;
    if (tau === null) return timestep >= 200 && timestep <= 800 ? 1 : 0;
    return typeof tau === 'number' ? tau : tau(timestep);
  }

  protected override rule(context: StepContext<SARow>): StepResult | Promise<StepResult> {
    const data = this.config.algorithm_type === 'data_prediction';
    requireDataForFlow(this.config.prediction_type, data, 'algorithm_type noise_prediction');
    requireClean(this.config, data);
    // predictor and corrector weigh differences of predictions by large numbers: all uses of one must err alike
    return after(extrapolated(context, this.config, data, rounded), (found) => this.#update(context, found, data));
  }

  /** The carry: the sample and the noise that the last step began with, and the predictions before this one, newest first. */
  #update({ k, x, carry, normal }: StepContext<SARow>, { m, x0 }: Extrapolated, data: boolean): StepResult {
    const { predictor_order: predictor, corrector_order: corrector } = this.config;
    const [lastSample, lastNoise, ...older] = carry;
    const seen = [m, ...older];
    const order = orderOf('predictor_order', k.predictorOrder, seen.length); // refused before noise is drawn
    const sample = lastSample && lastNoise ? corrected(k, data, lastSample, lastNoise, seen) : x;
    const noise = normal();
    const kept = seen.slice(0, Math.max(predictor, corrector - 1));
    return { prev: predicted(k, data, sample, noise, seen.slice(0, order)), x0, carry: [sample, noise, ...kept] };
  }
}
