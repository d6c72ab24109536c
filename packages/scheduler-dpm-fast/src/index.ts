// DPM-Solver-fast: as few steps of order 3 as a number of model calls allows, evenly spaced in ln sigma.

import type { ConfigSchema, DpmCall, KSamplerConfig, Plan, PlanRequest, StepContext, StepResult } from '@unnoise/core';
import {
  KSamplerMixin,
  alongNoises,
  ancestralSplits,
  dpmCalls,
  dpmNoises,
  field,
  kSamplerFields,
  requireShare,
  requireSteps,
  sigmaOfTime,
  timeOfSigma,
  torchLinspace,
} from '@unnoise/core';

export interface DPMFastConfig extends KSamplerConfig {
  /** Level that a run starts from; the largest trained one unless given. */
  readonly sigma_max: number | null;
  /** Level that a run ends at; the smallest trained one unless given. */
  readonly sigma_min: number | null;
  /** Share of ancestral noise, from 0 (an ODE solver) to 1. */
  readonly eta: number;
}

/** A model call of a step from `sigma`, and the noise after the step's last: `up` towards sigmaNext. */
export interface DPMFastRow extends DpmCall {
  readonly sigma: number;
  readonly sigmaNext: number;
  readonly up: number;
  readonly last: boolean;
}

/**
 * n model calls make floor(n / 3) + 1 steps of equal length h in -ln sigma: of order 3, and at the end of order 2 and 1, 1, or 2,
 * as n leaves 0, 1 or 2 when divided by 3. A step of order 3 from x, with r1 = 1/3 and r2 = 2/3:
 *
 *     u1   = x - sigma_r1 (e^(r1 h) - 1) eps
 *     u2   = x - sigma_r2 (e^(r2 h) - 1) eps - sigma_r2 (r2 / r1) ((e^(r2 h) - 1) / (r2 h) - 1) (eps1 - eps)
 *     prev = x - sigmaNext (e^h - 1) eps - sigmaNext / r2 ((e^h - 1) / h - 1) (eps2 - eps)
 *
 * With eta the step goes to sigmaDown and noise back up to sigmaNext. A run ends at sigma_min. k-diffusion's sample_dpm_fast.
 * Lu et al. (2022), arXiv 2206.00927, section 3.4.
 */
export class DPMFastScheduler extends KSamplerMixin<DPMFastConfig, DPMFastRow> {
  static override readonly className = 'DPMFastScheduler';
  static override readonly schema: ConfigSchema<DPMFastConfig> = {
    ...kSamplerFields,
    sigma_max: field.optionalNumber(),
    sigma_min: field.optionalNumber(),
    eta: field.number(0),
  };

  protected override plan({
    numInferenceSteps: calls = this.config.num_train_timesteps,
  }: PlanRequest = {}): Plan<DPMFastRow> {
    requireSteps(calls);
    requireShare('eta', this.config.eta);
    const { precision } = this;
    const { max, min } = this.range(this.config);
    const orders = ordersOf(calls);
    const [start, end] = [timeOfSigma(max, precision), timeOfSigma(min, precision)];
    const times = torchLinspace(start, end, orders.length + 1, precision);
    const rows = orders.flatMap((order, i) => this.#step(order, times[i]!, times[i + 1]!, end));
    return this.planOf(rows, rows.at(-1)!.to, calls);
  }

  /** The calls of one step; as k-diffusion, noise does not take it below the last level. */
  #step(order: number, t: number, tNext: number, end: number): readonly DPMFastRow[] {
    const { precision } = this;
    const [sigma, sigmaNext] = [sigmaOfTime(t, precision), sigmaOfTime(tNext, precision)];
    const [{ down } = { down: sigmaNext }] = ancestralSplits(precision.table([sigma, sigmaNext]), this.config.eta);
    const tDown = this.config.eta > 0 ? Math.min(end, timeOfSigma(down, precision)) : tNext;
    const up = Math.sqrt(Math.max(sigmaNext ** 2 - sigmaOfTime(tDown, precision) ** 2, 0));
    const calls = dpmCalls(order, t, tDown, precision);
    return calls.map((call) => ({ ...call, sigma, sigmaNext, up, last: call.call === order - 1 }));
  }

  protected override rule(context: StepContext<DPMFastRow>): StepResult {
    const { k, x, out, normalBetween } = context;
    const x0 = this.cleanOf(k, x, out);
    const { start, noises } = dpmNoises(context, x0);
    const next = alongNoises(start, k.weights, noises);
    if (!k.last) return { prev: next, x0, carry: [start, ...noises] };
    const { eta, s_noise: factor } = this.config;
    // as k-diffusion: the last step draws too, for nothing
    return { prev: eta > 0 ? next.add(normalBetween(k.sigma, k.sigmaNext).mul(k.up * factor)) : next, x0 };
  }
}

/** The orders of the steps that n calls make. */
function ordersOf(calls: number): readonly number[] {
  const thirds = Math.floor(calls / 3);
  const rest = calls % 3;
  return rest === 0 ? [...Array<number>(thirds - 1).fill(3), 2, 1] : [...Array<number>(thirds).fill(3), rest];
}
