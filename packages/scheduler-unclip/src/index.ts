// unCLIP: ancestral sampling as Karlo's models were trained for it, with the timestep to go to given at each step.

import type {
  ConfigSchema,
  Plan,
  PlanRequest,
  Posterior,
  StepContext,
  StepResult,
  Tensor,
  TrainingTables,
} from '@unnoise/core';
import {
  DiffusionError,
  SchedulerMixin,
  field,
  integerTimesteps,
  levelOrEnd,
  logBetween,
  posterior,
  posteriorMean,
  predict,
  requireChoice,
  splitVariance,
  trainedLevel,
  trainedNoise,
  trainingTables,
} from '@unnoise/core';

type VarianceType = 'fixed_small_log' | 'learned_range';
type Prediction = 'epsilon' | 'sample';

const VARIANCE_TYPES: readonly VarianceType[] = ['fixed_small_log', 'learned_range'];
const PREDICTIONS: readonly Prediction[] = ['epsilon', 'sample'];
export interface UnCLIPConfig {
  /** Number of noise levels the model was trained with. */
  readonly num_train_timesteps: number;
  /** Variance of a step; learned_range needs a model with twice the channels. */
  readonly variance_type: VarianceType;
  /** Clip the predicted original sample; for pixel models only. */
  readonly clip_sample: boolean;
  /** Largest magnitude after clipping. */
  readonly clip_sample_range: number;
  /** What the model predicts: the noise, or the original sample. */
  readonly prediction_type: Prediction;
  /** Rule of the betas; there is one. */
  readonly beta_schedule: 'squaredcos_cap_v2';
}

/** One step: the posterior of going from this timestep to the one below it. */
export interface UnCLIPRow extends Posterior {
  readonly timestep: number;
}

/**
 * DDPM with a clipped x0, where each step is told the timestep that it goes to:
 *
 *     prev = (alphaPrev beta x0 + sqrt(1 - beta) sigmaPrev^2 x) / sigma^2 + std z,  beta = 1 - (alpha / alphaPrev)^2
 *
 * A run goes to the next entry of its schedule, as upstream's pipelines do, and is DDPMScheduler on these timesteps; `step` alone, which
 * knows no next one, goes to the timestep below unless told otherwise. Ramesh et al. (2022), arXiv 2204.06125;
 * the step: Ho, Jain and Abbeel (2020), arXiv 2006.11239, equations 6 and 7.
 */
export class UnCLIPScheduler extends SchedulerMixin<UnCLIPConfig, UnCLIPRow> {
  static override readonly className = 'UnCLIPScheduler';
  static override readonly stepOptions: readonly string[] = ['prevTimestep', 'generator'];
  static override readonly schema: ConfigSchema<UnCLIPConfig> = {
    num_train_timesteps: field.number(1000),
    variance_type: field.choice('fixed_small_log', VARIANCE_TYPES),
    clip_sample: field.boolean(true),
    clip_sample_range: field.number(1),
    prediction_type: field.choice('epsilon', PREDICTIONS),
    beta_schedule: field.choice('squaredcos_cap_v2', ['squaredcos_cap_v2']),
  };

  readonly #tables: TrainingTables = trainingTables(
    {
      num_train_timesteps: this.config.num_train_timesteps,
      beta_schedule: this.config.beta_schedule,
      beta_start: Number.NaN, // the cosine has none
      beta_end: Number.NaN,
    },
    this.precision,
  );

  protected override plan(request?: PlanRequest): Plan<UnCLIPRow> {
    const { num_train_timesteps: trainSteps } = this.config;
    const steps = request?.numInferenceSteps;
    if (steps === 1) throw oneStep();
    const { noiseByTimestep, noiseLevel } = trainedNoise(this.#tables.alphasCumprod);
    return {
      timesteps: Array.from(
        integerTimesteps({ spacing: 'linspace', steps: request ? (steps ?? 0) : trainSteps, trainSteps }),
      ),
      initNoiseSigma: 1,
      ...(steps && { numInferenceSteps: steps }),
      row: (_, timestep) => this.#row(timestep, timestep - 1),
      noiseByTimestep,
      noiseLevel,
    };
  }

  /** 1 - ratio cancels, so it is rounded where upstream rounds; between neighbours the tables have it. */
  #row(timestep: number, previous: number): UnCLIPRow {
    const { round } = this.precision;
    const { betas, alphas, alphasCumprod } = this.#tables;
    const now = trainedLevel(alphasCumprod, timestep);
    const next = levelOrEnd(alphasCumprod, previous, { set_alpha_to_one: true });
    const adjacent = previous === timestep - 1;
    const beta = adjacent ? betas.at(timestep)! : round(1 - round(now.alphaCumprod / next.alphaCumprod));
    const alpha = adjacent ? alphas.at(timestep)! : round(1 - beta);
    return { ...posterior(now, next.alphaCumprod, alpha, beta), timestep };
  }

  protected override rule({ k, next, x, out, options, normal }: StepContext<UnCLIPRow>): StepResult {
    const { prediction_type: type, variance_type: variance, clip_sample: clip, clip_sample_range: range } = this.config;
    requireChoice('prediction_type', type, PREDICTIONS);
    const { prevTimestep: previous = next } = options;
    const step = previous === undefined ? k : this.#row(k.timestep, previous);
    const [mean, predicted] = variance === 'learned_range' ? splitVariance(x, out) : [out, undefined];
    const { x0 } = predict(type, step, x, mean);
    const clean = clip ? x0.clamp(-range, range) : x0;
    const prev = posteriorMean(step, x, clean);
    if (!(k.timestep > 0)) return { prev, x0: clean };
    requireChoice('variance_type', variance, VARIANCE_TYPES);
    return { prev: prev.add(noise(step, normal(x.shape), predicted)), x0: clean };
  }
}

function oneStep(): DiffusionError {
  const message =
    'UnCLIPScheduler: numInferenceSteps is 1, but the schedule has both ends of the training. Give 2 or more.';
  return new DiffusionError('REQUEST_INVALID', message, { steps: 1 });
}

/** std z: the posterior's, or between it and that of the forward step where the model says; none towards the noiseless end. */
function noise({ variance, beta }: Posterior, z: Tensor, predicted: Tensor | undefined): Tensor {
  if (!predicted) return z.mul(Math.sqrt(Math.max(variance, 1e-20)));
  if (variance === 0) return z.mul(0);
  return z.mul(logBetween(predicted, Math.log(variance), Math.log(beta)).mul(0.5).exp());
}
