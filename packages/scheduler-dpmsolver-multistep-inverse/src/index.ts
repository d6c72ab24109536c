// DPM-Solver multistep backwards: from a clean sample to the noise that it is generated from.

import type {
  BetaConfig,
  ConfigSchema,
  DpmAlgorithm,
  DpmRow,
  DpmSolverType,
  FlowSigmasConfig,
  Plan,
  PlanRequest,
  PredictionType,
  SchedulerOptions,
  SigmaScheduleConfig,
  SpacingConfig,
  StepContext,
  StepResult,
  ThresholdingConfig,
} from '@unnoise/core';
import {
  KARRAS_COMPATIBLES,
  SchedulerMixin,
  betaFields,
  dpmRow,
  dpmStep,
  field,
  flowSigmasFields,
  sigmaScheduleFields,
  solverPlan,
  spacingFields,
  thresholdingFields,
} from '@unnoise/core';
import { checkedConfig } from './check.ts';
import { InverseSchedules } from './schedule.ts';

export interface DPMSolverMultistepInverseConfig
  extends BetaConfig,
    SpacingConfig,
    SigmaScheduleConfig,
    ThresholdingConfig,
    Pick<FlowSigmasConfig, 'use_flow_sigmas' | 'flow_shift'> {
  /** Order of the solver, 1 to 3. */
  readonly solver_order: number;
  /** What the model predicts; flow_prediction only with the ++ types and use_flow_sigmas. */
  readonly prediction_type: PredictionType | 'flow_prediction';
  /** What is extrapolated: x0 (++) or eps; the sde types work on flow sigmas only. */
  readonly algorithm_type: DpmAlgorithm;
  /** Form of the second-order update. */
  readonly solver_type: DpmSolverType;
  /** Lower orders in the last steps of schedules of fewer than 15. */
  readonly lower_order_final: boolean;
  /** Order 1 in the last step. */
  readonly euler_at_final: boolean;
  /** Leave out timesteps of smaller lambda; about -5.1 for cosine betas. */
  readonly lambda_min_clipped: number;
  /** learned or learned_range: only the first 3 channels are the prediction. */
  readonly variance_type: string | null;
}

/**
 * The steps of DPMSolverMultistepScheduler along rising noise levels, so that h = lambda_t - lambda_s is negative: from an image
 * to its noise, from which the same solver gives the image back, the better the more steps both take.
 *
 *     dpmsolver++   next = sigma_t / sigma_s x + alpha_t (1 - e^-h) (D0 + D1 / 2)
 *
 * Mokady et al. (2022), arXiv 2211.09794, for inversion; Lu et al. (2022), arXiv 2211.01095, for the solver.
 */
export class DPMSolverMultistepInverseScheduler extends SchedulerMixin<DPMSolverMultistepInverseConfig, DpmRow> {
  static override readonly className = 'DPMSolverMultistepInverseScheduler';
  static override readonly compatibles: readonly string[] = KARRAS_COMPATIBLES;
  static override readonly stepOptions: readonly string[] = ['generator', 'varianceNoise'];
  static override readonly schema: ConfigSchema<DPMSolverMultistepInverseConfig> = {
    ...betaFields,
    ...spacingFields('linspace'),
    ...sigmaScheduleFields,
    use_flow_sigmas: flowSigmasFields.use_flow_sigmas,
    flow_shift: flowSigmasFields.flow_shift,
    ...thresholdingFields,
    solver_order: field.number(2),
    prediction_type: field.choice('epsilon', ['epsilon', 'sample', 'v_prediction', 'flow_prediction']),
    algorithm_type: field.choice('dpmsolver++', ['dpmsolver++', 'dpmsolver', 'sde-dpmsolver++', 'sde-dpmsolver']),
    solver_type: field.choice('midpoint', ['midpoint', 'heun']),
    lower_order_final: field.boolean(true),
    euler_at_final: field.boolean(false),
    lambda_min_clipped: field.number(Number.NEGATIVE_INFINITY),
    variance_type: { default: null, kind: 'string', nullable: true },
  };

  readonly #schedules: InverseSchedules;

  /** @throws DiffusionError CONFIG_CONFLICT for sde types of order 3, which crash upstream. */
  constructor(config: Partial<DPMSolverMultistepInverseConfig> = {}, options: SchedulerOptions = {}) {
    super(checkedConfig(config), options);
    this.#schedules = new InverseSchedules(this.config, this.precision);
  }

  protected override plan(request?: PlanRequest): Plan<DpmRow> {
    const schedule = request ? this.#schedules.of(request.numInferenceSteps ?? 0) : this.#schedules.training();
    return solverPlan(schedule, {
      className: this.class.className,
      flow: this.config.use_flow_sigmas,
      set: request !== undefined,
      row: (index, level) =>
        dpmRow(this.config, schedule.sigmas, level, index, this.#orderAt(index, schedule.timesteps.length)),
    });
  }

  /** Low orders at the end keep short schedules stable. */
  #orderAt(index: number, length: number): number {
    const { solver_order: order, euler_at_final, lower_order_final } = this.config;
    const lower = lower_order_final && length < 15;
    if (index === length - 1 && (euler_at_final || lower)) return 1;
    return index === length - 2 && lower ? Math.min(order, 2) : order;
  }

  protected override rule(context: StepContext<DpmRow>): StepResult | Promise<StepResult> {
    return dpmStep(context, this.config);
  }
}
