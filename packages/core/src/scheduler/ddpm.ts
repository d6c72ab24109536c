// The step of DDPM, which its parallel sister takes too: config, plan, numbers and update. The posterior itself is in posterior.ts.

import type { BetaConfig, PredictionType, SpacingConfig } from '../config/fragments.ts';
import { betaFields, predictionTypeField, spacingFields } from '../config/fragments.ts';
import type { ConfigSchema } from '../config/schema.ts';
import { boolean, choice, number, requireChoice } from '../config/schema.ts';
import type { ThresholdingConfig } from '../config/thresholding-fields.ts';
import { thresholdingFields } from '../config/thresholding-fields.ts';
import { DiffusionError } from '../errors.ts';
import type { BetaRules, Precision, Table } from '../schedule/index.ts';
import {
  COMMON_BETA_RULES,
  descendingTimesteps,
  exactlyOne,
  integerTimesteps,
  laplaceBetas,
  previousTimestep,
  requireSteps,
  sigmoidBetas,
} from '../schedule/index.ts';
import type { Tensor } from '../tensor/index.ts';
import type { Posterior } from './posterior.ts';
import { logBetween, posterior, posteriorMean, splitVariance } from './posterior.ts';
import { after, bounded, predict, trainedLevel } from './predict.ts';
import { SchedulerMixin } from './scheduler.ts';
import { trainedNoise } from './trained-levels.ts';
import type { Plan, PlanRequest, StepContext, StepResult } from './types.ts';

export type VarianceType =
  | 'fixed_small'
  | 'fixed_small_log'
  | 'fixed_large'
  | 'fixed_large_log'
  | 'learned'
  | 'learned_range';

const VARIANCE_TYPES: readonly VarianceType[] = [
  'fixed_small',
  'fixed_small_log',
  'fixed_large',
  'fixed_large_log',
  'learned',
  'learned_range',
];

export interface DDPMConfig extends BetaConfig<string>, SpacingConfig, ThresholdingConfig {
  /** Clip the predicted original sample; for pixel models only. */
  readonly clip_sample: boolean;
  /** Largest magnitude after clipping. */
  readonly clip_sample_range: number;
  /** What the model predicts: the noise, the original sample, or the velocity. */
  readonly prediction_type: PredictionType;
  /** Rescale the betas to zero terminal SNR; meant for v_prediction. */
  readonly rescale_betas_zero_snr: boolean;
  /**
   * Variance of a step; learned ones need a model with twice the channels. null acts as fixed_small: configs of the
   * DPM-Solver family carry it.
   */
  readonly variance_type: VarianceType | null;
}

export const DDPM_BETA_RULES: BetaRules = { ...COMMON_BETA_RULES, laplace: laplaceBetas, sigmoid: sigmoidBetas };

export const ddpmFields: ConfigSchema<DDPMConfig> = {
  ...betaFields,
  beta_schedule: choice<string>('linear', Object.keys(DDPM_BETA_RULES)),
  ...spacingFields('leading'),
  ...thresholdingFields,
  clip_sample: boolean(true),
  clip_sample_range: number(1),
  prediction_type: predictionTypeField,
  rescale_betas_zero_snr: boolean(false),
  variance_type: { default: 'fixed_small', kind: 'string', choices: VARIANCE_TYPES, nullable: true },
};

/** One step: the posterior q(prev | x, x0) with its variance at least 1e-20, and whether noise is added. */
export interface DDPMRow extends Posterior {
  /** The last step adds no noise. */
  readonly noisy: boolean;
}

/** Ancestral samplers with DDPM's config. As upstream, custom timesteps leave the number of the last plain schedule in place. */
export abstract class AncestralMixin<C extends DDPMConfig> extends SchedulerMixin<C, DDPMRow> {
  static override readonly requestKeys: readonly string[] = ['numInferenceSteps', 'timesteps'];
  static override readonly stepOptions: readonly string[] = ['generator'];
  static override readonly schema: ConfigSchema<DDPMConfig> = ddpmFields;

  #steps: number | undefined;

  override get numInferenceSteps(): number | undefined {
    return this.#steps;
  }

  override setTimesteps(request: number | PlanRequest): void {
    super.setTimesteps(request);
    this.#steps = super.numInferenceSteps ?? this.#steps;
  }
}

