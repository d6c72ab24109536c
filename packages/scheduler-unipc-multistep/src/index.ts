// UniPC: a predictor (UniP) and a corrector (UniC) of any order that need one model call per step.

import type {
  ConfigSchema,
  ExplainOptions,
  Extrapolated,
  ExtrapolationConfig,
  FinalSigmasType,
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
  DiffusionError,
  KARRAS_COMPATIBLES,
  SchedulerMixin,
  after,
  extrapolated,
  field,
  requireDataForFlow,
  solverFields,
  solverPlan,
  spacingFields,
} from '@unnoise/core';
import { checkedConfig } from './check.ts';
import type { Predictor } from './predictor.ts';
import { parted, predictorOf } from './predictor.ts';
import { UniPCSchedules } from './schedule.ts';
import type { SolverType, Weights } from './weights.ts';
import { weightsOf } from './weights.ts';

export interface UniPCMultistepConfig extends SolverConfig, SpacingConfig {
  /** Order of UniP, from 1; UniC adds one. 2 for guided, 3 for unconditional sampling. */
  readonly solver_order: number;
  /** What the model predicts; flow_prediction only with predict_x0 and use_flow_sigmas. */
  readonly prediction_type: PredictionType | 'flow_prediction';
  /** Extrapolate x0; else eps, which cannot end at sigma zero. */
  readonly predict_x0: boolean;
  /** Form of B(h): z, for unconditional sampling in few steps, or e^z - 1. */
  readonly solver_type: SolverType;
  /** Orders fall to 1 in the last steps. */
  readonly lower_order_final: boolean;
  /** Steps after which UniC is left out. */
  readonly disable_corrector: readonly number[];
  /** Another scheduler that predicts in the place of UniP; not for files. */
  readonly solver_p: SchedulerMixin | null;
  /** Noise level after the last step; with re-spaced or flow sigmas sigma_min is the last of them again. */
  readonly final_sigmas_type: FinalSigmasType;
  /** Rescale the betas to zero terminal SNR; the largest sigma is then about 4096. */
  readonly rescale_betas_zero_snr: boolean;
  /** Smallest sigma of karras, exponential and beta sigmas. */
  readonly sigma_min: number | null;
  /** Largest sigma of karras, exponential and beta sigmas. */
  readonly sigma_max: number | null;
  /** Stretch flow sigmas so that the last is this one. */
  readonly shift_terminal: number | null;
}

/** The step from levels[1] to levels[0]. */
export interface UniPCRow {
  /** The entry of the sigma table, of which level is made. */
  readonly rawSigma: number;
  readonly level: LambdaLevel;
  /** The levels after this step, at it, and before it, newest first: as many as the orders below need. */
  readonly levels: readonly LambdaLevel[];
  /** Highest order that UniP may have here, and that it had one step before. */
  readonly order: number;
  readonly orderBefore: number;
  /** Whether UniC may improve the sample before it is used. */
  readonly correct: boolean;
  readonly predictor: Predictor | undefined;
}

/**
 * UniPC. With h = lambda_t - lambda_s and the last outputs m_0, m_1, ... (x0, or eps without predict_x0), seen at
 * r_k = (lambda_k - lambda_s) / h:
 *
 *     UniP  x_t = sigma_t / sigma_s x - alpha_t (e^-h - 1) m_0 - alpha_t B(-h) sum_k rho_k (m_k - m_0) / r_k
 *     UniC  the same with m_t, the output at x_t (r = 1), as one term more
 *
 * UniC takes the output that the next step needs anyway, so it costs no model call, and makes order p into p + 1. Order 1
 * without UniC is DDIM; order 2 (bh2) without it is DPM-Solver++ 2M. Zhao et al. (2023), arXiv 2302.04867.
 */
export class UniPCMultistepScheduler extends SchedulerMixin<UniPCMultistepConfig, UniPCRow> {
  static override readonly className = 'UniPCMultistepScheduler';
  static override readonly compatibles: readonly string[] = KARRAS_COMPATIBLES;
  static override readonly requestKeys: readonly string[] = ['numInferenceSteps', 'sigmas', 'mu'];
  static override readonly schema: ConfigSchema<UniPCMultistepConfig> = {
    ...solverFields,
    ...spacingFields('linspace'),
    solver_order: field.number(2),
    prediction_type: field.choice('epsilon', ['epsilon', 'sample', 'v_prediction', 'flow_prediction']),
    predict_x0: field.boolean(true),
    solver_type: field.choice('bh2', ['bh1', 'bh2']),
    lower_order_final: field.boolean(true),
    disable_corrector: { default: [], kind: 'numbers' },
    solver_p: {
      default: null,
      kind: 'any',
    },
    final_sigmas_type: field.choice('zero', ['zero', 'sigma_min']),
    rescale_betas_zero_snr: field.boolean(false),
    sigma_min: field.optionalNumber(),
    sigma_max: field.optionalNumber(),
    shift_terminal: field.optionalNumber(),
  };

  readonly #schedules: UniPCSchedules;
  /** What the model's output is; as upstream, eps is never thresholded. */
  readonly #output: ExtrapolationConfig;

  /** @throws DiffusionError CONFIG_CONFLICT for shift_terminal without use_flow_sigmas. */
  constructor(config: Partial<UniPCMultistepConfig> = {}, options: SchedulerOptions = {}) {
    super(checkedConfig(config), options);
    this.#output = { ...this.config, thresholding: this.config.thresholding && this.config.predict_x0 };
    this.#schedules = new UniPCSchedules(this.config, this.precision);
  }

