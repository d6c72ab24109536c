// DDPM: ancestral sampling, the reverse of the noising chain with a Gaussian at every step.

import type { DDPMConfig, DDPMRow, Plan, PlanRequest, StepContext, StepResult, TrainingTables } from '@unnoise/core';
import { AncestralMixin, DDPM_BETA_RULES, KARRAS_COMPATIBLES, ddpmPlan, ddpmStep, trainingTables } from '@unnoise/core';

export type { DDPMConfig, DDPMRow, VarianceType } from '@unnoise/core';

/**
 * Denoising diffusion probabilistic models: a sample of the posterior of one noising step, with x0 as the model predicts it.
 *
 *     prev = (alphaPrev beta x0 + sqrt(1 - beta) sigmaPrev^2 x) / sigma^2 + std z,  beta = 1 - (alpha / alphaPrev)^2
 *
 * fixed_small is DDIM with eta 1. Ho, Jain and Abbeel (2020), arXiv 2006.11239, equations 6 and 7; learned_range:
 * Nichol and Dhariwal (2021), arXiv 2102.09672, equation 15.
 */
export class DDPMScheduler extends AncestralMixin<DDPMConfig> {
  static override readonly className = 'DDPMScheduler';
  static override readonly compatibles: readonly string[] = KARRAS_COMPATIBLES;

  readonly #tables: TrainingTables = trainingTables(this.config, this.precision, {
    zeroTerminalSnr: this.config.rescale_betas_zero_snr,
    rules: DDPM_BETA_RULES,
  });

  protected override plan(request?: PlanRequest): Plan<DDPMRow> {
    return ddpmPlan(this.config, this.#tables.alphasCumprod, this.precision, request);
  }

  protected override rule(context: StepContext<DDPMRow>): StepResult | Promise<StepResult> {
    return ddpmStep(context, this.config);
  }
}
