// IPNDM: fourth-order multistep sampling on a schedule of its own, for models that predict the velocity.

import type { ConfigSchema, Plan, PlanRequest, StepContext, StepResult } from '@unnoise/core';
import {
  ADAMS_BASHFORTH_STEPS,
  SchedulerMixin,
  adamsBashforth,
  betaFields,
  field,
  indexForTimestep,
} from '@unnoise/core';
import { ipndmSchedule } from './schedule.ts';

export interface IPNDMConfig {
  /** Number of steps of the schedule before setTimesteps. */
  readonly num_train_timesteps: number;
  /** Noise levels sigma to use whatever the number of steps, descending from 1 to 0. */
  readonly trained_betas: readonly number[] | null;
}

/** One step: from noise level (alpha, sigma) to the next. */
export interface IPNDMRow {
  readonly alpha: number;
  readonly sigma: number;
  readonly alphaPrev: number;
  readonly sigmaPrev: number;
}

/** As upstream: what is divided by where the sample is nothing but noise, and its predicted x0 is 0 / 0. */
const SMALLEST_ALPHA = 1e-8;

/**
 * Improved pseudo linear multistep: the step of DDIM with the noise extrapolated from the last four.
 *
 *     eps  = sigma x + alpha v
 *     x0   = (x - sigma eps') / alpha,  eps' by Adams-Bashforth from this eps and up to three before
 *     prev = alphaPrev x0 + sigmaPrev eps'
 *
 * The first step, from alpha 0, predicts x0 = 0. Liu, Ren, Lin and Zhao (2022), arXiv 2202.09778, equations 9 and 12;
 * Zhang and Chen (2022), arXiv 2204.13902, name it iPNDM.
 */
export class IPNDMScheduler extends SchedulerMixin<IPNDMConfig, IPNDMRow> {
  static override readonly className = 'IPNDMScheduler';
  static override readonly schema: ConfigSchema<IPNDMConfig> = {
    num_train_timesteps: field.number(1000),
    trained_betas: betaFields.trained_betas,
  };

  protected override plan(request?: PlanRequest): Plan<IPNDMRow> {
    const steps = request?.numInferenceSteps ?? this.config.num_train_timesteps;
    const { timesteps, alphas, sigmas } = ipndmSchedule(steps, this.config.trained_betas, this.precision);
    const level = (index: number): readonly [number, number] => [
      alphas[index] ?? Number.NaN,
      sigmas[index] ?? Number.NaN,
    ];
    return {
      timesteps,
      numInferenceSteps: steps,
      initNoiseSigma: 1,
      indexOf: (timestep) => indexForTimestep(timesteps, timestep),
      row: (index) => {
        const [[alpha, sigma], [alphaPrev, sigmaPrev]] = [level(index), level(index + 1)];
        return { alpha, sigma, alphaPrev, sigmaPrev };
      },
    };
  }

  protected override rule({ k, x, out, carry }: StepContext<IPNDMRow>): StepResult {
    const eps = x.mul(k.sigma).add(out.mul(k.alpha));
    const slope = adamsBashforth([eps, ...carry]);
    const x0 = x.sub(slope.mul(k.sigma)).div(Math.max(k.alpha, SMALLEST_ALPHA));
    return {
      prev: x0.mul(k.alphaPrev).add(slope.mul(k.sigmaPrev)),
      carry: [eps, ...carry].slice(0, ADAMS_BASHFORTH_STEPS - 1),
    };
  }
}
