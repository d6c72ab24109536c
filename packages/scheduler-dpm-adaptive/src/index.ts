// DPM-Solver-12 and -23 with steps of adaptive size: two orders side by side tell the error of a step, and that the size of the next.

import type {
  ConfigSchema,
  DpmCall,
  KSamplerConfig,
  Plan,
  PlanRequest,
  SchedulerOptions,
  StepContext,
  StepResult,
  Tensor,
} from '@unnoise/core';
import {
  DiffusionError,
  KSamplerMixin,
  alongNoises,
  ancestralSplits,
  differing,
  dpmCalls,
  dpmNoises,
  field,
  kSamplerFields,
  requireShare,
  sigmaOfTime,
  timeOfSigma,
} from '@unnoise/core';
import type { StepControl } from './control.ts';
import { firstStep, judged, stepError } from './control.ts';

export interface DPMAdaptiveConfig extends KSamplerConfig {
  /** Level that a run starts from; the largest trained one unless given. */
  readonly sigma_max: number | null;
  /** Level that a run ends at; the smallest trained one unless given. */
  readonly sigma_min: number | null;
  /** Share of ancestral noise, from 0 (an ODE solver) to 1. */
  readonly eta: number;
  /** Order of the solver, 2 or 3: so many model calls make an attempt at a step. */
  readonly order: number;
  /** Error that is allowed, relative to the sample. */
  readonly rtol: number;
  /** Error that is allowed where the sample is small. */
  readonly atol: number;
  /** Size of the first step, in -ln sigma. */
  readonly h_init: number;
  /** Proportional coefficient of the step-size control. */
  readonly pcoeff: number;
  /** Integral coefficient of the step-size control. */
  readonly icoeff: number;
  /** Derivative coefficient of the step-size control. */
  readonly dcoeff: number;
  /** A step is taken if the next may be at least so much of its size. */
  readonly accept_safety: number;
  /** Model calls after which a run gives up. */
  readonly max_calls: number;
}

/** A model call of an attempt to go from `t` to `tNext` (-ln sigma). */
export interface DPMAdaptiveRow extends DpmCall {
  readonly t: number;
  readonly tNext: number;
  readonly sigma: number;
  readonly sigmaNext: number;
  /** Length of the attempt before its noise. */
  readonly h: number;
  /** Deviation of the noise after the step. */
  readonly up: number;
  /** The size of this attempt, and the errors before it. */
  readonly control: StepControl;
}

/**
 * A run from sigma_max to sigma_min whose steps are tried: the last of the 2 or 3 model calls of an attempt compares the result with
 * that of the order below,
 *
 *     error = rms((low - high) / max(atol, rtol max(|low|, |lowLast|)))
 *
 * and a controller scales h by 1 + atan(f - 1), f = (1 / error)^(icoeff / order) with the default coefficients. If that is at least
 * accept_safety the step is taken, else tried again from where it began. The timesteps of a run are known one attempt ahead: ask the run
 * (`run.timestep`, `run.done`). k-diffusion's sample_dpm_adaptive. Lu et al. (2022), arXiv 2206.00927, appendix C.
 */
export class DPMAdaptiveScheduler extends KSamplerMixin<DPMAdaptiveConfig, DPMAdaptiveRow> {
  static override readonly className = 'DPMAdaptiveScheduler';
  static override readonly schema: ConfigSchema<DPMAdaptiveConfig> = {
    ...kSamplerFields,
    sigma_max: field.optionalNumber(),
    sigma_min: field.optionalNumber(),
    eta: field.number(0),
    order: field.number(3),
    rtol: field.number(0.05),
    atol: field.number(0.0078),
    h_init: field.number(0.05),
    pcoeff: field.number(0),
    icoeff: field.number(1),
    dcoeff: field.number(0),
    accept_safety: field.number(0.81),
    max_calls: field.number(1000),
  };

  constructor(config: Partial<DPMAdaptiveConfig> = {}, options: SchedulerOptions = {}) {
    super(config, options);
    requireShare('eta', this.config.eta);
    if (![2, 3].includes(this.config.order)) throw wrongOrder(this.config.order);
  }

  /** The first attempt: a number of steps is not asked for, and has no effect. */
  protected override plan(_request?: PlanRequest): Plan<DPMAdaptiveRow> {
    return this.#extended([], timeOfSigma(this.range(this.config).max, this.precision), firstStep(this.config));
  }

  /** The calls so far, and those of an attempt from t. Throws NUMERIC where they are too many. */
  #extended(calls: readonly DPMAdaptiveRow[], t: number, control: StepControl): Plan<DPMAdaptiveRow> {
    const { max_calls: most } = this.config;
    const all = [...calls, ...this.#attempt(t, control)];
    if (all.length > most) throw tooMany(most, sigmaOfTime(t, this.precision));
    return this.planOf(all, all.at(-1)!.to, all.length);
  }

