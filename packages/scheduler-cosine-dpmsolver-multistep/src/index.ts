// SDE-DPM-Solver++ on sigmas with EDM preconditioning, as audio models use it: one model call per step, noise from a Brownian path.

import type {
  ConfigSchema,
  DpmRow,
  DpmSolverType,
  FinalSigmasType,
  LambdaLevel,
  NoiseSampler,
  Plan,
  PlanRequest,
  SchedulerOptions,
  StepContext,
  StepOptions,
  StepResult,
  Table,
  Tensor,
} from '@unnoise/core';
import {
  DiffusionError,
  FINAL_SIGMAS_TYPES,
  SchedulerMixin,
  dpmRow,
  dpmUpdate,
  field,
  finalSigma,
  karrasCurve,
  mapTable,
  precisionOf,
  requireChoice,
  requireSteps,
  sisterNamed,
  solverPlan,
  torchLinspace,
  withFinalSigma,
} from '@unnoise/core';
import { brownianNoise, initialSeed, noiseSeed } from '@unnoise/core/brownian';

export type CosineSigmaSchedule = 'exponential' | 'karras';
export type CosinePredictionType = 'epsilon' | 'v_prediction';

const SCHEDULES: readonly CosineSigmaSchedule[] = ['exponential', 'karras'];
const PREDICTION_TYPES: readonly CosinePredictionType[] = ['epsilon', 'v_prediction'];
const SOLVER_TYPES: readonly DpmSolverType[] = ['midpoint', 'heun'];
const ALGORITHM = 'sde-dpmsolver++';

export interface CosineDPMSolverMultistepConfig {
  /** Smallest sigma of a run. */
  readonly sigma_min: number;
  /** Largest sigma of a run. */
  readonly sigma_max: number;
  /** Standard deviation of the data. */
  readonly sigma_data: number;
  /** How sigmas are spread: evenly in their logarithm, or as Karras et al. (2022). */
  readonly sigma_schedule: CosineSigmaSchedule;
  /** Length of the schedule before setTimesteps. */
  readonly num_train_timesteps: number;
  /** 2 extrapolates the predicted samples of two steps, 1 takes the last. */
  readonly solver_order: number;
  /** What the model's output is scaled to: with the sign of the velocity, or of the noise. */
  readonly prediction_type: CosinePredictionType;
  /** Exponent of karras sigmas. */
  readonly rho: number;
  /** Form of the second-order update. */
  readonly solver_type: DpmSolverType;
  /** Let the last step be of order 1 where there are fewer than 15. */
  readonly lower_order_final: boolean;
  /** Let the last step be of order 1. */
  readonly euler_at_final: boolean;
  /** The sigma after the last step: 0, or sigma_min. */
  readonly final_sigmas_type: FinalSigmasType;
}

/** One step from sigma to sigmaNext, and x0 = skip x + scale out. */
export interface CosineRow extends DpmRow {
  readonly sigma: number;
  readonly sigmaNext: number;
  readonly skip: number;
  readonly scale: number;
}

/**
 * SDE-DPM-Solver++ with alpha = 1, lambda = -ln sigma and h = lambdaNext - lambda:
 *
 *     x0   = (sigmaData^2 x -+ sigma sigmaData sqrt(sigma^2 + sigmaData^2) out) / (sigma^2 + sigmaData^2)     - v_prediction, + epsilon
 *     prev = (sigmaNext / sigma) e^-h x + (1 - e^-2h) (x0 + (x0 - x0Last) / (2 r)) + sigmaNext sqrt(1 - e^-2h) z(sigma, sigmaNext)
 *
 * with r the size of the last step over h, and z from a Brownian path whose clock is sigma. The model is told (2 / pi) atan(sigma).
 * Lu et al. (2022), arXiv 2211.01095; Karras et al. (2022), arXiv 2206.00364.
 */
export class CosineDPMSolverMultistepScheduler extends SchedulerMixin<CosineDPMSolverMultistepConfig, CosineRow> {
  static override readonly className = 'CosineDPMSolverMultistepScheduler';
  static override readonly stepOptions: readonly string[] = ['generator', 'noiseSampler'];
  static override readonly schema: ConfigSchema<CosineDPMSolverMultistepConfig> = {
    sigma_min: field.number(0.3),
    sigma_max: field.number(500),
    sigma_data: field.number(1),
    sigma_schedule: field.choice('exponential', SCHEDULES),
    num_train_timesteps: field.number(1000),
    solver_order: field.number(2),
    prediction_type: field.choice('v_prediction', PREDICTION_TYPES),
    rho: field.number(7),
    solver_type: field.choice('midpoint', SOLVER_TYPES),
    lower_order_final: field.boolean(true),
    euler_at_final: field.boolean(false),
    final_sigmas_type: field.choice('zero', FINAL_SIGMAS_TYPES as readonly FinalSigmasType[]),
  };

  constructor(config: Partial<CosineDPMSolverMultistepConfig> = {}, options: SchedulerOptions = {}) {
    super(underOwnNames(config), options);
    requireChoice('solver_type', this.config.solver_type, SOLVER_TYPES);
    requireChoice('sigma_schedule', this.config.sigma_schedule, SCHEDULES);
    requireOrder(this.config.solver_order);
    requireSigmas(this.config);
  }

