// TCD: a model distilled to jump between any two noise levels, sampled by jumping too far and noising back.

import type {
  ConfigSchema,
  DistillationGrid,
  DistilledConfig,
  DistilledPlan,
  Plan,
  PlanRequest,
  StepContext,
  StepResult,
  TrainedLevel,
  TrainingTables,
} from '@unnoise/core';
import {
  DISTILLED_REQUEST_KEYS,
  DiffusionError,
  SchedulerMixin,
  distillationGrid,
  distilledFields,
  distilledPlan,
  fullGrid,
  levelOrEnd,
  predict,
  timestepsNotSet,
  trainedLevel,
  trainingTables,
  unsetDistilledPlan,
} from '@unnoise/core';

/** As upstream, no step reads the keys that are listed here. */
export interface TCDConfig extends DistilledConfig {
  /** Not read, as upstream. */
  readonly clip_sample: boolean;
  /** Not read, as upstream. */
  readonly clip_sample_range: number;
  /** Not read, as upstream. */
  readonly thresholding: boolean;
  /** Not read, as upstream. */
  readonly dynamic_thresholding_ratio: number;
  /** Not read, as upstream. */
  readonly sample_max_value: number;
  /** Not read, as upstream. */
  readonly timestep_scaling: number;
}

/** One step: from noise level (alpha, sigma) to that of the timestep `previous`; how far beyond is up to eta. */
export interface TCDRow {
  readonly alpha: number;
  readonly sigma: number;
  readonly previous: number;
  readonly alphaCumprodPrev: number;
  readonly noisy: boolean;
}

/**
 * Strategic stochastic sampling of a trajectory consistency model: jump to the level s = floor((1 - eta) t'), then add
 * noise up to that of t'.
 *
 *     x0   = (x - sigma eps) / alpha
 *     x_s  = alpha_s x0 + sigma_s eps
 *     prev = alphaPrev / alpha_s x_s + sqrt(1 - (alphaPrev / alpha_s)^2) z;  x_s itself after the last step
 *
 * eta, gamma in the paper, is 0.3 unless given: 0 draws nothing, 1 jumps to timestep 0 each time.
 * Zheng et al. (2024), arXiv 2402.19159, algorithm 2.
 */
export class TCDScheduler extends SchedulerMixin<TCDConfig, TCDRow> {
  static override readonly className = 'TCDScheduler';
  static override readonly requestKeys: readonly string[] = DISTILLED_REQUEST_KEYS;
  static override readonly stepOptions: readonly string[] = ['eta', 'generator'];
  static override readonly schema: ConfigSchema<TCDConfig> = distilledFields;

  readonly #tables: TrainingTables = trainingTables(this.config, this.precision, {
    zeroTerminalSnr: this.config.rescale_betas_zero_snr,
  });

  protected override plan(request?: PlanRequest): Plan<TCDRow> {
    const { alphasCumprod } = this.#tables;
    const plan = request
      ? distilledPlan(request, this.#grid(request), alphasCumprod)
      : unsetDistilledPlan(this.config.num_train_timesteps, alphasCumprod);
    return { ...plan, row: (index, timestep) => this.#row(plan, index, timestep) };
  }

  /** As upstream, an original step count of the request opens all timesteps. */
  #grid({ originalInferenceSteps: steps }: PlanRequest): DistillationGrid {
    const { original_inference_steps: trained, num_train_timesteps: trainSteps } = this.config;
    return steps === undefined ? distillationGrid(trained, trainSteps) : fullGrid(steps, trainSteps);
  }

  /** As upstream, the last step goes by the count: where strength dropped custom timesteps, all steps draw. */
  #row({ timesteps, numInferenceSteps }: DistilledPlan, index: number, timestep: number): TCDRow {
    if (numInferenceSteps === undefined) throw timestepsNotSet('TCDScheduler');
    const { alphasCumprod } = this.#tables;
    const { alpha, sigma } = trainedLevel(alphasCumprod, timestep);
    const previous = timesteps[index + 1] ?? 0;
    const { alphaCumprod: alphaCumprodPrev } = levelOrEnd(alphasCumprod, previous, this.config);
    return { alpha, sigma, previous, alphaCumprodPrev, noisy: index !== numInferenceSteps - 1 };
  }

  protected override rule({ k, x, out, options, normal }: StepContext<TCDRow>): StepResult {
    const { eta = 0.3 } = options;
    const s = this.#beyond(k.previous, eta);
    const { x0, eps } = predict(this.config.prediction_type, k, x, out);
    const xs = x0.mul(s.alpha).add(eps.mul(s.sigma));
    if (eta === 0 || !k.noisy) return { prev: xs, x0 };
    const { round } = this.precision;
    const ratio = round(k.alphaCumprodPrev / s.alphaCumprod); // 1 - ratio cancels, so it is rounded where upstream rounds
    return { prev: xs.mul(Math.sqrt(ratio)).add(normal().mul(Math.sqrt(round(1 - ratio)))), x0 };
  }

  /** The level that a jump aims at. Throws REQUEST_INVALID for an eta outside [0, 1]. */
  #beyond(previous: number, eta: number): TrainedLevel {
    if (!(eta >= 0 && eta <= 1)) {
      throw new DiffusionError('REQUEST_INVALID', `TCDScheduler: eta is ${eta}. Give a number from 0 to 1.`, { eta });
    }
    const { round } = this.precision;
    return trainedLevel(this.#tables.alphasCumprod, Math.floor(round(round(1 - eta) * previous)));
  }
}
