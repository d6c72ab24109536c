// DDIM: deterministic sampling of a DDPM-trained model, with the noise of DDPM as an option (eta).

import type {
  ConfigSchema,
  DDIMConfig,
  DDIMRow,
  Plan,
  PlanRequest,
  StepContext,
  StepResult,
  TrainingTables,
} from '@unnoise/core';
import {
  DDIM_STEP_OPTIONS,
  KARRAS_COMPATIBLES,
  SchedulerMixin,
  ddimFields,
  ddimRow,
  ddimStep,
  stridePlan,
  trainingTables,
} from '@unnoise/core';

export type { DDIMConfig, DDIMRow } from '@unnoise/core';

/**
 * Denoising diffusion implicit models: a step along the probability-flow ODE, with DDPM's noise mixed in by eta.
 *
 *     x0   = (x - sigma eps) / alpha, thresholded or clipped
 *     prev = alphaPrev x0 + sqrt(sigmaPrev^2 - std^2) eps + std z,  std = eta sqrt(variance)
 *
 * eta 0 is Euler's method in sigma / alpha; eta 1 is DDPM with variance_type fixed_small.
 * Song, Meng and Ermon (2021), arXiv 2010.02502, equation 12.
 */
export class DDIMScheduler extends SchedulerMixin<DDIMConfig, DDIMRow> {
  static override readonly className = 'DDIMScheduler';
  static override readonly compatibles: readonly string[] = KARRAS_COMPATIBLES;
  static override readonly stepOptions: readonly string[] = DDIM_STEP_OPTIONS;
  static override readonly schema: ConfigSchema<DDIMConfig> = ddimFields;

  readonly #tables: TrainingTables = trainingTables(this.config, this.precision, {
    zeroTerminalSnr: this.config.rescale_betas_zero_snr,
  });

  /** As upstream, the previous timestep is always one stride back, whatever the next entry of the schedule is. */
  protected override plan(request?: PlanRequest): Plan<DDIMRow> {
    const { className } = this.class;
    const { alphasCumprod } = this.#tables;
    return stridePlan({ className, config: this.config, alphasCumprod, row: ddimRow }, request);
  }

  protected override rule(context: StepContext<DDIMRow>): StepResult | Promise<StepResult> {
    return ddimStep(context, this.config);
  }
}
