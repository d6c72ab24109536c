// DPM-Solver and DPM-Solver++, multistep, orders 1 to 3, as an ODE or an SDE.

import type {
  ConfigSchema,
  DpmAlgorithm,
  DpmRow,
  DpmSolverType,
  FinalSigmasType,
  Plan,
  PlanRequest,
  PredictionType,
  SchedulerOptions,
  SolverConfig,
  SolverSchedule,
  SpacingConfig,
  StepContext,
  StepResult,
} from '@unnoise/core';
import {
  KARRAS_COMPATIBLES,
  FlowShiftMixin,
  dpmOrderAt,
  dpmRow,
  dpmStep,
  field,
  solverFields,
  solverPlan,
  spacingFields,
} from '@unnoise/core';
import { checkedConfig } from './check.ts';
import { DpmSchedules } from './schedule.ts';

export interface DPMSolverMultistepConfig extends SolverConfig, SpacingConfig {
  /** Order of the solver, 1 to 3; 2 for guided, 3 for unconditional sampling. */
  readonly solver_order: number;
  /** What the model predicts; flow_prediction only with the ++ types and use_flow_sigmas. */
  readonly prediction_type: PredictionType | 'flow_prediction';
  /** What is extrapolated: x0 (++) or eps; sde adds noise at every step. */
  readonly algorithm_type: DpmAlgorithm;
  /** Form of the second-order update. */
  readonly solver_type: DpmSolverType;
  /** Lower orders in the last steps of schedules of fewer than 15. */
  readonly lower_order_final: boolean;
  /** Order 1 in the last step. */
  readonly euler_at_final: boolean;
  /** Sigmas evenly spaced in lambda (Lu et al.). */
  readonly use_lu_lambdas: boolean;
  /** Noise level after the last step. */
  readonly final_sigmas_type: FinalSigmasType;
  /** Leave out timesteps of smaller lambda; about -5.1 for cosine betas. */
  readonly lambda_min_clipped: number;
  /** learned or learned_range: only the first 3 channels are the prediction. */
  readonly variance_type: string | null;
  /** Rescale the betas to zero terminal SNR; the largest sigma is then about 4096. */
  readonly rescale_betas_zero_snr: boolean;
}

/**
 * DPM-Solver: the exact solution of the linear part of the diffusion ODE (or SDE), and a polynomial of order k - 1 through
 * the last k predictions m (x0 for the ++ types, eps for the others) for the rest. With h = lambda_t - lambda_s:
 *
 *     D0 = m0,  D1 = (m0 - m1) / r0  (order 2; order 3 adds the second difference D2)
 *     dpmsolver++   prev = sigma_t / sigma_s x + alpha_t (1 - e^-h) (D0 + D1 / 2)
 *
 * Order 1 is DDIM with eta 0. Order 3 converges with order 2: as published, its D2 has half of the weight it needs.
 * Lu et al. (2022), arXiv 2206.00927 (dpmsolver) and 2211.01095 (dpmsolver++ and the sde types).
 */
export class DPMSolverMultistepScheduler extends FlowShiftMixin<DPMSolverMultistepConfig, DpmRow> {
  static override readonly className = 'DPMSolverMultistepScheduler';
  static override readonly compatibles: readonly string[] = KARRAS_COMPATIBLES;
  static override readonly requestKeys: readonly string[] = ['numInferenceSteps', 'timesteps', 'sigmas', 'mu'];
  static override readonly stepOptions: readonly string[] = ['generator', 'varianceNoise'];
  static override readonly schema: ConfigSchema<DPMSolverMultistepConfig> = {
    ...solverFields,
    ...spacingFields('linspace'),
    solver_order: field.number(2),
    prediction_type: field.choice('epsilon', ['epsilon', 'sample', 'v_prediction', 'flow_prediction']),
    algorithm_type: field.choice('dpmsolver++', ['dpmsolver++', 'dpmsolver', 'sde-dpmsolver++', 'sde-dpmsolver']),
    solver_type: field.choice('midpoint', ['midpoint', 'heun']),
    lower_order_final: field.boolean(true),
    euler_at_final: field.boolean(false),
    use_lu_lambdas: field.boolean(false),
    final_sigmas_type: field.choice('zero', ['zero', 'sigma_min']),
    lambda_min_clipped: field.number(Number.NEGATIVE_INFINITY),
    variance_type: {
      default: null,
      kind: 'string',
      nullable: true,
    },
    rescale_betas_zero_snr: field.boolean(false),
  };

  readonly #schedules: DpmSchedules;

  /** @throws DiffusionError CONFIG_CONFLICT for dpmsolver and sde-dpmsolver with final_sigmas_type zero, as upstream. */
  constructor(config: Partial<DPMSolverMultistepConfig> = {}, options: SchedulerOptions = {}) {
    super(checkedConfig(config), options);
    this.#schedules = new DpmSchedules(this.config, this.precision);
  }

  protected override plan(request?: PlanRequest): Plan<DpmRow> {
    const schedule = request ? this.#schedules.of(request, this.flowShift) : this.#schedules.training();
    return solverPlan(schedule, {
      className: this.class.className,
      flow: this.config.use_flow_sigmas,
      set: request !== undefined,
      given: request?.sigmas !== undefined,
      row: (index, level) => dpmRow(this.config, schedule.sigmas, level, index, this.#orderAt(schedule, index)),
    });
  }

  /** Custom sigmas may end at 0 whatever final_sigmas_type says. */
  #orderAt({ timesteps, sigmas }: SolverSchedule, index: number): number {
    return sigmas[index + 1] === 0 ? 1 : dpmOrderAt(this.config, index, timesteps.length);
  }

  protected override rule(context: StepContext<DpmRow>): StepResult | Promise<StepResult> {
    return dpmStep(context, this.config);
  }
}