  /** As k-diffusion: neither the step nor its noise goes beyond the end. */
  #attempt(t: number, control: StepControl): readonly DPMAdaptiveRow[] {
    const { precision } = this;
    const { eta, order } = this.config;
    const tNext = Math.min(this.#end, precision.round(t + precision.round(control.h)));
    if (!(tNext > t)) throw tooSmall(control.h, sigmaOfTime(t, precision));
    const [sigma, sigmaNext] = [sigmaOfTime(t, precision), sigmaOfTime(tNext, precision)];
    const [{ down } = { down: sigmaNext }] = ancestralSplits(precision.table([sigma, sigmaNext]), eta);
    const tDown = eta > 0 ? Math.min(this.#end, timeOfSigma(down, precision)) : tNext;
    const [next2, down2] = [sigmaNext, sigmaOfTime(tDown, precision)].map((level) => precision.round(level ** 2));
    const up = Math.sqrt(Math.max(precision.round(next2! - down2!), 0)); // as k-diffusion rounds: the difference is often small
    const calls = dpmCalls(order, t, tDown, precision);
    return calls.map((call) => ({ ...call, t, tNext, sigma, sigmaNext, h: tDown - t, up, control }));
  }

  get #end(): number {
    return timeOfSigma(this.range(this.config).min, this.precision);
  }

  /** The carry: within an attempt the sample at its start and the noises since; last, what the order below gave for the step before. */
  protected override rule(
    context: StepContext<DPMAdaptiveRow>,
  ): StepResult<DPMAdaptiveRow> | Promise<StepResult<DPMAdaptiveRow>> {
    const { k, x, out, carry } = context;
    const x0 = this.cleanOf(k, x, out);
    const lowLast = carry.at(-1) ?? x;
    const { start, noises } = dpmNoises({ ...context, carry: carry.slice(0, -1) }, x0);
    const high = alongNoises(start, k.weights, noises);
    if (k.call < this.config.order - 1) return { prev: high, x0, carry: [start, ...noises, lowLast] };
    return this.#judged(context, { x0, start, high, low: alongNoises(start, lowerWeights(k), noises), lowLast });
  }

  /** Takes the step or goes back to its start, and plans the next attempt. */
  async #judged(context: StepContext<DPMAdaptiveRow>, attempt: Attempt): Promise<StepResult<DPMAdaptiveRow>> {
    const { k, plan, index, host } = context;
    const { x0, start, high, low, lowLast } = attempt;
    const error = stepError(await host(high), await host(low), await host(lowLast), this.config);
    const { accepted, control } = judged(k.control, error, this.config);
    const calls = plan.timesteps.slice(0, index + 1).map((timestep, i) => plan.row(i, timestep));
    if (!accepted) return { prev: start, x0, carry: [lowLast], plan: this.#extended(calls, k.t, control) };
    const end = k.tNext >= this.#end - 1e-5;
    const next = end ? {} : { plan: this.#extended(calls, k.tNext, control) };
    return { prev: this.#noised(context, high), x0, carry: [low], ...next };
  }

  #noised({ k, normalBetween }: StepContext<DPMAdaptiveRow>, x: Tensor): Tensor {
    const { eta, s_noise: factor } = this.config;
    return eta > 0 ? x.add(normalBetween(k.sigma, k.sigmaNext).mul(k.up * factor)) : x;
  }
}

/** What is known at the last call of an attempt. */
interface Attempt {
  readonly x0: Tensor;
  /** The sample at the start, the results of both orders, and the lower one's of the last step taken. */
  readonly start: Tensor;
  readonly high: Tensor;
  readonly low: Tensor;
  readonly lowLast: Tensor;
}

/** The order below, by the same noises: order 1, or order 2 with its call at a third of the step. */
function lowerWeights({ call, h, to }: DPMAdaptiveRow): readonly number[] {
  const straight = -to * Math.expm1(h);
  return call === 1 ? [straight] : differing(straight, (straight * 3) / 2, 1);
}

function wrongOrder(order: number): DiffusionError {
  return new DiffusionError('CONFIG_INVALID', `order is ${order}. Use 2 or 3.`, { order });
}

function tooSmall(h: number, sigma: number): DiffusionError {
  const message = `A step of ${h} in ln sigma from sigma ${sigma} does not move. Allow a larger rtol, or check the model's output.`;
  return new DiffusionError('NUMERIC', message, { h, sigma });
}

function tooMany(most: number, sigma: number): DiffusionError {
  const message = `After ${most} model calls the run is at sigma ${sigma} and not at its end. Allow a larger rtol or atol, or raise max_calls.`;
  return new DiffusionError('NUMERIC', message, { max_calls: most, sigma });
}
