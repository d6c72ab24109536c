// LCM: a model distilled to jump from any noise level to the data, sampled by jumping and noising again.

import type {
  ConfigSchema,
  DistillationGrid,
  DistilledConfig,
  DistilledPlan,
  Plan,
  PlanRequest,
  StepContext,
  StepResult,
  Tensor,
  TrainingTables,
} from '@unnoise/core';
import {
  DISTILLED_REQUEST_KEYS,
  SchedulerMixin,
  after,
  bounded,
  distillationGrid,
  distilledFields,
  distilledPlan,
  levelOrEnd,
  predict,
  timestepsNotSet,
  trainedLevel,
  trainingTables,
  unsetDistilledPlan,
} from '@unnoise/core';

export interface LCMConfig extends DistilledConfig {}

/** One step: from noise level (alpha, sigma), with the weights of the boundary condition, to the next one. */
export interface LCMRow {
  readonly alpha: number;
  readonly sigma: number;
  readonly skip: number;
  readonly out: number;
  readonly alphaPrev: number;
  readonly sigmaPrev: number;
  readonly noisy: boolean;
}

/** Standard deviation of the data, as the boundary condition takes it. */
const SIGMA_DATA = 0.5;

/**
 * Multistep sampling of a latent consistency model: jump to the data, then noise the result to the next level.
 *
 *     x0   = (x - sigma eps) / alpha, thresholded or clipped
 *     f    = out x0 + skip x,  skip -> 1 and out -> 0 as the timestep goes to 0
 *     prev = alphaPrev f + sigmaPrev z;  f itself after the last step
 *
 * Exact for every number of steps where f is. Luo et al. (2023), arXiv 2310.04378, algorithm 3.
 */
export class LCMScheduler extends SchedulerMixin<LCMConfig, LCMRow> {
  static override readonly className = 'LCMScheduler';
  static override readonly requestKeys: readonly string[] = DISTILLED_REQUEST_KEYS;
  static override readonly stepOptions: readonly string[] = ['generator'];
  static override readonly schema: ConfigSchema<LCMConfig> = distilledFields;

  readonly #tables: TrainingTables = trainingTables(this.config, this.precision, {
    zeroTerminalSnr: this.config.rescale_betas_zero_snr,
  });

  protected override plan(request?: PlanRequest): Plan<LCMRow> {
    const { alphasCumprod } = this.#tables;
    const plan = request
      ? distilledPlan(request, this.#grid(request), alphasCumprod)
      : unsetDistilledPlan(this.config.num_train_timesteps, alphasCumprod);
    return { ...plan, row: (index, timestep) => this.#row(plan, index, timestep) };
  }

  #grid({ originalInferenceSteps }: PlanRequest): DistillationGrid {
    const { original_inference_steps: trained, num_train_timesteps: trainSteps } = this.config;
    return distillationGrid(originalInferenceSteps ?? trained, trainSteps);
  }

  /** As upstream, the last step that draws goes by the count: where strength dropped custom timesteps, all steps draw. */
  #row({ timesteps, numInferenceSteps }: DistilledPlan, index: number, timestep: number): LCMRow {
    if (numInferenceSteps === undefined) throw timestepsNotSet('LCMScheduler');
    const { alphasCumprod } = this.#tables;
    const { alpha, sigma } = trainedLevel(alphasCumprod, timestep);
    const next = levelOrEnd(alphasCumprod, timesteps[index + 1] ?? timestep, this.config);
    return {
      alpha,
      sigma,
      ...boundaryScalings(timestep * this.config.timestep_scaling),
      alphaPrev: next.alpha,
      sigmaPrev: next.sigma,
      noisy: index !== numInferenceSteps - 1,
    };
  }

  protected override rule(context: StepContext<LCMRow>): StepResult | Promise<StepResult> {
    const { k, x, out } = context;
    const { x0 } = predict(this.config.prediction_type, k, x, out);
    return after(bounded(context, x0, this.config), (clean) => update(context, clean));
  }
}

function update({ k, x, normal }: StepContext<LCMRow>, x0: Tensor): StepResult {
  const f = x0.mul(k.out).add(x.mul(k.skip));
  return { prev: k.noisy ? f.mul(k.alphaPrev).add(normal().mul(k.sigmaPrev)) : f, x0: f };
}

/** c_skip and c_out of a consistency function: the identity at time 0. */
function boundaryScalings(time: number): { skip: number; out: number } {
  const square = time ** 2 + SIGMA_DATA ** 2;
  return { skip: SIGMA_DATA ** 2 / square, out: time / Math.sqrt(square) };
}