  protected override plan(request?: PlanRequest): Plan<CosineRow> {
    const { sigma_min: min, sigma_max: max, final_sigmas_type: last, num_train_timesteps: trained } = this.config;
    const sigmas = this.#sigmas(request?.numInferenceSteps ?? trained);
    const table = withFinalSigma(sigmas, request ? finalSigma(last, min) : 0, this.precision);
    const schedule = { timesteps: Array.from(noiseTime(sigmas)), sigmas: table };
    const set = request !== undefined;
    const row = (index: number): CosineRow => this.#row(table, index);
    return {
      ...solverPlan(schedule, { className: this.class.className, flow: false, set, row }),
      initNoiseSigma: Math.sqrt(max ** 2 + 1),
      inputScale: (index) => 1 / Math.hypot(table[index] ?? Number.NaN, this.config.sigma_data),
      noiseLevel: (index) => ({ signal: 1, noise: table[index] ?? Number.NaN }),
      noiseSampler: (shape, options) => this.#noise(shape, options),
    };
  }

  #sigmas(steps: number): Table {
    const { sigma_min: min, sigma_max: max, sigma_schedule: schedule, rho } = this.config;
    requireSteps(steps);
    if (schedule === 'karras') return karrasCurve({ min, max }, torchLinspace(0, 1, steps, this.precision), rho);
    const log = torchLinspace(Math.log(min), Math.log(max), steps, this.precision);
    return mapTable(log, (value) => Math.exp(value)).reverse();
  }

  #row(sigmas: Table, index: number): CosineRow {
    const { sigma_data: data, prediction_type: type, solver_order: order } = this.config;
    requireChoice('prediction_type', type, PREDICTION_TYPES);
    const [sigma = Number.NaN, sigmaNext = Number.NaN] = [sigmas[index], sigmas[index + 1]];
    const whole = sigma ** 2 + data ** 2;
    const scale = ((type === 'epsilon' ? 1 : -1) * sigma * data) / Math.sqrt(whole);
    const highest = this.#endsWithEuler(sigmas.length - 1, index) ? 1 : order;
    const step = dpmRow({ algorithm_type: ALGORITHM }, sigmas, (i) => levelOf(sigmas[i]), index, highest);
    return { ...step, sigma, sigmaNext, skip: data ** 2 / whole, scale };
  }

  #endsWithEuler(steps: number, index: number): boolean {
    const { euler_at_final: euler, lower_order_final: lower, final_sigmas_type: last } = this.config;
    return index === steps - 1 && (euler || (lower && steps < 15) || last === 'zero');
  }

  #noise(shape: readonly number[], options: StepOptions): NoiseSampler {
    const { sigma_min: min, sigma_max: max } = this.config;
    const seed = noiseSeed(null, options, initialSeed);
    return brownianNoise({ shape, seed, sigmaMin: Math.fround(min), sigmaMax: Math.fround(max) });
  }

  protected override rule(context: StepContext<CosineRow>): StepResult {
    const { k, x, out, normalBetween } = context;
    const x0 = x.mul(k.skip).add(out.mul(k.scale));
    if (k.sigmaNext === 0) return { prev: x0, x0 };
    const normal = (): Tensor => normalBetween(k.sigma, k.sigmaNext);
    return dpmUpdate({ ...context, normal }, { m: x0, x0 }, { ...this.config, algorithm_type: ALGORITHM });
  }
}

function underOwnNames(config: Partial<CosineDPMSolverMultistepConfig>): Partial<CosineDPMSolverMultistepConfig> {
  const renamed = sisterNamed(config, 'solver_type', ['logrho', 'bh1', 'bh2'], 'midpoint');
  return { ...config, ...renamed } as Partial<CosineDPMSolverMultistepConfig>;
}

/** alpha is 1 at every level. */
function levelOf(sigma: number = Number.NaN): LambdaLevel {
  return { alpha: 1, sigma, lambda: -Math.log(sigma) };
}

/** What the model is told of the noise level: (2 / pi) atan(sigma), between 0 and 1. */
function noiseTime(sigmas: Table): Table {
  const { round } = precisionOf(sigmas);
  return mapTable(sigmas, (sigma) => round(round(Math.atan(sigma)) / round(Math.PI)) * 2);
}

/** Exponential sigmas pass through their logarithm, karras ones through a root. */
function requireSigmas({
  sigma_min: min,
  sigma_max: max,
  sigma_schedule: schedule,
}: CosineDPMSolverMultistepConfig): void {
  if (schedule === 'karras' ? min >= 0 && max >= 0 : min > 0 && max > 0) return;
  const message = `sigma_min is ${min} and sigma_max ${max}. Give numbers above 0 for ${schedule} sigmas.`;
  throw new DiffusionError('CONFIG_INVALID', message, { min, max, schedule });
}

/** As upstream has no third-order update, which it finds out at the third step. */
function requireOrder(order: number): void {
  if (order === 1 || order === 2) return;
  throw new DiffusionError('CONFIG_INVALID', `solver_order is ${order}. Use 1 or 2.`, { solver_order: order });
}