/** From each timestep to the next entry of the schedule; without a request, to the timestep below. */
export function ddpmPlan(
  config: DDPMConfig,
  alphasCumprod: Table,
  precision: Precision,
  request?: PlanRequest,
): Plan<DDPMRow> {
  const timesteps = Array.from(ddpmTimesteps(config, request));
  const previous = request ? (t: number) => previousTimestep(timesteps, t) : (t: number) => t - 1;
  return {
    timesteps,
    initNoiseSigma: 1,
    ...(request?.numInferenceSteps && { numInferenceSteps: request.numInferenceSteps }),
    row: (_, timestep) => ddpmRow(alphasCumprod, timestep, previous(timestep), precision),
    ...trainedNoise(alphasCumprod),
  };
}

function ddpmTimesteps(config: DDPMConfig, request: PlanRequest | undefined): Int32Array {
  const { num_train_timesteps: trainSteps, timestep_spacing: spacing, steps_offset: offset } = config;
  if (!request) return integerTimesteps({ spacing: 'leading', steps: trainSteps, trainSteps });
  exactlyOne(request, ['numInferenceSteps', 'timesteps']);
  if (request.timesteps) return descendingTimesteps(request.timesteps, trainSteps);
  const { numInferenceSteps: steps = 0 } = request;
  requireSteps(steps, trainSteps);
  return integerTimesteps({ spacing, steps, trainSteps, offset });
}

/** The step from a timestep to a previous one; below 0 is noiseless. 1 - ratio cancels, so it is rounded where upstream rounds. */
export function ddpmRow(
  alphasCumprod: Table,
  timestep: number,
  previous: number,
  { round }: Pick<Precision, 'round'>,
): DDPMRow {
  const now = trainedLevel(alphasCumprod, timestep);
  const acpPrev = previous >= 0 ? trainedLevel(alphasCumprod, previous).alphaCumprod : 1;
  const ratio = round(now.alphaCumprod / acpPrev);
  const row = posterior(now, acpPrev, ratio, round(1 - ratio));
  return { ...row, variance: Math.max(row.variance, 1e-20), noisy: timestep > 0 };
}

/** prev = x0Weight x0 + xWeight x + std z, with std by variance_type. */
export function ddpmStep(context: StepContext<DDPMRow>, config: DDPMConfig): StepResult | Promise<StepResult> {
  const { k, x, out } = context;
  const type = varianceType(config.variance_type);
  const [mean, predicted] = type.startsWith('learned') ? splitVariance(x, out) : [out, out];
  const { x0 } = predict(config.prediction_type, k, x, mean);
  const update = (clean: Tensor): StepResult => {
    const prev = posteriorMean(k, x, clean);
    return { prev: k.noisy ? prev.add(noise(type, context, predicted)) : prev, x0: clean };
  };
  const bound = (): StepResult | Promise<StepResult> => after(bounded(context, x0, config), update);
  return type === 'learned' && k.noisy ? refuseNegative(context, predicted).then(bound) : bound();
}

/** A learned variance has a root only where it is not negative; upstream's sample turns into NaN. Reads it back once. */
async function refuseNegative({ host, index }: StepContext<DDPMRow>, variance: Tensor): Promise<void> {
  const negative = (await host(variance)).find((value) => value < 0);
  if (negative === undefined) return;
  const message = `The model's variance is ${negative} at step ${index}, which has no root. Was it trained for learned_range?`;
  throw new DiffusionError('NUMERIC', message, { variance: negative, index });
}

function varianceType(type: VarianceType | null): VarianceType {
  if (type === null) return 'fixed_small';
  requireChoice('variance_type', type, VARIANCE_TYPES);
  return type;
}

/** std z with std by variance_type. As upstream, fixed_large_log takes the root of a logarithm: NUMERIC wherever beta < 1. */
function noise(type: VarianceType, { k, x, normal }: StepContext<DDPMRow>, predicted: Tensor): Tensor {
  const z = normal(x.shape);
  switch (type) {
    case 'fixed_small':
    case 'fixed_small_log':
      return z.mul(Math.sqrt(k.variance));
    case 'fixed_large':
      return z.mul(Math.sqrt(k.beta));
    case 'fixed_large_log':
      return z.mul(Math.sqrt(Math.log(k.beta)));
    case 'learned':
      return z.mul(predicted.sqrt());
    case 'learned_range':
      return z.mul(logBetween(predicted, Math.log(k.variance), Math.log(k.beta)).mul(0.5).exp());
  }
}
