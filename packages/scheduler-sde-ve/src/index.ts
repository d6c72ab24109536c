// Score SDE, variance exploding: reverse diffusion with Langevin corrections, for models that give the score.

import type {
  ConfigSchema,
  Plan,
  PlanRequest,
  StepContext,
  StepOptions,
  StepResult,
  Table,
  Tensor,
} from '@unnoise/core';
import {
  DiffusionError,
  SchedulerMixin,
  field,
  inFloat32,
  mapTable,
  methodNoise,
  methodResults,
  requireSteps,
  torchLinspace,
} from '@unnoise/core';

export interface ScoreSdeVeConfig {
  /** Number of steps of the schedule before setTimesteps. */
  readonly num_train_timesteps: number;
  /** Signal to noise ratio of a correction: the size of its step. */
  readonly snr: number;
  /** Lowest noise level. */
  readonly sigma_min: number;
  /** Highest noise level. */
  readonly sigma_max: number;
  /** The last timestep; the first is 1. */
  readonly sampling_eps: number;
  /** How many corrections a pipeline makes before each step. No method reads it. */
  readonly correct_steps: number;
}

/** One step: the square of the diffusion is that of this noise level less that of the level below. */
export interface ScoreSdeVeRow {
  readonly variance: number;
}

/** What stepPred resolves to. The tensors are the caller's to dispose. */
export interface SdeVeOutput {
  readonly prevSample: Tensor;
  /** The sample without the noise of this step: what the last step should give. */
  readonly prevSampleMean: Tensor;
}

type Draw = Pick<StepOptions, 'generator'>;

interface Levels {
  readonly timesteps: Table;
  /** The levels at the timesteps, as the continuous SDE has them; for looking at. */
  readonly sigmas: Table;
  /** The levels that steps and noising use, ascending. */
  readonly discrete: Table;
}

/**
 * The predictor, a step of the reverse diffusion, and the corrector, a step of Langevin dynamics at the level that is reached:
 *
 *     mean = x + (sigma_i^2 - sigma_(i-1)^2) score,  prev = mean + sqrt(sigma_i^2 - sigma_(i-1)^2) z
 *     x    = x + e score + sqrt(2 e) z,  e = 2 (snr |z| / |score|)^2,  norms averaged over the batch
 *
 * Song, Sohl-Dickstein, Kingma, Kumar, Ermon and Poole (2021), arXiv 2011.13456, algorithms 2 and 4.
 */
export class ScoreSdeVeScheduler extends SchedulerMixin<ScoreSdeVeConfig, ScoreSdeVeRow> {
  static override readonly className = 'ScoreSdeVeScheduler';
  static override readonly requestKeys: readonly string[] = [
    'numInferenceSteps',
    'samplingEps',
    'sigmaMin',
    'sigmaMax',
  ];
  static override readonly stepOptions: readonly string[] = ['generator'];
  static override readonly schema: ConfigSchema<ScoreSdeVeConfig> = {
    num_train_timesteps: field.number(2000),
    snr: field.number(0.15),
    sigma_min: field.number(0.01),
    sigma_max: field.number(1348),
    sampling_eps: field.number(1e-5),
    correct_steps: field.number(1),
  };

  #levels: Levels = this.#levelsOf({ numInferenceSteps: this.config.num_train_timesteps });

  /** The noise levels of the steps, ascending: addNoise takes their index. */
  get discreteSigmas(): Table {
    return this.#levels.discrete;
  }

  /** Timesteps and sigmas. As `setSigmas`, which upstream needs beside it. */
  override setTimesteps(request: number | PlanRequest): void {
    super.setTimesteps(request);
    this.#levels = this.#levelsOf(typeof request === 'number' ? { numInferenceSteps: request } : request);
  }

  /** Replaces the ends of the noise levels; timesteps and sigmas always belong together here. */
  setSigmas(request: number | PlanRequest): void {
    this.setTimesteps(request);
  }

  protected override plan(request?: PlanRequest): Plan<ScoreSdeVeRow> {
    const levels = request ? this.#levelsOf(request) : this.#levels;
    return {
      timesteps: Array.from(levels.timesteps),
      sigmas: levels.sigmas,
      initNoiseSigma: this.config.sigma_max,
      row: (_, timestep) => this.#row(levels, timestep),
      noiseLevel: (_, index) => ({ signal: 1, noise: at(levels.discrete, index) }),
    };
  }

