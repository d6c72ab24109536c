// Consistency models: a model that jumps from any noise level to the data, sampled by jumping and noising again.

import type { ConfigSchema, Plan, PlanRequest, StepContext, StepResult, Table } from '@unnoise/core';
import {
  DiffusionError,
  SchedulerMixin,
  descendingTimesteps,
  exactlyOne,
  exact64,
  field,
  indexForTimestep,
  linspace,
  requireSteps,
  withFinalSigma,
} from '@unnoise/core';

export interface CMStochasticIterativeConfig {
  /** Number of noise levels the model was trained with. */
  readonly num_train_timesteps: number;
  /** Lowest noise level: there the model is the identity. */
  readonly sigma_min: number;
  /** Highest noise level. */
  readonly sigma_max: number;
  /** Standard deviation of the data. */
  readonly sigma_data: number;
  /** Factor of the noise that is added after a jump. */
  readonly s_noise: number;
  /** Exponent of the Karras schedule. */
  readonly rho: number;
  /** Clip the sample to [-1, 1] after each jump. */
  readonly clip_denoised: boolean;
}

/** How a consistency model weighs its input and its network. */
export interface Scalings {
  readonly cSkip: number;
  readonly cOut: number;
}

/** One step: the weights of a jump from its level, and the deviation of the noise that leads to the next. */
export interface CMRow extends Scalings {
  readonly std: number;
  /** A run of one step adds no noise. */
  readonly noisy: boolean;
}

/**
 * Multistep consistency sampling: jump to the data, then add the noise of the next level.
 *
 *     f    = cOut out + cSkip x,  cSkip = 1 and cOut = 0 at sigma_min
 *     prev = f + sqrt(sigmaNext^2 - sigma_min^2) s_noise z
 *
 * Exact for every number of steps where f is. Song, Dhariwal, Chen and Sutskever (2023), arXiv 2303.01469, algorithm 1;
 * the weights are those of its appendix C.
 */
export class CMStochasticIterativeScheduler extends SchedulerMixin<CMStochasticIterativeConfig, CMRow> {
  static override readonly className = 'CMStochasticIterativeScheduler';
  static override readonly requestKeys: readonly string[] = ['numInferenceSteps', 'timesteps'];
  static override readonly stepOptions: readonly string[] = ['generator'];
  static override readonly schema: ConfigSchema<CMStochasticIterativeConfig> = {
    num_train_timesteps: field.number(40),
    sigma_min: field.number(0.002),
    sigma_max: field.number(80),
    sigma_data: field.number(0.5),
    s_noise: field.number(1),
    rho: field.number(7),
    clip_denoised: field.boolean(true),
  };

  /** All trained levels, which are the schedule before setTimesteps. */
  readonly #levels: readonly number[] = this.#sigmas(linspace(0, 1, this.config.num_train_timesteps));

  /** As upstream: the schedule before setTimesteps has float64 sigmas and no final one. */
  protected override plan(request?: PlanRequest): Plan<CMRow> {
    const { num_train_timesteps: trainSteps, sigma_min: last } = this.config;
    if (!request) return this.#planOf(this.#levels, exact64.table(this.#levels));
    const ramp = this.#trained(request).map((timestep) => timestep / (trainSteps - 1));
    const sigmas = this.#sigmas(ramp.reverse());
    const { numInferenceSteps } = request;
    return {
      ...this.#planOf(sigmas, withFinalSigma(sigmas, last, this.precision)),
      ...(numInferenceSteps && { numInferenceSteps }),
    };
  }

