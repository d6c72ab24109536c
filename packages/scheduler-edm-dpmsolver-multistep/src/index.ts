// DPM-Solver++, multistep, for EDM models, whose output is preconditioned.

import type {
  ConfigSchema,
  DpmRow,
  DpmSolverType,
  EDMConfig,
  LambdaLevel,
  Plan,
  PlanRequest,
  SchedulerOptions,
  StepContext,
  StepResult,
  Table,
  ThresholdingConfig,
} from '@unnoise/core';
import {
  DiffusionError,
  EDMMixin,
  after,
  bounded,
  dpmOrderAt,
  dpmRow,
  dpmUpdate,
  edmDenoised,
  edmFields,
  edmSigmas,
  field,
  finalSigma,
  indexForTimestepOrLast,
  thresholdingFields,
  timestepsNotSet,
  withDpmNames,
} from '@unnoise/core';

export interface EDMDPMSolverMultistepConfig extends EDMConfig, ThresholdingConfig {
  /** Order of the solver, 1 to 3; 3 for dpmsolver++ only. */
  readonly solver_order: number;
  /** An ODE solver, or one that adds noise at every step (sde). */
  readonly algorithm_type: 'dpmsolver++' | 'sde-dpmsolver++';
  /** Form of the second-order update. */
  readonly solver_type: DpmSolverType;
  /** Lower orders in the last steps of schedules of fewer than 15. */
  readonly lower_order_final: boolean;
  /** Order 1 in the last step. */
  readonly euler_at_final: boolean;
}

/**
 * DPM-Solver++ on x = x0 + sigma noise, so with alpha = 1 and lambda = -ln sigma: a polynomial through the last predictions m of
 * x0 = c_skip x + c_out F, F being the model's output. With h = ln(sigma / sigmaNext):
 *
 *     prev = sigmaNext / sigma x + (1 - e^-h) (m0 + (m0 - m1) / (2 r0))        order 2, midpoint
 *
 * Order 1 is EDMEuler. Lu et al. (2022), arXiv 2211.01095; Karras et al. (2022), arXiv 2206.00364, for the preconditioning.
 */
export class EDMDPMSolverMultistepScheduler extends EDMMixin<EDMDPMSolverMultistepConfig, DpmRow> {
  static override readonly className = 'EDMDPMSolverMultistepScheduler';
  static override readonly stepOptions: readonly string[] = ['generator'];
  static override readonly schema: ConfigSchema<EDMDPMSolverMultistepConfig> = {
    ...edmFields,
    solver_order: field.number(2),
    ...thresholdingFields,
    algorithm_type: field.choice('dpmsolver++', ['dpmsolver++', 'sde-dpmsolver++']),
    solver_type: field.choice('midpoint', ['midpoint', 'heun']),
    lower_order_final: field.boolean(true),
    euler_at_final: field.boolean(false),
  };

  readonly #training: Table;

  /** @throws DiffusionError CONFIG_INVALID, CONFIG_CONFLICT and NUMERIC where the config gives no solver or no schedule, as upstream. */
  constructor(config: Partial<EDMDPMSolverMultistepConfig> = {}, options: SchedulerOptions = {}) {
    super(checkedConfig(config), options);
    this.#training = edmSigmas(this.config, this.rampOf(this.config.num_train_timesteps), this.precision);
  }

  protected override plan(request?: PlanRequest): Plan<DpmRow> {
    const { numInferenceSteps: steps = 0 } = request ?? {};
    if (request && steps === 0) throw new DiffusionError('REQUEST_INVALID', 'Give numInferenceSteps: at least 1.');
    const levels = request ? edmSigmas(this.config, this.rampOf(steps), this.precision) : this.#training;
    const { final_sigmas_type: final, sigma_min: sigmaMin } = this.config;
    const plan = this.planAt(levels, request ? finalSigma(final, sigmaMin) : 0);
    return {
      ...plan,
      ...(request && { numInferenceSteps: steps }),
      indexOf: (timestep) => indexForTimestepOrLast(plan.timesteps, timestep),
      row: (index) => {
        if (!request) throw timestepsNotSet(this.class.className);
        const order = dpmOrderAt(this.config, index, steps);
        return dpmRow(this.config, plan.sigmas, (i) => levelOf(plan.sigmas, i), index, order);
      },
    };
  }

  protected override rule(context: StepContext<DpmRow>): StepResult | Promise<StepResult> {
    const { k, x, out, carry } = context;
    if (this.config.algorithm_type !== 'dpmsolver++') requireSecondOrder(Math.min(k.order, carry.length + 1));
    const x0 = edmDenoised(this.config, k.level.sigma, x, out);
    return after(bounded(context, x0, this.config), (clean) =>
      dpmUpdate(context, { m: clean, x0: clean }, this.config),
    );
  }
}

/** The model's inputs are scaled instead: alpha is 1. A level that differs from the one before by rounding is that level, as upstream. */
function levelOf(sigmas: Table, index: number): LambdaLevel {
  const [before = Number.NaN, own = Number.NaN] = [sigmas[index - 1], sigmas[index]];
  const sigma = Math.abs(own / before - 1) < 1e-6 ? before : own;
  return { alpha: 1, sigma, lambda: -Math.log(sigma) };
}

function requireSecondOrder(order: number): void {
  if (order < 3) return;
  throw new DiffusionError(
    'CONFIG_CONFLICT',
    'sde-dpmsolver++ has no third order here (upstream crashes). Use solver_order 2, or dpmsolver++.',
    { order },
  );
}

/** As upstream, `deis` is dpmsolver++, but cannot end at sigma 0. */
function checkedConfig(config: Partial<EDMDPMSolverMultistepConfig>): Partial<EDMDPMSolverMultistepConfig> {
  if (typeof config !== 'object') return config; // the base class refuses it
  const rewritten = withDpmNames(config, ['dpmsolver++', 'sde-dpmsolver++']);
  const { final_sigmas_type: final = 'zero', algorithm_type: algorithm } = config;
  if (final !== 'zero' || algorithm === rewritten.algorithm_type) return rewritten;
  const message = `algorithm_type ${algorithm} cannot end at sigma zero. Set final_sigmas_type to sigma_min, or use dpmsolver++.`;
  throw new DiffusionError('CONFIG_CONFLICT', message, { algorithm, final });
}
