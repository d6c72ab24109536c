// What the samplers of k-diffusion that diffusers does not have share with each other: the config of Euler's relatives, any schedule of
// sigmas, and plans that list the model calls. What a call makes of its sample is the sampler's own.

import { number } from '../config/schema.ts';
import type { ConfigSchema } from '../config/schema.ts';
import type { BetaConfig, PredictionType, SpacingConfig } from '../config/fragments.ts';
import { betaFields, predictionTypeField, spacingFields } from '../config/fragments.ts';
import type { SigmaScheduleConfig } from '../config/sigma-fields.ts';
import { sigmaScheduleFields } from '../config/sigma-fields.ts';
import { DiffusionError } from '../errors.ts';
import type { KStyleTables, Respacing, SigmaRange, Table } from '../schedule/index.ts';
import {
  descendingSigmas,
  exactlyOne,
  firstIndexOfTimestep,
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

export interface KSamplerConfig extends BetaConfig {
  /** What the model predicts: the noise, the original sample, or the velocity. */
  readonly prediction_type: PredictionType;
  /** Factor of all noise that is added. */
  readonly s_noise: number;
}

/** The config of a sampler that goes by a schedule of sigmas. */
export interface KScheduleConfig extends KSamplerConfig, SpacingConfig, SigmaScheduleConfig {}

export const kSamplerFields: ConfigSchema<KSamplerConfig> = {
  ...betaFields,
  beta_start: number(0.00085),
  beta_end: number(0.012),
  prediction_type: predictionTypeField,
  s_noise: number(1),
};

export const kScheduleFields: ConfigSchema<KScheduleConfig> = {
  ...kSamplerFields,
  ...spacingFields('linspace'),
  ...sigmaScheduleFields,
};

/** The config keys that bound a run without a schedule. */
export interface SigmaEnds {
  readonly sigma_max: number | null;
  readonly sigma_min: number | null;
}

/** One model call. */
export interface ModelCall {
  /** Noise level of the sample that the model is shown. */
  readonly level: number;
  /** Calls of the same step before this one; none unless given. */
  readonly call?: number;
}

const EVENLY: SpacingConfig = { timestep_spacing: 'linspace', steps_offset: 0 };

/** Base of those samplers: x = x0 + sigma eps, the model sees x / sqrt(sigma^2 + 1), and its timesteps are those that the levels have in training. */
export abstract class KSamplerMixin<C extends KSamplerConfig, K extends ModelCall> extends SchedulerMixin<C, K> {
  static override readonly compatibles: readonly string[] = KARRAS_COMPATIBLES;
  static override readonly stepOptions: readonly string[] = ['generator', 'noiseSampler'];

  protected readonly tables: KStyleTables = kStyleTables({ ...this.config, ...this.spacing }, this.precision);
  readonly #log: Table = logSigmas(this.tables.sigmas);

  /** How timesteps are spread, where a schedule is made of them. */
  protected get spacing(): SpacingConfig {
    return EVENLY;
  }

  /** The ends of a run without a schedule: the config's, or those of training. Throws CONFIG_INVALID unless 0 < sigma_min < sigma_max. */
  protected range({ sigma_max: highest, sigma_min: lowest }: SigmaEnds): SigmaRange {
    const trained = this.tables.sigmas;
    const { max, min } = { max: highest ?? trained.at(-1)!, min: lowest ?? trained[0]! };
    if (min > 0 && min < max && max < Infinity)
      return { max: this.precision.round(max), min: this.precision.round(min) };
    const message = `A run cannot go from sigma_max ${max} to sigma_min ${min}. Give 0 < sigma_min < sigma_max.`;
    throw new DiffusionError('CONFIG_INVALID', message, { max, min });
  }

  /** The plan of these calls; `end` is the level of the sample after the last. */
  protected planOf(calls: readonly K[], end: number, numInferenceSteps: number): Plan<K> {
    const levels = Float64Array.from(calls, ({ level }) => level);
    const timesteps = Array.from(timestepsOfSigmas(levels, this.#log));
    const sigmas = withFinalSigma(levels, end, this.precision);
    return {
      ...kStylePlan({ timesteps, sigmas, numInferenceSteps }, this.spacing),
      indexOf: (timestep) => firstStepAt(timestep, timesteps, calls),
      row: (index) => calls[index]!,
    };
  }

  /** The clean sample that the model's output means. */
  protected cleanOf({ level }: K, x: Tensor, out: Tensor): Tensor {
    return predictAtSigma(this.config.prediction_type, level, x, out);
  }
}

/** Base of those that go by a schedule of sigmas, the config's or any other. */
export abstract class KScheduleMixin<C extends KScheduleConfig, K extends ModelCall> extends KSamplerMixin<C, K> {
  static override readonly requestKeys: readonly string[] = ['numInferenceSteps', 'sigmas'];

  readonly #respacing: Respacing | undefined = respacingOf(this.config);

  protected override get spacing(): SpacingConfig {
    return this.config;
  }

  /** The sigmas of a run and the final one: those of the request as they are, or spread as the config says and ended by 0. */
  protected levels(request: PlanRequest = { numInferenceSteps: this.config.num_train_timesteps }): Table {
    exactlyOne(request, ['numInferenceSteps', 'sigmas']);
    const { numInferenceSteps: steps = 0, sigmas } = request;
    if (sigmas) return this.precision.table(descendingSigmas(sigmas));
    const levels = spacedLevels(this.config, { respacing: this.#respacing, steps, limits: this.config }, this.tables);
    return withFinalSigma(levels.sigmas, 0, this.precision);
  }
}

/** Where a run that is given a timestep begins: at the first step from there. Throws TIMESTEP_NOT_IN_PLAN where there is none. */
function firstStepAt(timestep: number, timesteps: readonly number[], calls: readonly ModelCall[]): number {
  const step = timesteps.findIndex((t, i) => t === timestep && !calls[i]?.call);
  return step < 0 ? firstIndexOfTimestep(timesteps, timestep) : step;
}

/** Throws CONFIG_INVALID unless the value is a share. */
export function requireShare(key: string, value: number): void {
  if (value >= 0 && value <= 1) return;
  throw new DiffusionError('CONFIG_INVALID', `${key} is ${value}. Give a number from 0 to 1.`, { [key]: value });
}
