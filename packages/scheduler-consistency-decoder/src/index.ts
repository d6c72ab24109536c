// The consistency decoder of DALL-E 3: latents to pixels in two jumps.

import type { ConfigSchema, Plan, PlanRequest, StepContext, StepResult, Table } from '@unnoise/core';
import { DiffusionError, SchedulerMixin, field, timestepsNotSet, trainedLevel, trainingTables } from '@unnoise/core';

export interface ConsistencyDecoderConfig {
  /** Number of noise levels the model was trained with. */
  readonly num_train_timesteps: number;
  /** Standard deviation of the data. */
  readonly sigma_data: number;
}

/** One step: the weights of a jump, and the level that its result is noised to; none after the last. */
export interface ConsistencyDecoderRow {
  readonly cSkip: number;
  readonly cOut: number;
  readonly next: { readonly alpha: number; readonly sigma: number } | undefined;
}

/** As upstream, the only schedule there is. */
const TIMESTEPS: readonly number[] = [1008, 512];

/**
 * Two jumps of a consistency model on the cosine schedule; x = alpha x0 + sqrt(1 - alpha^2) noise, sigma its ratio of noise to signal.
 *
 *     x0   = cOut out + cSkip x,  cSkip = sigma_data^2 / (alpha (sigma^2 + sigma_data^2))
 *     prev = alphaPrev x0 + sqrt(1 - alphaPrev^2) z;  x0 itself after the last step
 *
 * Song, Dhariwal, Chen and Sutskever (2023), arXiv 2303.01469; used so by the decoder of Betker et al. (2023).
 */
export class ConsistencyDecoderScheduler extends SchedulerMixin<ConsistencyDecoderConfig, ConsistencyDecoderRow> {
  static override readonly className = 'ConsistencyDecoderScheduler';
  static override readonly stepOptions: readonly string[] = ['generator'];
  static override readonly schema: ConfigSchema<ConsistencyDecoderConfig> = {
    num_train_timesteps: field.number(1024),
    sigma_data: field.number(0.5),
  };

  readonly #alphasCumprod: Table = trainingTables(
    {
      num_train_timesteps: this.config.num_train_timesteps,
      beta_schedule: 'squaredcos_cap_v2',
      beta_start: Number.NaN, // the cosine has none
      beta_end: Number.NaN,
    },
    this.precision,
  ).alphasCumprod;

  protected override plan(request?: PlanRequest): Plan<ConsistencyDecoderRow> {
    if (request) this.#check(request);
    return {
      timesteps: request ? TIMESTEPS : [],
      initNoiseSigma: request ? trainedLevel(this.#alphasCumprod, TIMESTEPS[0]!).sigma : 1,
      inputScale: (_, timestep) => {
        const { alpha, total } = this.#scalings(timestep);
        return 1 / (alpha * Math.sqrt(total));
      },
      row: (_, timestep) => {
        if (!request) throw timestepsNotSet('ConsistencyDecoderScheduler');
        return this.#row(timestep);
      },
    };
  }

  #check({ numInferenceSteps: steps }: PlanRequest): void {
    const { num_train_timesteps: trained } = this.config;
    if (steps !== TIMESTEPS.length) {
      const message = `ConsistencyDecoderScheduler: numInferenceSteps is ${steps}; the decoder takes 2 steps and no others.`;
      throw new DiffusionError('REQUEST_INVALID', message, { steps });
    }
    if (TIMESTEPS.every((timestep) => timestep < trained)) return;
    const message = `num_train_timesteps is ${trained}, but the decoder's timesteps are ${TIMESTEPS.join(' and ')}. Give at least 1009.`;
    throw new DiffusionError('CONFIG_INVALID', message, { trained });
  }

  #row(timestep: number): ConsistencyDecoderRow {
    const index = TIMESTEPS.indexOf(timestep);
    if (index < 0) {
      const message = `Timestep ${timestep} is not in the schedule: the decoder has ${TIMESTEPS.join(' and ')}.`;
      throw new DiffusionError('TIMESTEP_NOT_IN_PLAN', message, { timestep });
    }
    const { alpha, sigma, total } = this.#scalings(timestep);
    const { sigma_data: data } = this.config;
    const next = TIMESTEPS[index + 1];
    return {
      cSkip: data ** 2 / (alpha * total),
      cOut: (sigma * data) / Math.sqrt(total),
      next: next === undefined ? undefined : trainedLevel(this.#alphasCumprod, next),
    };
  }

  #scalings(timestep: number): { readonly alpha: number; readonly sigma: number; readonly total: number } {
    const { alpha, alphaCumprod } = trainedLevel(this.#alphasCumprod, timestep);
    const variance = 1 / alphaCumprod - 1;
    return { alpha, sigma: Math.sqrt(variance), total: variance + this.config.sigma_data ** 2 };
  }

  protected override rule({ k, x, out, normal }: StepContext<ConsistencyDecoderRow>): StepResult {
    const x0 = out.mul(k.cOut).add(x.mul(k.cSkip));
    return { prev: k.next ? x0.mul(k.next.alpha).add(normal().mul(k.next.sigma)) : x0, x0 };
  }
}
