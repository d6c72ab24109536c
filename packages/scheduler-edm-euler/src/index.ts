// Euler's method for EDM models, whose output is preconditioned, with the churn of Karras et al. as an option.

import type {
  ChurnRow,
  ConfigSchema,
  EDMConfig,
  Plan,
  PlanRequest,
  SchedulerOptions,
  StepContext,
  StepResult,
  Table,
} from '@unnoise/core';
import {
  CHURN_OPTIONS,
  DiffusionError,
  EDMMixin,
  churned,
  edmDenoised,
  edmFields,
  edmSigmas,
  exact64,
  finalSigma,
  inFloat32,
  indexForTimestep,
} from '@unnoise/core';

export interface EDMEulerConfig extends EDMConfig {}

/** One step from sigma to sigmaNext. */
export interface EDMEulerRow extends ChurnRow {
  readonly sigmaNext: number;
}

/**
 * Euler's method on dx/dsigma = (x - x0) / sigma, after churn has raised the noise from sigma to sigmaHat, for models whose
 * output F means x0 = c_skip x + c_out F.
 *
 *     c_skip = sigmaData^2 / (sigma^2 + sigmaData^2),  c_out = sigma sigmaData / sqrt(sigma^2 + sigmaData^2)
 *     prev   = xHat + (sigmaNext - sigmaHat) (xHat - x0) / sigmaHat
 *
 * It is EulerDiscrete with another schedule and another output of the model.
 * Karras, Aittala, Aila and Laine (2022), arXiv 2206.00364, algorithm 2 without the second-order correction.
 */
export class EDMEulerScheduler extends EDMMixin<EDMEulerConfig, EDMEulerRow> {
  static override readonly className = 'EDMEulerScheduler';
  static override readonly requestKeys: readonly string[] = ['numInferenceSteps', 'sigmas'];
  static override readonly stepOptions: readonly string[] = [...CHURN_OPTIONS, 'predOriginalSample'];
  static override readonly schema: ConfigSchema<EDMEulerConfig> = edmFields;

  readonly #unset: Plan<EDMEulerRow>;

  /** @throws DiffusionError CONFIG_INVALID and NUMERIC where the config gives no schedule, as upstream. */
  constructor(config: Partial<EDMEulerConfig> = {}, options: SchedulerOptions = {}) {
    super(config, options);
    const { num_train_timesteps: count } = this.config;
    this.#unset = this.#planOn(Float64Array.from({ length: count + 1 }, (_, i) => i / count));
  }

  protected override plan(request?: PlanRequest): Plan<EDMEulerRow> {
    if (!request) return this.#unset;
    const { numInferenceSteps: steps, sigmas = this.rampOf(steps ?? 0, exact64) } = request;
    if (sigmas.length === 0)
      throw new DiffusionError('REQUEST_INVALID', 'Give numInferenceSteps, or sigmas: at least one.');
    return { ...this.#planOn(Float64Array.from(sigmas)), ...(steps && { numInferenceSteps: steps }) };
  }

  #planOn(ramp: Table): Plan<EDMEulerRow> {
    const levels = edmSigmas(this.config, ramp, this.precision);
    const plan = this.planAt(levels, finalSigma(this.config.final_sigmas_type, levels.at(-1) ?? Number.NaN));
    const at = (index: number): number => plan.sigmas[index] ?? Number.NaN;
    return {
      ...plan,
      indexOf: (timestep) => indexForTimestep(plan.timesteps, timestep),
      row: (index) => ({ sigma: at(index), sigmaNext: at(index + 1), steps: levels.length }),
    };
  }

  protected override rule(context: StepContext<EDMEulerRow>): StepResult {
    const { k, x, out, options } = context;
    const { xHat, sigmaHat } = churned(context, inFloat32(x), this.precision);
    const x0 = options.predOriginalSample?.clone() ?? edmDenoised(this.config, sigmaHat, xHat, out);
    const derivative = xHat.sub(x0).div(sigmaHat);
    return { prev: xHat.add(derivative.mul(k.sigmaNext - sigmaHat)), x0 };
  }
}
