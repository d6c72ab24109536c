// DDIM backwards: from a clean sample to the noise that DDIM would make it from.

import type {
  BetaConfig,
  ConfigSchema,
  Plan,
  PlanRequest,
  PredictionType,
  StepContext,
  StepResult,
  TimestepSpacing,
  TrainingTables,
} from '@unnoise/core';
import {
  SchedulerMixin,
  betaFields,
  field,
  integerTimesteps,
  levelOrEnd,
  predict,
  predictionTypeField,
  requireChoice,
  requireSteps,
  spacingFields,
  timestepsNotSet,
  trainedLevel,
  trainingTables,
} from '@unnoise/core';

/** As upstream, linspace is not among them. */
const SPACINGS: readonly DDIMInverseConfig['timestep_spacing'][] = ['leading', 'trailing'];

export interface DDIMInverseConfig extends BetaConfig {
  /** How the timesteps of a run are spread over the trained ones. */
  readonly timestep_spacing: Exclude<TimestepSpacing, 'linspace'>;
  /** Added to every timestep of leading spacing. */
  readonly steps_offset: number;
  /** Clip the predicted original sample; for pixel models only. */
  readonly clip_sample: boolean;
  /** Largest magnitude after clipping. */
  readonly clip_sample_range: number;
  /** Take the level before the first step as noiseless; else as that of timestep 0. */
  readonly set_alpha_to_one: boolean;
  /** What the model predicts: the noise, the original sample, or the velocity. */
  readonly prediction_type: PredictionType;
  /** Rescale the betas to zero terminal SNR; meant for v_prediction. */
  readonly rescale_betas_zero_snr: boolean;
}

/** One step: from noise level (alpha, sigma) up to the next. */
export interface DDIMInverseRow {
  readonly alpha: number;
  readonly sigma: number;
  readonly alphaNext: number;
  readonly sigmaNext: number;
}

/**
 * The step of DDIM in the other direction. The model is called at the timestep that the step goes to:
 *
 *     x0   = (x - sigma eps) / alpha, clipped
 *     next = alphaNext x0 + sigmaNext eps
 *
 * Song, Meng and Ermon (2021), arXiv 2010.02502, equation 12 with no noise and time reversed; used so by Mokady et al.
 * (2022), arXiv 2211.09794, for the editing of pictures.
 */
export class DDIMInverseScheduler extends SchedulerMixin<DDIMInverseConfig, DDIMInverseRow> {
  static override readonly className = 'DDIMInverseScheduler';
  static readonly deprecatedKeys: Readonly<Record<string, string>> = { set_alpha_to_zero: 'set_alpha_to_one' };
  static override readonly schema: ConfigSchema<DDIMInverseConfig> = {
    ...betaFields,
    clip_sample: field.boolean(true),
    set_alpha_to_one: field.boolean(true),
    ...spacingFields('leading'),
    timestep_spacing: field.choice('leading', SPACINGS),
    prediction_type: predictionTypeField,
    clip_sample_range: field.number(1),
    rescale_betas_zero_snr: field.boolean(false),
  };

  readonly #tables: TrainingTables = trainingTables(this.config, this.precision, {
    zeroTerminalSnr: this.config.rescale_betas_zero_snr,
  });

  protected override plan(request?: PlanRequest): Plan<DDIMInverseRow> {
    const steps = request?.numInferenceSteps;
    return {
      timesteps: request
        ? this.#timesteps(steps ?? 0)
        : Array.from({ length: this.config.num_train_timesteps }, (_, t) => t),
      initNoiseSigma: 1,
      ...(steps && { numInferenceSteps: steps }),
      row: (_, timestep) => this.#row(timestep, steps),
    };
  }

  #timesteps(steps: number): readonly number[] {
    const { num_train_timesteps: trainSteps, timestep_spacing: spacing, steps_offset: offset } = this.config;
    requireSteps(steps, trainSteps);
    requireChoice('timestep_spacing', spacing, SPACINGS);
    return Array.from(integerTimesteps({ spacing, steps, trainSteps, offset })).reverse();
  }

  /** As upstream, a step comes from one stride below its timestep, whatever the entry before is. */
  #row(timestep: number, steps: number | undefined): DDIMInverseRow {
    if (steps === undefined) throw timestepsNotSet('DDIMInverseScheduler');
    const { num_train_timesteps: trainSteps } = this.config;
    const { alphasCumprod } = this.#tables;
    const source = Math.min(timestep - Math.floor(trainSteps / steps), trainSteps - 1);
    const { alpha, sigma } = levelOrEnd(alphasCumprod, source, this.config);
    const next = trainedLevel(alphasCumprod, timestep);
    return { alpha, sigma, alphaNext: next.alpha, sigmaNext: next.sigma };
  }

  /** As upstream, eps is the model's even where x0 was clipped. */
  protected override rule(context: StepContext<DDIMInverseRow>): StepResult {
    const { k, x, out } = context;
    const { prediction_type: type, clip_sample: clip, clip_sample_range: range } = this.config;
    const { x0, eps } = predict(type, k, x, out);
    const clean = clip ? x0.clamp(-range, range) : x0;
    return { prev: clean.mul(k.alphaNext).add(eps.mul(k.sigmaNext)), x0: clean };
  }
}
