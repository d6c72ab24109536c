// DDIM for parallel sampling: the step of DDIM, and one of many samples at once, each from a timestep of its own.

import type {
  ConfigSchema,
  DDIMConfig,
  DDIMRow,
  Plan,
  PlanRequest,
  StepContext,
  StepOptions,
  StepResult,
  Tensor,
  TrainingTables,
} from '@unnoise/core';
import {
  DDIM_STEP_OPTIONS,
  DiffusionError,
  KARRAS_COMPATIBLES,
  SchedulerMixin,
  after,
  batchStep,
  ddimFields,
  ddimPrediction,
  ddimRow,
  ddimStep,
  levelOrEnd,
  predictionDivisors,
  stridePlan,
  timestepsNotSet,
  trainedLevel,
  trainingTables,
} from '@unnoise/core';

export interface DDIMParallelConfig extends DDIMConfig {}

/** What the step of many samples takes. */
export type BatchStepOptions = Pick<StepOptions, 'eta' | 'useClippedModelOutput'>;

/**
 * DDIM, for samplers that refine many steps of a run at once until they agree (ParaDiGMS):
 *
 *     x0   = (x - sigma eps) / alpha, thresholded or clipped
 *     prev = alphaPrev x0 + sigmaPrev eps,  with the levels of each batch item
 *
 * `step` is that of DDIMScheduler, and batchStepNoNoise is `step` of each item. Shih et al. (2023), arXiv 2305.16317.
 */
export class DDIMParallelScheduler extends SchedulerMixin<DDIMParallelConfig, DDIMRow> {
  static override readonly className = 'DDIMParallelScheduler';
  static override readonly compatibles: readonly string[] = KARRAS_COMPATIBLES;
  static override readonly stepOptions: readonly string[] = DDIM_STEP_OPTIONS;
  static override readonly schema: ConfigSchema<DDIMParallelConfig> = ddimFields;

  readonly #tables: TrainingTables = trainingTables(this.config, this.precision, {
    zeroTerminalSnr: this.config.rescale_betas_zero_snr,
  });

  /** Whether a run is an ODE: samples may then be refined without noise of their own. */
  get isOdeScheduler(): boolean {
    return true;
  }

  protected override plan(request?: PlanRequest): Plan<DDIMRow> {
    const { className } = this.class;
    const { alphasCumprod } = this.#tables;
    return stridePlan({ className, config: this.config, alphasCumprod, row: ddimRow }, request);
  }

  protected override rule(context: StepContext<DDIMRow>): StepResult | Promise<StepResult> {
    return ddimStep(context, this.config);
  }

  /**
   * The next sample of each batch item, from its own timestep; one pass for all. `timesteps`: one per item. The result is the caller's.
   * As upstream, a step below timestep 0 always ends noiseless, whatever set_alpha_to_one is.
   * @throws DiffusionError TIMESTEPS_NOT_SET, REQUEST_INVALID for an eta, TIMESTEP_NOT_IN_PLAN, NUMERIC.
   */
  async batchStepNoNoise(
    out: Tensor,
    timesteps: readonly number[],
    x: Tensor,
    options: BatchStepOptions = {},
  ): Promise<Tensor> {
    const clipped = clippedOf(options);
    return batchStep({
      out,
      x,
      rows: this.#levels(timesteps),
      divisors: [...predictionDivisors(this.config.prediction_type), ...(clipped ? (['sigma'] as const) : [])],
      backend: this.options.backend,
      rule: (context) =>
        after(ddimPrediction(context, this.config, clipped), ({ x0, eps }) =>
          x0.mul(context.k.alphaPrev).add(eps.mul(context.k.sigmaPrev)),
        ),
    });
  }

  #levels(timesteps: readonly number[]): readonly Omit<DDIMRow, 'variance'>[] {
    const { numInferenceSteps: steps } = this;
    if (steps === undefined) throw timestepsNotSet('DDIMParallelScheduler');
    const stride = Math.floor(this.config.num_train_timesteps / steps);
    const { alphasCumprod } = this.#tables;
    return timesteps.map((timestep) => {
      const { alpha, sigma } = trainedLevel(alphasCumprod, timestep);
      const next = levelOrEnd(alphasCumprod, timestep - stride, { set_alpha_to_one: true });
      return { alpha, sigma, alphaPrev: next.alpha, sigmaPrev: next.sigma };
    });
  }
}

/** useClippedModelOutput. Throws REQUEST_INVALID for an eta, since there is no noise, and for what is no option. */
function clippedOf({ eta = 0, useClippedModelOutput = false, ...foreign }: BatchStepOptions): boolean {
  const [key] = Object.keys(foreign);
  if (eta === 0 && key === undefined) return useClippedModelOutput;
  const what = key === undefined ? `eta is ${eta}, but there is no noise` : `there is no option "${key}"`;
  const message = `DDIMParallelScheduler.batchStepNoNoise: ${what}. It takes useClippedModelOutput; use step for all else.`;
  throw new DiffusionError('REQUEST_INVALID', message, { eta, key });
}
