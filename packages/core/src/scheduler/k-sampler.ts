// What the samplers of k-diffusion that diffusers does not have share with each other: the config of Euler's relatives, any schedule of
// sigmas, and plans that list the model calls. What a call makes of its sample is the sampler's own.

import { number } from '../config/schema.ts';
import type { ConfigSchema } from '../config/schema.ts';
import type { BetaConfig, PredictionType, SpacingConfig } from '../config/fragments.ts';
import { betaFields, predictionTypeField, spacingFields } from '../config/fragments.ts';
import type { SigmaScheduleConfig } from '../config/sigma-fields.ts';
import { sigmaScheduleFields } from '../config/sigma-fields.ts';
import { DiffusionError } from '../errors.ts';
import type { KStyleTables, Respacing, Table } from '../schedule/index.ts';
import {
  exactlyOne,
  kStyleTables,
  logSigmas,
  respacingOf,
  spacedLevels,
  timestepsOfSigmas,
  withFinalSigma,
} from '../schedule/index.ts';
import type { Tensor } from '../tensor/index.ts';
import { KARRAS_COMPATIBLES } from './karras.ts';
import { kStylePlan } from './k-style-plan.ts';
import { predictAtSigma } from './predict.ts';
import { SchedulerMixin } from './scheduler.ts';
import type { Plan, PlanRequest } from './types.ts';

export interface KSamplerConfig extends BetaConfig, SpacingConfig, SigmaScheduleConfig {
  /** What the model predicts: the noise, the original sample, or the velocity. */
  readonly prediction_type: PredictionType;
  /** Factor of all noise that is added. */
  readonly s_noise: number;
}

export const kSamplerFields: ConfigSchema<KSamplerConfig> = {
  ...betaFields,
  beta_start: number(0.00085),
  beta_end: number(0.012),
  ...spacingFields('linspace'),
  ...sigmaScheduleFields,
  prediction_type: predictionTypeField,
  s_noise: number(1),
};

/** One model call. */
export interface ModelCall {
  /** Noise level of the sample that the model is shown. */
  readonly level: number;
}

/** Base of those samplers: x = x0 + sigma eps, the model sees x / sqrt(sigma^2 + 1), and its timesteps are those that the levels have in training. */
export abstract class KSampler<C extends KSamplerConfig, K extends ModelCall> extends SchedulerMixin<C, K> {
  static override readonly compatibles: readonly string[] = KARRAS_COMPATIBLES;
  static override readonly requestKeys: readonly string[] = ['numInferenceSteps', 'sigmas'];
  static override readonly stepOptions: readonly string[] = ['generator', 'noiseSampler'];

  protected readonly tables: KStyleTables = kStyleTables(this.config, this.precision);
  readonly #respacing: Respacing | undefined = respacingOf(this.config);
  readonly #log: Table = logSigmas(this.tables.sigmas);

  /** The sigmas of a run and the final one: those of the request as they are, or spread as the config says and ended by 0. */
  protected levels(request: PlanRequest = { numInferenceSteps: this.config.num_train_timesteps }): Table {
    exactlyOne(request, ['numInferenceSteps', 'sigmas']);
    const { numInferenceSteps: steps = 0, sigmas } = request;
    if (sigmas) return this.precision.table(descending(sigmas));
    const levels = spacedLevels(this.config, { respacing: this.#respacing, steps, limits: this.config }, this.tables);
    return withFinalSigma(levels.sigmas, 0, this.precision);
  }

  /** The plan of these calls; `end` is the level of the sample after the last. */
  protected planOf(calls: readonly K[], end: number, numInferenceSteps: number): Plan<K> {
    const levels = Float64Array.from(calls, ({ level }) => level);
    const timesteps = Array.from(timestepsOfSigmas(levels, this.#log));
    const sigmas = withFinalSigma(levels, end, this.precision);
    return { ...kStylePlan({ timesteps, sigmas, numInferenceSteps }, this.config), row: (index) => calls[index]! };
  }

  /** The clean sample that the model's output means. */
  protected cleanOf({ level }: K, x: Tensor, out: Tensor): Tensor {
    return predictAtSigma(this.config.prediction_type, level, x, out);
  }
}

/** Throws CONFIG_INVALID unless the value is a share. */
export function requireShare(key: string, value: number): void {
  if (value >= 0 && value <= 1) return;
  throw new DiffusionError('CONFIG_INVALID', `${key} is ${value}. Give a number from 0 to 1.`, { [key]: value });
}

/** Throws REQUEST_INVALID unless these are at least two levels, each lower than the last, down to 0 at most. */
function descending(sigmas: readonly number[]): readonly number[] {
  const bad = sigmas.findIndex((sigma, i) => !(sigma >= 0 && sigma < (sigmas[i - 1] ?? Infinity)));
  if (bad < 0 && sigmas.length > 1) return sigmas;
  const what = bad < 0 ? `has ${sigmas.length} entries` : `has ${sigmas[bad]} at ${bad} after ${sigmas[bad - 1] ?? 'nothing'}`;
  const message = `sigmas ${what}. Give at least two, descending, the last being the level of the result: 0, or a positive one.`;
  throw new DiffusionError('REQUEST_INVALID', message, { sigmas });
}
