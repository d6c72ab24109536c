// Restart: Heun's method down the noise levels, with noise back up to a higher one in between.

import type {
  ConfigSchema,
  KScheduleConfig,
  ModelCall,
  Plan,
  PlanRequest,
  SchedulerOptions,
  StepContext,
  StepResult,
  Table,
} from '@unnoise/core';
import {
  KScheduleMixin,
  karrasCurve,
  kScheduleFields,
  ofFirstCall,
  precisionOf,
  torchLinspace,
  withFinalSigma,
} from '@unnoise/core';
import type { RestartList } from './restarts.ts';
import { requireRestarts, stepsOf, usualRestarts, waysDown } from './restarts.ts';

export type { RestartList } from './restarts.ts';

export interface RestartConfig extends KScheduleConfig {
  /** Restarts by sigma_min: [levels of the way down, times, sigma_max]; {} for none; null: AUTOMATIC1111's for the number of steps. */
  readonly restart_list: RestartList | null;
}

/** A model call of a step from sigma to sigmaNext; after its last call noise leads up to `restart`, which is sigmaNext where none does. */
export interface RestartRow extends ModelCall {
  readonly sigma: number;
  readonly sigmaNext: number;
  readonly restart: number;
}

/**
 * Heun's method on dx/dsigma = d(x, sigma) = (x - x0) / sigma, and where sigmaNext is the sigma_min of a restart, noise z:
 *
 *     first:  xNext = x + (sigmaNext - sigma) d(x, sigma)
 *     second: prev  = x + (sigmaNext - sigma) (d(x, sigma) + d(xNext, sigmaNext)) / 2 + sqrt(sigma_max^2 - sigma_min^2) z
 *
 * From sigma_max Karras levels lead down to sigma_min again. The step to sigma 0 is the first call alone.
 * Xu, Deng, Cheng, Tian, Liu and Jaakkola (2023), arXiv 2306.14878, algorithm 1.
 */
export class RestartScheduler extends KScheduleMixin<RestartConfig, RestartRow> {
  static override readonly className = 'RestartScheduler';
  static override readonly schema: ConfigSchema<RestartConfig> = {
    ...kScheduleFields,
    restart_list: { default: null, kind: 'any' },
  };

  override readonly order: number = 2;

  constructor(config: Partial<RestartConfig> = {}, options: SchedulerOptions = {}) {
    super(config, options);
    if (this.config.restart_list !== null) requireRestarts(this.config.restart_list);
  }

  protected override plan(request?: PlanRequest): Plan<RestartRow> {
    const asked = this.levels(request);
    const steps = asked.length - 1;
    const { restart_list: given } = this.config;
    const list = given ?? usualRestarts(steps);
    const sigmas = given || request?.sigmas ? asked : spared(asked, stepsOf(list));
    return this.planOf(callsOf(waysDown(sigmas, list)), sigmas.at(-1)!, steps);
  }

  protected override rule({ k, index, x, out, carry, normalBetween }: StepContext<RestartRow>): StepResult {
    const x0 = this.cleanOf(k, x, out);
    const derivative = x.sub(x0).div(k.level);
    const dt = k.sigmaNext - k.sigma;
    const euler = x.add(derivative.mul(dt));
    if (k.call === 0 && k.sigmaNext > 0) return { prev: euler, x0, carry: [x.add(derivative.mul(dt / 2))] };
    const next = k.call === 0 ? euler : ofFirstCall(carry, index).add(derivative.mul(dt / 2));
    if (k.restart === k.sigmaNext) return { prev: next, x0 };
    const deviation = Math.sqrt(k.restart ** 2 - k.sigmaNext ** 2) * this.config.s_noise;
    return { prev: next.add(normalBetween(k.sigmaNext, k.restart).mul(deviation)), x0 };
  }
}

/** AUTOMATIC1111's levels where its restarts are a part of the steps: as many fewer, and Karras ones. */
function spared(asked: Table, steps: number): Table {
  if (steps === 0) return asked;
  const precision = precisionOf(asked);
  const ramp = torchLinspace(0, 1, asked.length - 1 - steps, precision);
  return withFinalSigma(karrasCurve({ max: asked[0]!, min: asked.at(-2)! }, ramp), 0, precision);
}

function callsOf(ways: readonly Table[]): readonly RestartRow[] {
  return ways.flatMap((way, i) => {
    const above = Math.max(ways[i + 1]?.[0] ?? 0, way.at(-1)!);
    return Array.from(way.subarray(1), (sigmaNext, j) => {
      const step = { sigma: way[j]!, sigmaNext, restart: j === way.length - 2 ? above : sigmaNext };
      const first = { ...step, level: step.sigma, call: 0 };
      return sigmaNext === 0 ? [first] : [first, { ...step, level: sigmaNext, call: 1 }];
    }).flat();
  });
}
