// DEIS, multistep in log rho, orders 1 to 3: Adams-Bashforth for the diffusion ODE without its linear part.

import type {
  ConfigSchema,
  LambdaLevel,
  Plan,
  PlanRequest,
  PredictionType,
  SchedulerOptions,
  SolverConfig,
  SolverSchedule,
  SpacingConfig,
  StepContext,
  StepResult,
  Tensor,
} from '@unnoise/core';
import {
  KARRAS_COMPATIBLES,
  FlowShiftMixin,
  after,
  exponentialWeights,
  extrapolated,
  field,
  solverFields,
  solverPlan,
  spacingFields,
} from '@unnoise/core';
import { checkedConfig } from './check.ts';
import { DEISSchedules } from './schedule.ts';

export interface DEISMultistepConfig extends SolverConfig, SpacingConfig {
  /** Order of the solver, 1 to 3; 2 for guided, 3 for unconditional sampling. */
  readonly solver_order: number;
  /** What the model predicts; flow_prediction only with use_flow_sigmas. */
  readonly prediction_type: PredictionType | 'flow_prediction';
  /** Only deis; dpmsolver and dpmsolver++ are read as it. */
  readonly algorithm_type: 'deis';
  /** Only logrho; midpoint, heun, bh1 and bh2 are read as it. */
  readonly solver_type: 'logrho';
  /** Lower orders in the last steps of schedules of fewer than 15. */
  readonly lower_order_final: boolean;
}

/** The step from levels[1] to levels[0]. */
export interface DEISRow {
  /** The entry of the sigma table, of which level is made. */
  readonly rawSigma: number;
  readonly level: LambdaLevel;
  /** The levels after this step, at it, and before it, newest first. */
  readonly levels: readonly LambdaLevel[];
  /** Highest order that may be used here. */
  readonly order: number;
}

/**
 * DEIS (tAB-DEIS in log rho). With y = x / alpha and rho = sigma / alpha the diffusion ODE is dy / d rho = eps. The last outputs
 * eps_0, eps_1, ... are extrapolated by a polynomial in log rho = -lambda, which is integrated exactly:
 *
 *     x_t = alpha_t (x / alpha_s + sum_k C_k eps_k),  C_k = integral of l_k(log rho) from rho_s to rho_t
 *
 * Written around eps_0, with h = lambda_t - lambda_s, that is
 *
 *     x_t = alpha_t / alpha_s x - sigma_t ((e^h - 1) eps_0 + sum_k w_k (eps_k - eps_0))
 *
 * Order 1 is DDIM with eta 0. Zhang and Chen (2022), arXiv 2204.13902.
 */
export class DEISMultistepScheduler extends FlowShiftMixin<DEISMultistepConfig, DEISRow> {
  static override readonly className = 'DEISMultistepScheduler';
  static override readonly compatibles: readonly string[] = KARRAS_COMPATIBLES;
  static override readonly requestKeys: readonly string[] = ['numInferenceSteps', 'sigmas', 'mu'];
  static override readonly schema: ConfigSchema<DEISMultistepConfig> = {
    ...solverFields,
    ...spacingFields('linspace'),
    solver_order: field.number(2),
    prediction_type: field.choice('epsilon', ['epsilon', 'sample', 'v_prediction', 'flow_prediction']),
    algorithm_type: field.choice('deis', ['deis']),
    solver_type: field.choice('logrho', ['logrho']),
    lower_order_final: field.boolean(true),
  };

  readonly #schedules: DEISSchedules;

  constructor(config: Partial<DEISMultistepConfig> = {}, options: SchedulerOptions = {}) {
    super(checkedConfig(config), options);
    this.#schedules = new DEISSchedules(this.config, this.precision);
  }

  protected override plan(request?: PlanRequest): Plan<DEISRow> {
    const schedule = request ? this.#schedules.of(request, this.flowShift) : this.#schedules.training();
    return solverPlan(schedule, {
      className: this.class.className,
      flow: this.config.use_flow_sigmas,
      set: request !== undefined,
      given: request?.sigmas !== undefined,
      row: (index, level) => this.#row(schedule, level, index),
    });
  }

  #row({ timesteps, sigmas }: SolverSchedule, level: (index: number) => LambdaLevel, index: number): DEISRow {
    const order = this.#orderAt(index, timesteps.length);
    return {
      rawSigma: sigmas[index] ?? Number.NaN,
      level: level(index),
      levels: Array.from({ length: Math.min(index, order - 1) + 2 }, (_, i) => level(index + 1 - i)),
      order,
    };
  }

  /** Low orders at the end keep short schedules stable. */
  #orderAt(index: number, length: number): number {
    const order = Math.min(this.config.solver_order, 3);
    const lower = this.config.lower_order_final && length < 15;
    return lower ? Math.min(order, length - index) : order;
  }

  protected override rule(context: StepContext<DEISRow>): StepResult | Promise<StepResult> {
    return after(extrapolated(context, this.config, true), ({ x0 }) => this.#update(context, x0));
  }

  /** As upstream, eps is always the one that belongs to x0; where the model predicts the flow, by the sigma of the table. */
  #update({ k, x, carry }: StepContext<DEISRow>, x0: Tensor): StepResult {
    const sigma = this.config.prediction_type === 'flow_prediction' ? k.rawSigma : k.level.sigma;
    const eps = x.sub(x0.mul(k.level.alpha)).div(sigma);
    const past = carry.slice(0, k.order - 1);
    return {
      prev: integrated(x, eps, past, k.levels),
      x0,
      carry: [eps, ...carry].slice(0, this.config.solver_order - 1),
    };
  }
}

/** alpha_t / alpha_s x - sigma_t ((e^h - 1) eps_0 + sum_k w_k (eps_k - eps_0)). */
function integrated(x: Tensor, eps0: Tensor, past: readonly Tensor[], levels: readonly LambdaLevel[]): Tensor {
  const [t, s, ...seen] = levels as [LambdaLevel, LambdaLevel, ...LambdaLevel[]];
  const h = t.lambda - s.lambda;
  const first = x.mul(t.alpha / s.alpha).add(eps0.mul(-t.sigma * Math.expm1(h)));
  const distances = seen.slice(0, past.length).map(({ lambda }) => lambda - s.lambda);
  const distinct = new Set([0, ...distances]).size > distances.length;
  if (h === 0 && distinct) return first; // a step of no length, where the last sigma repeats
  const nodes = distances.map((distance) => distance / h);
  const weights = exponentialWeights(nodes, h);
  return past.reduce((sum, eps, k) => sum.add(eps.sub(eps0).mul(-t.sigma * (weights[k] ?? Number.NaN))), first);
}