  /** Which of the trained levels are visited, noisiest last: they are counted from the noisiest. */
  #trained(request: PlanRequest): readonly number[] {
    const { num_train_timesteps: trainSteps } = this.config;
    exactlyOne(request, ['numInferenceSteps', 'timesteps']);
    if (request.timesteps) return Array.from(descendingTimesteps(request.timesteps, trainSteps));
    const { numInferenceSteps: steps = 0 } = request;
    requireSteps(steps, trainSteps);
    const stride = Math.floor(trainSteps / steps);
    return Array.from({ length: steps }, (_, i) => (steps - 1 - i) * stride);
  }

  /** The Karras schedule at points from 0 (sigma_max) to 1 (sigma_min). Throws CONFIG_INVALID where it is not finite. */
  #sigmas(ramp: ArrayLike<number>): readonly number[] {
    const { sigma_min: low, sigma_max: high, rho, num_train_timesteps: trainSteps } = this.config;
    const [bottom, top] = [low ** (1 / rho), high ** (1 / rho)];
    const sigmas = Array.from(ramp, (part) => (top + part * (bottom - top)) ** rho);
    if ([bottom, top, ...sigmas].every(Number.isFinite)) return sigmas;
    const message = `sigma_min ${low}, sigma_max ${high}, rho ${rho} and num_train_timesteps ${trainSteps} give no noise levels. Use positive sigmas, a rho that is not 0, and at least 2 timesteps.`;
    throw new DiffusionError('CONFIG_INVALID', message, { low, high, rho, trainSteps });
  }

  #planOf(levels: readonly number[], sigmas: Table): Plan<CMRow> {
    const timesteps = levels.map((sigma) => this.sigmaToT(sigma));
    const at = (index: number): number => sigmas[Math.min(index, sigmas.length - 1)] ?? Number.NaN;
    return {
      timesteps,
      sigmas,
      initNoiseSigma: this.config.sigma_max,
      indexOf: (timestep) => indexForTimestep(timesteps, timesteps.find(same(timestep)) ?? timestep),
      inputScale: (index) => 1 / Math.hypot(at(index), this.config.sigma_data),
      noiseLevel: (index) => ({ signal: 1, noise: at(index) }),
      row: (index) => ({
        ...this.getScalingsForBoundaryCondition(at(index)),
        std: this.#noiseUpTo(at(index + 1)),
        noisy: timesteps.length > 1,
      }),
    };
  }

  /** The deviation that takes a sample of sigma_min to the next level. */
  #noiseUpTo(next: number): number {
    const { sigma_min: low, sigma_max: high } = this.config;
    const sigma = Math.min(Math.max(next, low), high);
    return Math.sqrt(sigma ** 2 - low ** 2);
  }

  protected override rule({ k, x, out, normal }: StepContext<CMRow>): StepResult {
    const jump = out.mul(k.cOut).add(x.mul(k.cSkip));
    const x0 = this.config.clip_denoised ? jump.clamp(-1, 1) : jump;
    return { prev: k.noisy ? x0.add(normal().mul(this.config.s_noise * k.std)) : x0, x0 };
  }

  /** What the model is given for a noise level: 250 ln sigma. */
  sigmaToT(sigma: number): number {
    return 1000 * 0.25 * Math.log(sigma + 1e-44);
  }

  /** EDM's weights, which no step uses: those of a denoiser at this noise level. */
  getScalings(sigma: number): Scalings {
    const { sigma_data: data } = this.config;
    const total = sigma ** 2 + data ** 2;
    return { cSkip: data ** 2 / total, cOut: (sigma * data) / Math.sqrt(total) };
  }

  /** The weights of a jump from this noise level: the identity at sigma_min. */
  getScalingsForBoundaryCondition(sigma: number): Scalings {
    const { sigma_min: low, sigma_data: data } = this.config;
    const above = sigma - low;
    return {
      cSkip: data ** 2 / (above ** 2 + data ** 2),
      cOut: (above * data) / Math.sqrt(sigma ** 2 + data ** 2),
    };
  }
}

/** The last bit of a logarithm is that of the machine that took it: Python's timesteps are found too. */
function same(timestep: number): (own: number) => boolean {
  return (own) => Math.abs(own - timestep) < 1e-9;
}
