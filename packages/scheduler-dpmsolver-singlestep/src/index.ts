// DPM-Solver and DPM-Solver++, singlestep, orders 1 to 3: k model calls make one step of order k.

import type {
  ConfigSchema,
  DpmAlgorithm,
  DpmSolverType,
  DpmWeights,
  ExplainOptions,
  Extrapolated,
  FinalSigmasType,
  LambdaLevel,
  Plan,
  PlanRequest,
  PredictionType,
  SchedulerOptions,
  SolverConfig,
  SolverSchedule,
  StepContext,
  StepResult,
  Tensor,
} from '@unnoise/core';
import {
  DPM_WEIGHTS,
  KARRAS_COMPATIBLES,
  FlowShiftMixin,
  after,
  extrapolated,
  field,
  requireDataForFlow,
  solverFields,
  solverPlan,
} from '@unnoise/core';
import { checkedConfig } from './check.ts';
import { ordersOf } from './orders.ts';
import { SinglestepSchedules } from './schedule.ts';

export interface DPMSolverSinglestepConfig extends SolverConfig {
  /** Order of the solver, 1 to 3; 2 for guided, 3 for unconditional sampling. */
  readonly solver_order: number;
  /** What the model predicts; flow_prediction only with the ++ types and use_flow_sigmas. */
  readonly prediction_type: PredictionType | 'flow_prediction';
  /** What is extrapolated: x0 (++) or eps; sde adds noise at every step. */
  readonly algorithm_type: Exclude<DpmAlgorithm, 'sde-dpmsolver'>;
  /** Form of the updates of order 2 and 3. */
  readonly solver_type: DpmSolverType;
  /** Lower orders in the last steps; always so with final_sigmas_type zero, and where the steps are no whole cycles. */
  readonly lower_order_final: boolean;
  /** Noise level after the last step. */
  readonly final_sigmas_type: FinalSigmasType;
  /** Leave out timesteps of smaller lambda; about -5.1 for cosine betas. */
  readonly lambda_min_clipped: number;
  /** learned or learned_range: only the first 3 channels are the prediction. */
  readonly variance_type: string | null;
}

/** One of the steps of a cycle, which goes from where the cycle began to levels[0]. */
export interface SinglestepRow {
  /** The entry of the sigma table, of which level is made. */
  readonly rawSigma: number;
  /** Where the model is called. */
  readonly level: LambdaLevel;
  /** The levels after this step, at it, and before it, newest first: a cycle's at most. */
  readonly levels: readonly LambdaLevel[];
  /** Position in the cycle, from 1: the order of this step. */
  readonly order: number;
}

/**
 * Singlestep DPM-Solver. A cycle of k steps begins at a sample x_s and ends at x_t; all its steps start from x_s again, each with
 * one output m more, so that the last is of order k. With h = lambda_t - lambda_s and m_i seen at r_i = (lambda_i - lambda_s) / h:
 *
 *     D0 = m_s,  D1 = (m - m_s) / r  (order 2; order 3 has two of those, and their difference D2)
 *     dpmsolver++   x_t = sigma_t / sigma_s x_s + alpha_t (1 - e^-h) (D0 + D1 / 2)
 *
 * Order 1 is DDIM with eta 0. Lu et al. (2022), arXiv 2206.00927 (dpmsolver) and 2211.01095 (dpmsolver++ and the sde type).
 */
export class DPMSolverSinglestepScheduler extends FlowShiftMixin<DPMSolverSinglestepConfig, SinglestepRow> {
  static override readonly className = 'DPMSolverSinglestepScheduler';
  static override readonly compatibles: readonly string[] = KARRAS_COMPATIBLES;
  static override readonly requestKeys: readonly string[] = ['numInferenceSteps', 'timesteps', 'sigmas', 'mu'];
  static override readonly stepOptions: readonly string[] = ['generator'];
  static override readonly schema: ConfigSchema<DPMSolverSinglestepConfig> = {
    ...solverFields,
    solver_order: field.number(2),
    prediction_type: field.choice('epsilon', ['epsilon', 'sample', 'v_prediction', 'flow_prediction']),
    algorithm_type: field.choice('dpmsolver++', ['dpmsolver++', 'dpmsolver', 'sde-dpmsolver++']),
    solver_type: field.choice('midpoint', ['midpoint', 'heun']),
    lower_order_final: field.boolean(false),
    final_sigmas_type: field.choice('zero', ['zero', 'sigma_min']),
    lambda_min_clipped: field.number(Number.NEGATIVE_INFINITY),
    variance_type: {
      default: null,
      kind: 'string',
      nullable: true,
    },
  };

  readonly #schedules: SinglestepSchedules;
  #lower: boolean = this.config.lower_order_final;

  /** @throws DiffusionError CONFIG_CONFLICT for dpmsolver with final_sigmas_type zero, as upstream, or with thresholding. */
  constructor(config: Partial<DPMSolverSinglestepConfig> = {}, options: SchedulerOptions = {}) {
    super(checkedConfig(config), options);
    this.#schedules = new SinglestepSchedules(this.config, this.precision);
  }

