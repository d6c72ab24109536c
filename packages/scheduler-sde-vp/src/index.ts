// Score SDE, variance preserving: Euler's method on the reverse SDE, for models that predict the noise.

import type { ConfigSchema, Plan, PlanRequest, StepContext, StepOptions, StepResult, Tensor } from '@unnoise/core';
import {
  SchedulerMixin,
  field,
  inFloat32,
  methodNoise,
  methodResults,
  requireSteps,
  timestepsNotSet,
  torchLinspace,
} from '@unnoise/core';

export interface ScoreSdeVpConfig {
  /** Number of steps the model was trained with. No step reads it. */
  readonly num_train_timesteps: number;
  /** Rate of noising at time 0. */
  readonly beta_min: number;
  /** Rate of noising at time 1. */
  readonly beta_max: number;
  /** The last timestep; the first is 1. */
  readonly sampling_eps: number;
}

/** One step: what its mean weighs the sample and the model's output with, and the deviation of its noise. */
export interface ScoreSdeVpRow {
  readonly growth: number;
  readonly pull: number;
  readonly std: number;
}

/** What stepPred resolves to. The tensors are the caller's to dispose. */
export interface SdeVpOutput {
  readonly prevSample: Tensor;
  /** The sample without the noise of this step: what the last step should give. */
  readonly prevSampleMean: Tensor;
}

/**
 * A step of the Euler-Maruyama method backwards in time, with the rate beta = beta_min + t (beta_max - beta_min):
 *
 *     score = -eps / std,  std^2 = 1 - exp(-t^2 (beta_max - beta_min) / 2 - t beta_min)
 *     mean  = x + (x / 2 + score) beta / n
 *     prev  = mean + sqrt(beta / n) z
 *
 * Song, Sohl-Dickstein, Kingma, Kumar, Ermon and Poole (2021), arXiv 2011.13456, equations 6 and 32.
 */
export class ScoreSdeVpScheduler extends SchedulerMixin<ScoreSdeVpConfig, ScoreSdeVpRow> {
  static override readonly className = 'ScoreSdeVpScheduler';
  static override readonly stepOptions: readonly string[] = ['generator'];
  static override readonly schema: ConfigSchema<ScoreSdeVpConfig> = {
    num_train_timesteps: field.number(2000),
    beta_min: field.number(0.1),
    beta_max: field.number(20),
    sampling_eps: field.number(0.001),
  };

  protected override plan(request?: PlanRequest): Plan<ScoreSdeVpRow> {
    const steps = request?.numInferenceSteps ?? 0;
    if (request) requireSteps(steps);
    return {
      timesteps: Array.from(torchLinspace(1, this.config.sampling_eps, steps, this.precision)),
      initNoiseSigma: 1,
      row: (_, timestep) => this.#row(timestep, steps),
    };
  }

  /** Near time 0 the exponential is nearly 1, so its difference is rounded where upstream rounds. */
  #row(timestep: number, steps: number): ScoreSdeVpRow {
    if (steps === 0) throw timestepsNotSet('ScoreSdeVpScheduler');
    const { beta_min: low, beta_max: high } = this.config;
    const { round } = this.precision;
    const t = round(timestep);
    const width = round(high - low);
    const log = round(round(round(-0.25 * round(t * t)) * width) - round(round(0.5 * t) * round(low)));
    const std = Math.sqrt(round(1 - round(Math.exp(round(2 * log)))));
    const beta = round(round(low) + round(t * width));
    return { growth: 1 + beta / (2 * steps), pull: -beta / std / steps, std: Math.sqrt(beta / steps) };
  }

  protected override rule({ k, x, out, normal }: StepContext<ScoreSdeVpRow>): StepResult {
    return { prev: predicted(k, x, out).add(normal(x.shape).mul(k.std)), prevDtype: 'float32' };
  }

  /**
   * The predictor: `step`, which also tells the sample without the noise of this step. `out` is the model's prediction of the
   * noise, which upstream calls the score. Takes any time in (0, 1].
   * @throws DiffusionError TIMESTEPS_NOT_SET, GENERATOR_REQUIRED, NUMERIC at time 0.
   */
  async stepPred(
    out: Tensor,
    x: Tensor,
    timestep: number,
    options: Pick<StepOptions, 'generator'> = {},
  ): Promise<SdeVpOutput> {
    const method = 'ScoreSdeVpScheduler.stepPred';
    const k = this.#row(timestep, this.timesteps.length);
    const mean = predicted(k, x, out);
    const prev = mean.add(methodNoise(method, x.shape, options).mul(k.std));
    const results = await methodResults(method, [prev, mean], 'float32', this.options.backend);
    return { prevSample: results[0]!, prevSampleMean: results[1]! };
  }
}

/** As upstream, float32 whatever the sample is. */
function predicted({ growth, pull }: ScoreSdeVpRow, x: Tensor, out: Tensor): Tensor {
  return inFloat32(x).mul(growth).add(out.mul(pull));
}