  protected override plan(request?: PlanRequest): Plan<UniPCRow> {
    const schedule = request ? this.#schedules.of(request) : this.#schedules.training();
    const { solver_p: other, use_flow_sigmas: flow } = this.config;
    const predictor = request && other ? predictorOf(other, schedule.timesteps) : undefined;
    return solverPlan(schedule, {
      className: this.class.className,
      flow,
      set: request !== undefined,
      given: request?.sigmas !== undefined && !flow,
      row: (index, level) => {
        if (schedule.sigmas[index + 1] === 0 && !predictor) this.#checkEnd(index);
        return this.#row(schedule, level, predictor, index);
      },
    });
  }

  #row(
    { timesteps, sigmas }: SolverSchedule,
    level: (index: number) => LambdaLevel,
    predictor: Predictor | undefined,
    index: number,
  ): UniPCRow {
    const { solver_order: most, disable_corrector: disabled } = this.config;
    const count = Math.min(index + 2, most + 2);
    return {
      rawSigma: sigmas[index] ?? Number.NaN,
      level: level(index),
      levels: Array.from({ length: count }, (_, i) => level(index + 1 - i)),
      order: this.#orderAt(index, timesteps.length),
      orderBefore: this.#orderAt(index - 1, timesteps.length),
      correct: index > 0 && !disabled.includes(index - 1),
      predictor,
    };
  }

  /** The step to sigma 0 is infinitely long, and so is what bh1 and the extrapolation of eps weigh. */
  #checkEnd(index: number): void {
    const { predict_x0: data, solver_type: solver } = this.config;
    if (data && solver === 'bh2') return;
    throw new DiffusionError(
      'NUMERIC',
      `Step ${index} goes to sigma 0, which ${data ? 'solver_type bh1' : 'predict_x0 false'} cannot (upstream gives NaN). Set final_sigmas_type to sigma_min, or use bh2 with predict_x0.`,
      { index },
    );
  }

  #orderAt(index: number, length: number): number {
    const { solver_order: order, lower_order_final: lower } = this.config;
    return lower ? Math.min(order, length - index) : order;
  }

  protected override rule(context: StepContext<UniPCRow>): StepResult | Promise<StepResult> {
    const { predict_x0: data, prediction_type: type } = this.config;
    requireDataForFlow(type, data, 'predict_x0 false');
    return after(extrapolated(context, this.#output, data), (found) => this.#update(context, found));
  }

  /** UniC on the sample at hand, then UniP (or solver_p) from there. */
  #update(context: StepContext<UniPCRow>, { m, x0 }: Extrapolated): StepResult | Promise<StepResult> {
    const { k, x } = context;
    const shared = parted(context.carry);
    const [last, ...past] = shared.own;
    const sample = last && past[0] && k.correct ? this.#corrected(k, last, past, m) : x;
    const carry = [sample, m, ...past].slice(0, this.config.solver_order + 1);
    if (k.predictor) return after(k.predictor(context, sample, { ...shared, own: carry }), (step) => ({ ...step, x0 }));
    return { prev: this.#predicted(k, sample, m, past), x0, carry };
  }

  #predicted({ order, levels }: UniPCRow, sample: Tensor, m0: Tensor, past: readonly Tensor[]): Tensor {
    const count = Math.min(order - 1, past.length);
    const [t, s, ...seen] = levels as [LambdaLevel, LambdaLevel, ...LambdaLevel[]];
    return combined(sample, m0, past.slice(0, count), this.#weights(t, s, seen.slice(0, count)));
  }

  /** The step before once more, now that the output at its end is known. */
  #corrected({ orderBefore, levels }: UniPCRow, last: Tensor, [m0, ...past]: readonly Tensor[], m: Tensor): Tensor {
    const count = Math.min(orderBefore - 1, past.length);
    const [, t, s, ...seen] = levels as [LambdaLevel, LambdaLevel, LambdaLevel, ...LambdaLevel[]];
    return combined(last, m0!, [...past.slice(0, count), m], this.#weights(t, s, [...seen.slice(0, count), t]));
  }

  #weights(t: LambdaLevel, s: LambdaLevel, seen: readonly LambdaLevel[]): Weights {
    return weightsOf(t, s, seen, { data: this.config.predict_x0, solver: this.config.solver_type });
  }

  /** @throws DiffusionError CONFIG_INVALID where solver_p is set: a file cannot hold a scheduler. */
  override saveConfig(): string {
    if (!this.config.solver_p) return super.saveConfig();
    const message =
      'solver_p is a scheduler, which a file cannot hold. Save the config without it, and that scheduler by itself.';
    throw new DiffusionError('CONFIG_INVALID', message);
  }

  /** Of what a step carries, carry0 is the sample before and the others are earlier outputs. */
  override explain(index: number = 0, options: ExplainOptions = {}): Promise<string> {
    const history = index > 0 ? 1 + Math.min(index, this.config.solver_order) : 0;
    return super.explain(index, { history, ...options });
  }
}

/** x sample + m0 m_0 + sum of differences_k (m_k - m_0). */
function combined(sample: Tensor, m0: Tensor, others: readonly Tensor[], w: Weights): Tensor {
  const first = sample.mul(w.x).add(m0.mul(w.m0));
  return others.reduce((sum, m, k) => sum.add(m.sub(m0).mul(w.differences[k] ?? Number.NaN)), first);
}