  /**
   * As upstream, lower_order_final holds once it had to be switched on; upstream then makes its config anew, and the mu of calls
   * before is lost. Runs made by start touch neither.
   */
  override setTimesteps(request: number | PlanRequest): void {
    super.setTimesteps(request);
    if (this.#lower || !this.#mustLower(this.timesteps.length)) return;
    this.#lower = true;
    this.flowShift = this.config.flow_shift;
  }

  protected override plan(request?: PlanRequest): Plan<SinglestepRow> {
    const schedule = request ? this.#schedules.of(request, this.flowShift) : this.#schedules.training();
    const steps = schedule.timesteps.length;
    const { solver_order: order, final_sigmas_type: final } = this.config;
    const toZero = final === 'zero' || schedule.sigmas.at(-1) === 0;
    const lower = this.#lower || toZero || this.#mustLower(steps);
    const orders = request ? ordersOf({ steps, order, lower, toZero }) : [];
    return solverPlan(schedule, {
      className: this.class.className,
      flow: this.config.use_flow_sigmas,
      set: request !== undefined,
      given: request?.sigmas !== undefined,
      row: (index, level) => rowOf(schedule, orders[index] ?? 1, level, index),
    });
  }

  /** Whole cycles only, and none that ends at sigma 0: where that cannot be, the last orders must be lower. */
  #mustLower(steps: number): boolean {
    return steps % this.config.solver_order !== 0 || this.config.final_sigmas_type === 'zero';
  }

  protected override rule(context: StepContext<SinglestepRow>): StepResult | Promise<StepResult> {
    const { algorithm_type: algorithm, prediction_type: type } = this.config;
    const data = algorithm !== 'dpmsolver';
    requireDataForFlow(type, data, `algorithm_type ${algorithm}`);
    return after(extrapolated(context, this.config, data), (found) => this.#update(context, found));
  }

  /** The carry is the sample at the cycle's begin and the outputs before, newest first. */
  #update({ k, x, carry, normal }: StepContext<SinglestepRow>, { m, x0 }: Extrapolated): StepResult {
    const [begin, ...past] = carry;
    const outputs = [m, ...past];
    const order = Math.min(k.order, outputs.length); // a run that begins inside a cycle has no more
    const base = order === 1 || !begin ? x : begin;
    const [t, ...seen] = k.levels as [LambdaLevel, ...LambdaLevel[]];
    const s = seen[order - 1]!;
    const w = DPM_WEIGHTS[this.config.algorithm_type](s, t);
    const update = base.mul(w.x).add(outputs[order - 1]!.mul(w.d0));
    const curved = order === 1 ? update : update.add(this.#differences(outputs, seen, t.lambda - s.lambda, order, w));
    const noisy = this.config.algorithm_type === 'sde-dpmsolver++';
    return {
      prev: noisy ? curved.add(normal(m.shape).mul(w.noise)) : curved,
      x0,
      carry: this.config.solver_order > 1 ? [base, ...outputs].slice(0, this.config.solver_order) : [],
    };
  }

  /** d1 D1 of order 2, or d1 D1 + d2 D2 of order 3, whose midpoint form takes the newest difference only. */
  #differences(
    outputs: readonly Tensor[],
    seen: readonly LambdaLevel[],
    h: number,
    order: number,
    w: DpmWeights,
  ): Tensor {
    const [s, first] = [seen[order - 1]!, outputs[order - 1]!];
    const r = (i: number): number => (seen[i]!.lambda - s.lambda) / h;
    const newest = outputs[0]!.sub(first).mul(1 / r(0));
    if (order === 2) return newest.mul(w.d1[this.config.solver_type]);
    if (this.config.solver_type === 'midpoint') return newest.mul(w.d1.heun);
    const [r0, r1] = [r(0), r(1)];
    const middle = outputs[1]!.sub(first).mul(1 / r1);
    const d1 = middle
      .mul(r0)
      .sub(newest.mul(r1))
      .mul(1 / (r0 - r1));
    const d2 = newest.sub(middle).mul(2 / (r0 - r1));
    return d1.mul(w.d1.heun).add(d2.mul(w.d2));
  }

  /** Of what a step carries, carry0 is the sample at the begin of its cycle and the others are earlier outputs. */
  override explain(index: number = 0, options: ExplainOptions = {}): Promise<string> {
    const history = index > 0 ? Math.min(1 + index, this.config.solver_order) : 0;
    return super.explain(index, { history, ...options });
  }
}

function rowOf(
  { sigmas }: SolverSchedule,
  order: number,
  level: (index: number) => LambdaLevel,
  index: number,
): SinglestepRow {
  return {
    rawSigma: sigmas[index] ?? Number.NaN,
    level: level(index),
    levels: Array.from({ length: Math.min(index, order - 1) + 2 }, (_, i) => level(index + 1 - i)),
    order,
  };
}
