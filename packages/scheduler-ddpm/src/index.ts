// DDPM: ancestral sampling, the reverse of the noising chain with a Gaussian at every step.

import type {
  BetaConfig,
  BetaRules,
  ConfigSchema,
  Plan,
  PlanRequest,
  PredictionType,
  SpacingConfig,
  StepContext,
  StepResult,
  Tensor,
  ThresholdingConfig,
  TrainingTables,
} from '@unnoise/core';
import {
  COMMON_BETA_RULES,
  DiffusionError,
  KARRAS_COMPATIBLES,
  SchedulerMixin,
  after,
  betaFields,
  bounded,
  descendingTimesteps,
  exactlyOne,
  field,
  integerTimesteps,
  laplaceBetas,
  predict,
  predictionTypeField,
  previousTimestep,
  requireChoice,
  requireSteps,
  sigmoidBetas,
  spacingFields,
  thresholdingFields,
  trainedLevel,
  trainedNoise,
  trainingTables,
} from '@unnoise/core';

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

const BETA_RULES: BetaRules = { ...COMMON_BETA_RULES, laplace: laplaceBetas, sigmoid: sigmoidBetas };

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

/** One step: the posterior q(prev | x, x0) is Gaussian with mean x0Weight x0 + xWeight x and this variance. */
export interface DDPMRow {
  readonly alpha: number;
  readonly sigma: number;
  readonly x0Weight: number;
  readonly xWeight: number;
  /** Posterior variance, at least 1e-20. */
  readonly variance: number;
  /** Variance of the forward step, the upper bound of the posterior's. */
  readonly beta: number;
  /** The last step adds no noise. */
  readonly noisy: boolean;
}

/**
 * Denoising diffusion probabilistic models: a sample of the posterior of one noising step, with x0 as the model predicts it.
 *
 *     prev = (alphaPrev beta x0 + sqrt(1 - beta) sigmaPrev^2 x) / sigma^2 + std z,  beta = 1 - (alpha / alphaPrev)^2
 *
 * fixed_small is DDIM with eta 1. Ho, Jain and Abbeel (2020), arXiv 2006.11239, equations 6 and 7; learned_range:
 * Nichol and Dhariwal (2021), arXiv 2102.09672, equation 15.
 */
export class DDPMScheduler extends SchedulerMixin<DDPMConfig, DDPMRow> {
  static override readonly className = 'DDPMScheduler';
  static override readonly compatibles: readonly string[] = KARRAS_COMPATIBLES;
  static override readonly requestKeys: readonly string[] = ['numInferenceSteps', 'timesteps'];
  static override readonly stepOptions: readonly string[] = ['generator'];
  static override readonly schema: ConfigSchema<DDPMConfig> = {
    ...betaFields,
    beta_schedule: field.choice<string>('linear', Object.keys(BETA_RULES)),
    ...spacingFields('leading'),
    ...thresholdingFields,
    clip_sample: field.boolean(true),
    clip_sample_range: field.number(1),
    prediction_type: predictionTypeField,
    rescale_betas_zero_snr: field.boolean(false),
    variance_type: {
      default: 'fixed_small',
      kind: 'string',
      choices: VARIANCE_TYPES,
      nullable: true,
    },
  };

  readonly #tables: TrainingTables = trainingTables(this.config, this.precision, BETA_RULES);
  #steps: number | undefined;

  /** As upstream, custom timesteps leave the number of the last plain schedule in place. */
  override get numInferenceSteps(): number | undefined {
    return this.#steps;
  }

  override setTimesteps(request: number | PlanRequest): void {
    super.setTimesteps(request);
    this.#steps = super.numInferenceSteps ?? this.#steps;
  }

  protected override plan(request?: PlanRequest): Plan<DDPMRow> {
    const { alphasCumprod } = this.#tables;
    const timesteps = Array.from(this.#timesteps(request));
    const previous = request ? (t: number) => previousTimestep(timesteps, t) : (t: number) => t - 1;
    return {
      timesteps,
      initNoiseSigma: 1,
      ...(request?.numInferenceSteps && { numInferenceSteps: request.numInferenceSteps }),
      row: (_, timestep) => this.#row(timestep, previous(timestep)),
      ...trainedNoise(alphasCumprod),
    };
  }

  #timesteps(request: PlanRequest | undefined): Int32Array {
    const { num_train_timesteps: trainSteps, timestep_spacing: spacing, steps_offset: offset } = this.config;
    if (!request) return integerTimesteps({ spacing: 'leading', steps: trainSteps, trainSteps });
    exactlyOne(request, ['numInferenceSteps', 'timesteps']);
    if (request.timesteps) return descendingTimesteps(request.timesteps, trainSteps);
    const { numInferenceSteps: steps = 0 } = request;
    requireSteps(steps, trainSteps);
    return integerTimesteps({ spacing, steps, trainSteps, offset });
  }

  /** 1 - ratio cancels, so it is rounded where upstream rounds. */
  #row(timestep: number, previous: number): DDPMRow {
    const { round } = this.precision;
    const { alphasCumprod } = this.#tables;
    const { alphaCumprod: acp, alpha, sigma } = trainedLevel(alphasCumprod, timestep);
    const acpPrev = previous >= 0 ? trainedLevel(alphasCumprod, previous).alphaCumprod : 1;
    const ratio = round(acp / acpPrev);
    const beta = round(1 - ratio);
    return {
      alpha,
      sigma,
      x0Weight: (Math.sqrt(acpPrev) * beta) / (1 - acp),
      xWeight: (Math.sqrt(ratio) * (1 - acpPrev)) / (1 - acp),
      variance: Math.max(((1 - acpPrev) / (1 - acp)) * beta, 1e-20),
      beta,
      noisy: timestep > 0,
    };
  }

  protected override rule(context: StepContext<DDPMRow>): StepResult | Promise<StepResult> {
    const { k, x, out } = context;
    const type = varianceType(this.config.variance_type);
    const [mean, predicted] = type.startsWith('learned') ? split(x, out) : [out, out];
    const { x0 } = predict(this.config.prediction_type, k, x, mean);
    const update = (clean: Tensor): StepResult => {
      const prev = clean.mul(k.x0Weight).add(x.mul(k.xWeight));
      return { prev: k.noisy ? prev.add(noise(type, context, predicted)) : prev, x0: clean };
    };
    const bound = (): StepResult | Promise<StepResult> => after(bounded(context, x0, this.config), update);
    return type === 'learned' && k.noisy ? refuseNegative(context, predicted).then(bound) : bound();
  }
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

/** The logarithm that v in [-1, 1] marks between min (v = -1) and max (v = 1). */
function logBetween(v: Tensor, min: number, max: number): Tensor {
  const share = v.add(1).div(2);
  return share.mul(max).add(share.neg().add(1).mul(min));
}

/** A model with a learned variance gives twice the channels: mean first. */
function split(x: Tensor, out: Tensor): readonly [Tensor, Tensor] {
  const channels = x.shape[1] ?? 0;
  if (out.shape[1] !== 2 * channels) {
    throw new DiffusionError(
      'SHAPE_MISMATCH',
      `A learned variance needs a model output of ${2 * channels} channels; it has shape [${out.shape}]. Use a fixed variance_type.`,
      { sample: x.shape, modelOutput: out.shape },
    );
  }
  return [out.slice(1, 0, channels), out.slice(1, channels, channels)];
}
