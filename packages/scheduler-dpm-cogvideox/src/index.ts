// CogVideoX's DPM: DPM-Solver++ of second order as an SDE, on noise levels whose signal to noise ratio is shifted.

import type {
  CogVideoXConfig,
  ConfigSchema,
  Plan,
  PlanRequest,
  StepContext,
  StepResult,
  Table,
  Tensor,
  TrainedLevel,
} from '@unnoise/core';
import {
  DiffusionError,
  KARRAS_COMPATIBLES,
  SchedulerMixin,
  cogVideoXFields,
  cogVideoXLevels,
  predict,
  stridePlan,
  trainedLevel,
} from '@unnoise/core';
import type { Multipliers, StepVariables } from './multipliers.ts';
import { multipliers, stepVariables } from './multipliers.ts';

export type { Multipliers, StepVariables } from './multipliers.ts';

export interface CogVideoXDPMConfig extends CogVideoXConfig {}

/** One step: from a noise level to the next. */
export interface CogVideoXDPMRow {
  readonly now: TrainedLevel;
  readonly next: TrainedLevel;
  /** The timestep before this one in the schedule; undefined where there is none. */
  readonly timestepBack: number | undefined;
  /** Whether the step goes below timestep 0. */
  readonly last: boolean;
}

/**
 * A step of DPM-Solver++(2M) as an SDE: x0 extrapolated from the predictions of this step and the last.
 *
 *     D    = x0 + (x0 - x0Back) / (2 r),  r = hBack / h;  x0 itself on the first step and the last
 *     prev = (sigmaPrev / sigma) e^-h x + alphaPrev (1 - e^-2h) D + sigmaPrev sqrt(1 - e^-2h) z
 *
 * with h the growth of lambda = ln(alpha / sigma). With snr_shift_scale 1 it is DPMSolverMultistepScheduler with
 * sde-dpmsolver++ and midpoint. Lu et al. (2022), arXiv 2211.01095; Yang et al. (2024), arXiv 2408.06072.
 */
export class CogVideoXDPMScheduler extends SchedulerMixin<CogVideoXDPMConfig, CogVideoXDPMRow> {
  static override readonly className = 'CogVideoXDPMScheduler';
  static override readonly compatibles: readonly string[] = KARRAS_COMPATIBLES;
  /** As upstream, eta and useClippedModelOutput are accepted and not used. */
  static override readonly stepOptions: readonly string[] = [
    'generator',
    'oldPredOriginalSample',
    'timestepBack',
    'eta',
    'useClippedModelOutput',
  ];
  static override readonly schema: ConfigSchema<CogVideoXDPMConfig> = cogVideoXFields;

  readonly #alphasCumprod: Table = cogVideoXLevels(this.config, this.precision);

  /** h, r and lambda of a step between levels given as alphas_cumprod, with that of the step before for r. */
  getVariables(alphaProdT: number, alphaProdTPrev: number, alphaProdTBack?: number): StepVariables {
    return stepVariables(alphaProdT, alphaProdTPrev, alphaProdTBack);
  }

  /** What the terms of a step weigh: two numbers, or with r four. */
  getMult(h: number, r: number | null | undefined, alphaProdT: number, alphaProdTPrev: number): Multipliers {
    return multipliers(h, r, alphaProdT, alphaProdTPrev);
  }

  protected override plan(request?: PlanRequest): Plan<CogVideoXDPMRow> {
    const { className } = this.class;
    const { config } = this;
    const stride = Math.floor(config.num_train_timesteps / (request?.numInferenceSteps ?? 1));
    const row = (now: TrainedLevel, next: TrainedLevel, timestep: number): CogVideoXDPMRow => {
      const timestepBack = plan.timesteps[plan.timesteps.indexOf(timestep) - 1];
      return { now, next, timestepBack, last: timestep < stride };
    };
    const plan = stridePlan({ className, config, alphasCumprod: this.#alphasCumprod, row }, request);
    return plan;
  }

  /** As upstream, each step but the first and the last draws twice and uses the second draw. */
  protected override rule({ k, x, out, carry, options, normal }: StepContext<CogVideoXDPMRow>): StepResult {
    const { x0 } = predict(this.config.prediction_type, k.now, x, out);
    const { oldPredOriginalSample: x0Back = carry[0], timestepBack = k.timestepBack } = options;
    // as upstream, a timestep that was not trained is refused also where it is not used
    const back = timestepBack === undefined ? undefined : trainedLevel(this.#alphasCumprod, timestepBack);
    const slope = x0Back && !k.last ? x0.sub(x0Back).mul(1 / (2 * ratio(k, back))) : undefined;
    const z = normal(x.shape);
    if (!slope) return { prev: advanced(k, x, x0, z), x0, carry: [x0] };
    return { prev: advanced(k, x, x0.add(slope), normal(x.shape)), x0, carry: [x0] };
  }
}

/** r: the size of the step before, relative to this one. */
function ratio({ now, next }: CogVideoXDPMRow, back: TrainedLevel | undefined): number {
  if (!back) {
    const message =
      'CogVideoXDPMScheduler: which timestep oldPredOriginalSample is of is not known. Give timestepBack.';
    throw new DiffusionError('REQUEST_INVALID', message);
  }
  return stepVariables(now.alphaCumprod, next.alphaCumprod, back.alphaCumprod).r ?? Number.NaN;
}

/** x moved to the next level towards what is taken for the clean sample, and noised. */
function advanced({ now, next }: CogVideoXDPMRow, x: Tensor, denoised: Tensor, z: Tensor): Tensor {
  const { h } = stepVariables(now.alphaCumprod, next.alphaCumprod);
  const [ofSample, ofDenoised] = multipliers(h, undefined, now.alphaCumprod, next.alphaCumprod);
  return x
    .mul(ofSample)
    .sub(denoised.mul(ofDenoised))
    .add(z.mul(next.sigma * Math.sqrt(-Math.expm1(-2 * h))));
}