  #levelsOf(request: PlanRequest): Levels {
    const { sigma_min, sigma_max, sampling_eps } = this.config;
    const { numInferenceSteps: steps = 0, sigmaMin: low = sigma_min, sigmaMax: high = sigma_max } = request;
    const { samplingEps: end = sampling_eps } = request;
    requireSteps(steps);
    if (!(low > 0 && high > 0)) throw noLevels(low, high);
    const { round } = this.precision;
    const timesteps = torchLinspace(1, end, steps, this.precision);
    const logs = torchLinspace(Math.log(low), Math.log(high), steps, this.precision);
    const [base, ratio] = [round(low), round(high / low)];
    return {
      timesteps,
      sigmas: mapTable(timesteps, (t) => base * round(ratio ** t)),
      discrete: mapTable(logs, Math.exp),
    };
  }

  /** As upstream, `timesteps` are indices of `discreteSigmas`, and the result is float32. */
  override addNoise(original: Tensor, noise: Tensor, timesteps: number | readonly number[]): Promise<Tensor> {
    return super.addNoise(inFloat32(original), noise, timesteps);
  }

  /** As upstream, the level of a timestep is the one below t (n - 1), a float32 product; below the lowest there is no noise. */
  #row({ timesteps, discrete }: Levels, timestep: number): ScoreSdeVeRow {
    const { round } = this.precision;
    const index = Math.trunc(round(round(timestep) * (timesteps.length - 1)));
    const below = index === 0 ? 0 : at(discrete, index - 1);
    return { variance: round(round(at(discrete, index) ** 2) - round(below ** 2)) };
  }

  protected override rule({ k, x, out, normal }: StepContext<ScoreSdeVeRow>): StepResult {
    return { prev: predicted(k, x, out).add(normal(x.shape).mul(Math.sqrt(k.variance))), prevDtype: 'float32' };
  }

  /**
   * The predictor: `step`, which also tells the sample without the noise of this step.
   * @throws DiffusionError TIMESTEP_NOT_IN_PLAN, GENERATOR_REQUIRED.
   */
  async stepPred(score: Tensor, timestep: number, x: Tensor, options: Draw = {}): Promise<SdeVeOutput> {
    const method = 'ScoreSdeVeScheduler.stepPred';
    const k = this.#row(this.#levels, timestep);
    const mean = predicted(k, x, score);
    const prev = mean.add(methodNoise(method, x.shape, options).mul(Math.sqrt(k.variance)));
    const results = await methodResults(method, [prev, mean], 'float32', this.options.backend);
    return { prevSample: results[0]!, prevSampleMean: results[1]! };
  }

  /**
   * The corrector: a step of Langevin dynamics, as long as the norms of score and noise say. Reads the norms of the score back.
   * @throws DiffusionError NUMERIC for a score of 0, GENERATOR_REQUIRED.
   */
  async stepCorrect(score: Tensor, x: Tensor, options: Draw = {}): Promise<{ readonly prevSample: Tensor }> {
    const method = 'ScoreSdeVeScheduler.stepCorrect';
    const z = methodNoise(method, x.shape, options);
    const { backend } = this.options;
    const [ofScore, ofNoise] = [await meanNorm(score, backend), await meanNorm(z, backend)];
    if (ofScore === 0) throw new DiffusionError('NUMERIC', `${method}: the score is 0, so the step would be infinite.`);
    const size = 2 * ((this.config.snr * ofNoise) / ofScore) ** 2;
    const moved = x.add(score.mul(size)).add(z.mul(Math.sqrt(2 * size)));
    const [prevSample] = await methodResults(method, [moved], 'float32', backend);
    return { prevSample: prevSample! };
  }
}

/** As upstream, float32 whatever the sample is. */
function predicted({ variance }: ScoreSdeVeRow, x: Tensor, score: Tensor): Tensor {
  return inFloat32(x).add(score.mul(variance));
}

/** The mean over the batch of the Euclidean norm. */
async function meanNorm(x: Tensor, backend: SchedulerMixin['options']['backend']): Promise<number> {
  const rows = x.cast('float32').reshape([x.shape[0] ?? 1, -1]);
  const [norms] = await methodResults('norm', [rows.mul(rows).sum(1).sqrt()], 'float32', backend);
  const values = Array.from(await norms!.data());
  norms!.dispose();
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** As in Python, a negative index counts from the end. */
function at(levels: Table, index: number): number {
  const level = Number.isInteger(index) ? levels.at(index) : undefined;
  if (level !== undefined) return level;
  const message = `There is no noise level ${index}: whole numbers from 0 to ${levels.length - 1} are, and timesteps from 0 to 1 for steps.`;
  throw new DiffusionError('TIMESTEP_NOT_IN_PLAN', message, { index });
}

function noLevels(low: number, high: number): DiffusionError {
  return new DiffusionError('CONFIG_INVALID', `sigma_min is ${low} and sigma_max ${high}; both must be above 0.`, {
    low,
    high,
  });
}
