// KarrasVe: the stochastic sampler of EDM for variance-exploding models, a step of Heun's method taken in three calls.

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
  mapTable,
  methodNoise,
  methodResults,
  requireSteps,
  tabulate,
  timestepsNotSet,
  withFinalSigma,
} from '@unnoise/core';

export interface KarrasVeConfig {
  /** Lowest noise level; its square ends the schedule. */
  readonly sigma_min: number;
  /** Highest noise level; its square begins the schedule. */
  readonly sigma_max: number;
  /** Factor of the noise that is added before a step. */
  readonly s_noise: number;
  /** How much noise is added over the whole run. */
  readonly s_churn: number;
  /** Lowest noise level at which noise is added. */
  readonly s_min: number;
  /** Highest noise level at which noise is added. */
  readonly s_max: number;
}

/** The levels of one step, as the schedule has them. */
export interface KarrasVeRow {
  readonly sigma: number | undefined;
  readonly sigmaPrev: number | undefined;
}

/** What `step` and `stepCorrect` resolve to. The samples are the caller's to dispose. */
export interface KarrasVeOutput {
  readonly prevSample: Tensor;
  readonly predOriginalSample: Tensor;
  /**
   * dx / dsigma at the level of the step, which stepCorrect averages with that at the next. That of `step` is an expression
   * over the model's output and owns nothing: keep that output until stepCorrect.
   */
  readonly derivative: Tensor;
}

type Draw = Pick<StepOptions, 'generator'>;

/** The largest share by which the noise level may rise: sqrt 2 - 1 doubles the variance. */
const MOST_CHURN: number = Math.SQRT2 - 1;

/**
 * A step goes up to more noise (`addNoiseToInput`), down by Euler's method (`step`), and is mended by the slope at its end
 * (`stepCorrect`):
 *
 *     xHat = x + sqrt(sigmaHat^2 - sigma^2) s_noise z,  sigmaHat = (1 + gamma) sigma
 *     x0   = xHat + sigmaHat out,  derivative = (xHat - x0) / sigmaHat
 *     prev = xHat + (sigmaPrev - sigmaHat) derivative
 *     prev = xHat + (sigmaPrev - sigmaHat) (derivative + derivativePrev) / 2
 *
 * Karras, Aittala, Aila and Laine (2022), arXiv 2206.00364, algorithm 2.
 */
export class KarrasVeScheduler extends SchedulerMixin<KarrasVeConfig, KarrasVeRow> {
  static override readonly className = 'KarrasVeScheduler';
  static override readonly stepOptions: readonly string[] = ['sigmaHat', 'sigmaPrev'];
  static override readonly schema: ConfigSchema<KarrasVeConfig> = {
    sigma_min: field.number(0.02),
    sigma_max: field.number(100),
    s_noise: field.number(1.007),
    s_churn: field.number(80),
    s_min: field.number(0.05),
    s_max: field.number(50),
  };

  override readonly order: number = 2;

  protected override plan(request?: PlanRequest): Plan<KarrasVeRow> {
    const steps = request?.numInferenceSteps ?? 0;
    const schedule = request ? this.#schedule(steps) : this.precision.array(0);
    return {
      timesteps: Array.from(schedule, (_, i) => steps - 1 - i),
      sigmas: withFinalSigma(schedule.toReversed(), 0, this.precision),
      initNoiseSigma: this.config.sigma_max,
      ...(steps > 0 && { numInferenceSteps: steps }),
      row: (_, timestep) => ({ sigma: schedule.at(timestep), sigmaPrev: timestep === 0 ? 0 : schedule[timestep - 1] }),
    };
  }

