// DPM-Solver++(2S) with ancestral noise: second order, two model calls per step.

import type {
  ConfigSchema,
  KScheduleConfig,
  ModelCall,
  Plan,
  PlanRequest,
  StepContext,
  StepResult,
  Table,
} from '@unnoise/core';
import {
  KScheduleMixin,
  ancestralSplits,
  field,
  kScheduleFields,
  ofFirstCall,
  precisionOf,
  requireShare,
  sigmaBetween,
} from '@unnoise/core';

export interface DPMPP2SAncestralConfig extends KScheduleConfig {
  /** Share of ancestral noise, from 0 (an ODE solver) to 1. */
  readonly eta: number;
}

/** One of the two model calls of a step from sigma, which goes to `to`: the middle, or `down`. Then come `up` of noise. */
export interface DPMPP2SAncestralRow extends ModelCall {
  readonly sigma: number;
  readonly sigmaNext: number;
  readonly to: number;
  readonly up: number;
}

/**
 * DPM-Solver++(2S) down to sigmaDown, and noise z up to sigmaNext; both halves begin at x:
 *
 *     go(x0, to) = (to / sigma) x + (1 - to / sigma) x0
 *     first:  xMid = go(x0(x, sigma), sigmaMid),          sigmaMid = sqrt(sigma sigmaDown)
 *     second: prev = go(x0(xMid, sigmaMid), sigmaDown) + sigmaUp z,     sigmaUp^2 + sigmaDown^2 = sigmaNext^2
 *
 * The step to sigma 0 is the first call alone, prev = x0: n steps are 2 n - 1 calls. k-diffusion's sample_dpmpp_2s_ancestral.
 * Lu et al. (2022), arXiv 2211.01095.
 */
export class DPMPP2SAncestralScheduler extends KScheduleMixin<DPMPP2SAncestralConfig, DPMPP2SAncestralRow> {
  static override readonly className = 'DPMPP2SAncestralScheduler';
  static override readonly schema: ConfigSchema<DPMPP2SAncestralConfig> = { ...kScheduleFields, eta: field.number(1) };

  override readonly order: number = 2;

  protected override plan(request?: PlanRequest): Plan<DPMPP2SAncestralRow> {
    requireShare('eta', this.config.eta);
    const sigmas = this.levels(request);
    return this.planOf(callsOf(sigmas, this.config.eta), sigmas.at(-1)!, sigmas.length - 1);
  }

  protected override rule({ k, index, x, out, carry, normalBetween }: StepContext<DPMPP2SAncestralRow>): StepResult {
    const x0 = this.cleanOf(k, x, out);
    const second = k.call === 1;
    const from = second ? ofFirstCall(carry, index) : x;
    const kept = k.to / k.sigma;
    const next = from.mul(kept).add(x0.mul(1 - kept));
    if (!second) return { prev: next, x0, carry: [x] };
    return {
      prev: k.up > 0 ? next.add(normalBetween(k.sigma, k.sigmaNext).mul(k.up * this.config.s_noise)) : next,
      x0,
    };
  }
}

function callsOf(sigmas: Table, eta: number): readonly DPMPP2SAncestralRow[] {
  return ancestralSplits(sigmas, eta).flatMap(({ up, down }, i) => {
    const [sigma, sigmaNext] = [sigmas[i]!, sigmas[i + 1]!];
    const step = { sigma, sigmaNext, up };
    if (down === 0) return [{ ...step, level: sigma, to: 0, call: 0 }];
    const middle = sigmaBetween(sigma, down, 0.5, precisionOf(sigmas));
    return [
      { ...step, level: sigma, to: middle, call: 0 },
      { ...step, level: middle, to: down, call: 1 },
    ];
  });
}
