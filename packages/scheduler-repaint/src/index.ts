// RePaint: inpainting with a model that knows nothing of masks, by resampling what was made until it fits what was kept.

import type {
  BetaConfig,
  BetaRules,
  ConfigSchema,
  Plan,
  PlanRequest,
  StepContext,
  StepOptions,
  StepResult,
  Tensor,
  TrainingTables,
} from '@unnoise/core';
import {
  COMMON_BETA_RULES,
  DiffusionError,
  SchedulerMixin,
  betaFields,
  field,
  methodNoise,
  methodResults,
  predict,
  requireSteps,
  sigmoidBetas,
  timestepsNotSet,
  trainedLevel,
  trainingTables,
} from '@unnoise/core';
import { visitedLevels } from './schedule.ts';

const BETA_RULES: BetaRules = { ...COMMON_BETA_RULES, sigmoid: sigmoidBetas };

export interface RePaintConfig extends BetaConfig<string> {
  /** Share of the noise that is drawn anew in each step: 0 is DDIM, 1 is DDPM. */
  readonly eta: number;
  /** Clip the predicted original sample to [-1, 1]. */
  readonly clip_sample: boolean;
}

/** One step: from noise level (alpha, sigma) to the next; what is made is left with `direction` of eps and `std` of new noise. */
export interface RePaintRow {
  readonly alpha: number;
  readonly sigma: number;
  readonly alphaPrev: number;
  readonly sigmaPrev: number;
  readonly direction: number;
  readonly std: number;
}

/**
 * A step of DDIM for the part of the picture that is made, and a noised copy of the part that is kept:
 *
 *     unknown = alphaPrev x0 + sqrt(sigmaPrev^2 - std^2) eps + std z
 *     known   = alphaPrev image + sigmaPrev z                            the same z
 *     prev    = mask known + (1 - mask) unknown
 *
 * Where the timesteps rise, `undoStep` takes the sample back to more noise, so that later steps can mend the seam.
 * Lugmayr et al. (2022), arXiv 2201.09865, algorithm 1.
 */
export class RePaintScheduler extends SchedulerMixin<RePaintConfig, RePaintRow> {
  static override readonly className = 'RePaintScheduler';
  static override readonly requestKeys: readonly string[] = ['numInferenceSteps', 'jumpLength', 'jumpNSample'];
  static override readonly stepOptions: readonly string[] = ['originalImage', 'mask', 'generator'];
  static override readonly schema: ConfigSchema<RePaintConfig> = {
    ...betaFields,
    beta_schedule: field.choice<string>('linear', Object.keys(BETA_RULES)),
    eta: field.number(0),
    clip_sample: field.boolean(true),
  };

  readonly #tables: TrainingTables = trainingTables(this.config, this.precision, { rules: BETA_RULES });

  /** As upstream: more steps than were trained are as many as were. */
  protected override plan(request?: PlanRequest): Plan<RePaintRow> {
    const { num_train_timesteps: trainSteps } = this.config;
    if (!request) return this.#planOf(Array.from({ length: trainSteps }, (_, i) => trainSteps - 1 - i));
    const { numInferenceSteps = 0, jumpLength: length = 10, jumpNSample: samples = 10 } = request;
    requireSteps(numInferenceSteps);
    const steps = Math.min(numInferenceSteps, trainSteps);
    const stride = Math.floor(trainSteps / steps);
    return this.#planOf(
      visitedLevels(steps, { length, samples }).map((level) => level * stride),
      steps,
    );
  }

  #planOf(timesteps: readonly number[], steps?: number): Plan<RePaintRow> {
    return {
      timesteps,
      initNoiseSigma: 1,
      ...(steps && { numInferenceSteps: steps }),
      row: (_, timestep) => this.#row(timestep, timestep - this.#stride(steps)),
    };
  }

  /** How many trained timesteps a step crosses. Throws TIMESTEPS_NOT_SET. */
  #stride(steps: number | undefined): number {
    if (steps === undefined) throw timestepsNotSet('RePaintScheduler');
    return Math.floor(this.config.num_train_timesteps / steps);
  }

  /** Differences that cancel are rounded where upstream rounds. */
  #row(timestep: number, previous: number): RePaintRow {
    const { alphasCumprod } = this.#tables;
    const { round } = this.precision;
    const { eta } = this.config;
    const { alphaCumprod: acp, alpha, sigma } = trainedLevel(alphasCumprod, timestep);
    const acpPrev = previous >= 0 ? trainedLevel(alphasCumprod, previous).alphaCumprod : 1;
    const left = round(1 - acpPrev);
    const std = eta * Math.sqrt((left / round(1 - acp)) * round(1 - round(acp / acpPrev)));
    const direction = Math.sqrt(round(left - round(std ** 2)));
    return {
      alpha,
      sigma,
      alphaPrev: Math.sqrt(acpPrev),
      sigmaPrev: Math.sqrt(left),
      direction,
      std: timestep > 0 && eta > 0 ? std : 0,
    };
  }

  protected override rule({ k, x, out, options, normal }: StepContext<RePaintRow>): StepResult {
    const { image, mask } = inpainting(options);
    const { x0 } = predict('epsilon', k, x, out);
    const clean = this.config.clip_sample ? x0.clamp(-1, 1) : x0;
    const z = normal();
    const unknown = clean.mul(k.alphaPrev).add(out.mul(k.direction)).add(z.mul(k.std));
    const known = image.mul(k.alphaPrev).add(z.mul(k.sigmaPrev));
    return { prev: mask.mul(known).add(mask.neg().add(1).mul(unknown)), x0: clean };
  }

  /**
   * Takes a sample of `timestep` one step back to more noise: as many noising steps of training as a step of the schedule
   * crosses, each with its own draw. In loops as upstream's, `timestep` is the one that the last step ended at.
   * @throws DiffusionError TIMESTEPS_NOT_SET, TIMESTEP_NOT_IN_PLAN, GENERATOR_REQUIRED.
   */
  async undoStep(x: Tensor, timestep: number, options: Pick<StepOptions, 'generator'> = {}): Promise<Tensor> {
    const method = 'RePaintScheduler.undoStep';
    const betas = Array.from({ length: this.#stride(this.numInferenceSteps) }, (_, i) => this.#beta(timestep + i));
    const noised = betas.reduce((sample, beta) => {
      const z = methodNoise(method, x.shape, options);
      return sample.mul(Math.sqrt(1 - beta)).add(z.mul(Math.sqrt(beta)));
    }, x);
    const [result] = await methodResults(method, [noised], x.dtype, this.options.backend);
    return result!;
  }

  #beta(timestep: number): number {
    const beta = Number.isInteger(timestep) ? this.#tables.betas.at(timestep) : undefined;
    if (beta !== undefined) return beta;
    const message = `Timestep ${timestep} was not trained, so its noising step is not known: undoStep goes up to ${this.#tables.betas.length - 1}.`;
    throw new DiffusionError('TIMESTEP_NOT_IN_PLAN', message, { timestep });
  }
}

/** The tensors without which there is nothing to inpaint. */
function inpainting({ originalImage: image, mask }: StepOptions): { image: Tensor; mask: Tensor } {
  if (image && mask) return { image, mask };
  const missing = image ? 'mask' : 'originalImage';
  throw new DiffusionError(
    'REQUEST_INVALID',
    `RePaintScheduler.step needs ${missing}. Pass { originalImage, mask }: the picture, and 1 where it is to be kept.`,
    { missing },
  );
}
