// DDPM for parallel sampling: the step of DDPM, and the mean of one for many samples at once, each from a timestep of its own.

import type {
  DDPMConfig,
  DDPMRow,
  Plan,
  PlanRequest,
  StepContext,
  StepResult,
  Tensor,
  TrainingTables,
} from '@unnoise/core';
import {
  AncestralMixin,
  DDPM_BETA_RULES,
  KARRAS_COMPATIBLES,
  after,
  batchStep,
  bounded,
  ddpmPlan,
  ddpmRow,
  ddpmStep,
  posteriorMean,
  predict,
  splitVariance,
  trainingTables,
} from '@unnoise/core';

export interface DDPMParallelConfig extends DDPMConfig {}

/**
 * DDPM, for samplers that refine many steps of a run at once until they agree (ParaDiGMS), with noise drawn beforehand:
 *
 *     prev = (alphaPrev beta x0 + sqrt(1 - beta) sigmaPrev^2 x) / sigma^2,  with the levels of each batch item
 *
 * `step` is that of DDPMScheduler, and batchStepNoNoise is `step` of each item without its noise. Shih et al. (2023), arXiv 2305.16317.
 */
export class DDPMParallelScheduler extends AncestralMixin<DDPMParallelConfig> {
  static override readonly className = 'DDPMParallelScheduler';
  static override readonly compatibles: readonly string[] = KARRAS_COMPATIBLES;

  readonly #tables: TrainingTables = trainingTables(this.config, this.precision, {
    zeroTerminalSnr: this.config.rescale_betas_zero_snr,
    rules: DDPM_BETA_RULES,
  });

  /** Whether a run is an ODE: here each sample has noise of its own. */
  get isOdeScheduler(): boolean {
    return false;
  }

  protected override plan(request?: PlanRequest): Plan<DDPMRow> {
    return ddpmPlan(this.config, this.#tables.alphasCumprod, this.precision, request);
  }

  protected override rule(context: StepContext<DDPMRow>): StepResult | Promise<StepResult> {
    return ddpmStep(context, this.config);
  }

  /**
   * The mean of the next sample of each batch item, from its own timestep; one pass for all. `timesteps`: one per item. The result is the
   * caller's. As upstream, the previous timestep is one stride back (one, before setTimesteps), whatever the next entry of the schedule is.
   * @throws DiffusionError TIMESTEP_NOT_IN_PLAN, SHAPE_MISMATCH, NUMERIC.
   */
  async batchStepNoNoise(out: Tensor, timesteps: readonly number[], x: Tensor): Promise<Tensor> {
    const { prediction_type: type, variance_type: variance } = this.config;
    const learned = out.shape[1] === 2 * (x.shape[1] ?? 0) && variance?.startsWith('learned');
    const [mean] = learned ? splitVariance(x, out) : [out];
    return batchStep({
      out: mean,
      x,
      rows: this.#weights(timesteps),
      divisors: type === 'epsilon' ? ['alpha'] : [],
      backend: this.options.backend,
      rule: (context) =>
        after(bounded(context, predict(type, context.k, x, mean).x0, this.config), (x0) =>
          posteriorMean(context.k, x, x0),
        ),
    });
  }

  #weights(timesteps: readonly number[]): readonly Pick<DDPMRow, 'alpha' | 'sigma' | 'x0Weight' | 'xWeight'>[] {
    const { num_train_timesteps: trainSteps } = this.config;
    const stride = Math.floor(trainSteps / (this.numInferenceSteps ?? trainSteps));
    return timesteps.map((timestep) => {
      const row = ddpmRow(this.#tables.alphasCumprod, timestep, timestep - stride, this.precision);
      return { alpha: row.alpha, sigma: row.sigma, x0Weight: row.x0Weight, xWeight: row.xWeight };
    });
  }
}