  /** Geometric from sigma_min^2 to sigma_max^2: as upstream, the squares of the sigmas. Throws REQUEST_INVALID for one step. */
  #schedule(steps: number): Table {
    const { sigma_min: low, sigma_max: high } = this.config;
    const { round } = this.precision;
    requireSteps(steps);
    if (steps === 1) {
      const message =
        'KarrasVeScheduler: one step has no schedule, which divides by the steps less one. Give at least 2.';
      throw new DiffusionError('REQUEST_INVALID', message, { steps });
    }
    const [top, ratio] = [round(high ** 2), round(low ** 2 / high ** 2)];
    const parts = tabulate(steps, this.precision, (timestep) => (steps - 1 - timestep) / (steps - 1));
    return mapTable(parts, (part) => top * round(ratio ** part));
  }

  /** The noise level of every timestep, by the timestep. */
  get schedule(): Table {
    return this.precision.table(
      Array.from(this.sigmas ?? [])
        .slice(0, -1)
        .reverse(),
    );
  }

  protected override rule({ k, x, out, options }: StepContext<KarrasVeRow>): StepResult {
    const sigma = positive('sigmaHat', options.sigmaHat ?? k.sigma);
    const sigmaPrev = options.sigmaPrev ?? k.sigmaPrev;
    if (sigmaPrev === undefined) throw timestepsNotSet('KarrasVeScheduler');
    return { prev: x.add(out.mul(sigma - sigmaPrev)), x0: x.add(out.mul(sigma)) };
  }

  /**
   * Euler's step down from `sigmaHat` to `sigmaPrev`, by default the schedule's levels at `timestep` and below it. The
   * derivative is (x - x0) / sigmaHat, which is the model's output with the other sign.
   * @throws DiffusionError NUMERIC, TIMESTEPS_NOT_SET.
   */
  override async step(out: Tensor, timestep: number, x: Tensor, options: StepOptions = {}): Promise<KarrasVeOutput> {
    const { prevSample, predOriginalSample } = await super.step(out, timestep, x, options);
    return { prevSample, predOriginalSample: predOriginalSample!, derivative: out.neg() };
  }

  /**
   * Heun's correction of a step: the mean of the slopes at both its ends. `out` is the model's output for `samplePrev`, which
   * must not be noiseless.
   * @throws DiffusionError NUMERIC.
   */
  async stepCorrect(
    out: Tensor,
    sigmaHat: number,
    sigmaPrev: number,
    sampleHat: Tensor,
    samplePrev: Tensor,
    derivative: Tensor,
  ): Promise<KarrasVeOutput> {
    const x0 = samplePrev.add(out.mul(positive('sigmaPrev', sigmaPrev)));
    const slope = derivative.sub(out).mul(0.5);
    const prev = sampleHat.add(slope.mul(sigmaPrev - sigmaHat));
    const results = await methodResults(
      'KarrasVeScheduler.stepCorrect',
      [prev, x0],
      sampleHat.dtype,
      this.options.backend,
    );
    return { prevSample: results[0]!, predOriginalSample: results[1]!, derivative: derivative.clone() };
  }

  /**
   * Takes the sample up to more noise before a step, where the level lies between s_min and s_max; draws anyway. As upstream,
   * the result is float32 whatever the sample is.
   * @throws DiffusionError TIMESTEPS_NOT_SET, GENERATOR_REQUIRED.
   */
  async addNoiseToInput(
    x: Tensor,
    sigma: number,
    options: Draw = {},
  ): Promise<{ readonly sampleHat: Tensor; readonly sigmaHat: number }> {
    const method = 'KarrasVeScheduler.addNoiseToInput';
    const sigmaHat = sigma + this.#churn(sigma) * sigma;
    const z = methodNoise(method, x.shape, options);
    const noisier = x.add(z.mul(this.config.s_noise * Math.sqrt(sigmaHat ** 2 - sigma ** 2)));
    const [sampleHat] = await methodResults(method, [noisier], 'float32', this.options.backend);
    return { sampleHat: sampleHat!, sigmaHat };
  }

  #churn(sigma: number): number {
    const { s_min: low, s_max: high, s_churn: churn } = this.config;
    if (!(low <= sigma && sigma <= high)) return 0;
    if (this.numInferenceSteps === undefined) throw timestepsNotSet('KarrasVeScheduler');
    return Math.min(churn / this.numInferenceSteps, MOST_CHURN);
  }
}

/** A level that a derivative is taken at. */
function positive(name: string, sigma: number | undefined): number {
  if (sigma === undefined) throw timestepsNotSet('KarrasVeScheduler');
  if (sigma !== 0) return sigma;
  const message = `${name} is 0, where the derivative divides by zero. The last step ends there: do not correct it.`;
  throw new DiffusionError('NUMERIC', message, { sigma });
}
