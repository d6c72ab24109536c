// DPM-Solver++ as a solver of the diffusion SDE: second order, two model calls per step, noise from one Brownian path.

import type {
  BetaConfig,
  ConfigField,
  ConfigSchema,
  KStyleTables,
  NoiseSampler,
  Plan,
  PlanRequest,
  Precision,
  Respacing,
  RunLevels,
  SigmaScheduleConfig,
  SpacingConfig,
  StepContext,
  StepOptions,
  StepResult,
  Table,
} from '@unnoise/core';
import {
  KARRAS_COMPATIBLES,
  SchedulerMixin,
  ancestralSplit,
  betaFields,
  exactlyOne,
  exact64,
  field,
  interleave,
  isSecondCall,
  kStylePlan,
  kStyleTables,
  levelsAt,
  levelsOfSigmas,
  logSigmas,
  ofFirstCall,
  predictAtSigma,
  repeatInner,
  respacedLevels,
  respacingOf,
  scaleAtSigma,
  sigmaBetween,
  sigmaScheduleFields,
  spacedTimesteps,
  spacingFields,
  timestepsOfSigmas,
  withFinalSigma,
} from '@unnoise/core';
import { brownianNoise, noiseSeed } from '@unnoise/core/brownian';

export type DPMSolverSDEPredictionType = 'epsilon' | 'v_prediction';

const PREDICTION_TYPES: readonly DPMSolverSDEPredictionType[] = ['epsilon', 'v_prediction'];

export interface DPMSolverSDEConfig extends BetaConfig, SpacingConfig, SigmaScheduleConfig {
  /** What the model predicts: the noise or the velocity. */
  readonly prediction_type: DPMSolverSDEPredictionType;
  /** Seed of the Brownian path, or one for each batch item; without it the run's generator gives the seed. */
  readonly noise_sampler_seed: number | readonly number[] | null;
}

/** One of the two model calls of a step: from sigma to sigmaTo, which is the middle of the step or its end. */
export interface DPMSolverSDERow {
  readonly sigma: number;
  readonly sigmaTo: number;
  /** Level of the sample that the model is shown. */
  readonly level: number;
  /** The second call: the model has seen the sample in the middle. */
  readonly second: boolean;
}

/**
 * DPM-Solver++ with noise, restarted from x for each half; lambda = -ln sigma:
 *
 *     go(x0, sigma -> to) = (down / sigma) x + (1 - down / sigma) x0 + up z(sigma, to),  down = to^2 / sigma,  up^2 = to^2 - down^2
 *     first:  xMid = go(x0(x, sigma), sigma -> sigmaMid),     sigmaMid = sqrt(sigma sigmaNext)
 *     second: prev = go(x0(xMid, sigmaMid), sigma -> sigmaNext)
 *
 * Both z come from one Brownian path W whose clock is sigma, z(a, b) = (W(b) - W(a)) / sqrt(|b - a|): the halves share their noise.
 * The step to sigma 0 is the first call alone, prev = x0: n steps are 2 n - 1 calls. k-diffusion calls it DPM++ SDE.
 * Lu et al. (2022), arXiv 2211.01095; Karras et al. (2022), arXiv 2206.00364.
 */
export class DPMSolverSDEScheduler extends SchedulerMixin<DPMSolverSDEConfig, DPMSolverSDERow> {
  static override readonly className = 'DPMSolverSDEScheduler';
  static override readonly compatibles: readonly string[] = KARRAS_COMPATIBLES;
  static override readonly requestKeys: readonly string[] = ['numInferenceSteps', 'sigmas'];
  static override readonly stepOptions: readonly string[] = ['generator', 'sNoise', 'noiseSampler'];
  static override readonly schema: ConfigSchema<DPMSolverSDEConfig> = {
    ...betaFields,
    beta_start: field.number(0.00085),
    beta_end: field.number(0.012),
    ...spacingFields('linspace'),
    ...sigmaScheduleFields,
    prediction_type: field.choice('epsilon', PREDICTION_TYPES),
    noise_sampler_seed: { default: null, kind: 'any' } satisfies ConfigField<null>,
  };

  override readonly order: number = 2;
  readonly #respacing: Respacing | undefined = respacingOf(this.config);
  readonly #tables: KStyleTables = kStyleTables(this.config, this.precision);

  protected override plan(request?: PlanRequest): Plan<DPMSolverSDERow> {
    const levels = this.#levels(request);
    const log = logSigmas(this.#tables.sigmas);
    const middles = timestepsOfSigmas(logMiddles(levels.sigmas), log);
    const timesteps = Array.from(interleave(Float64Array.from(levels.timesteps), middles));
    const sigmas = repeatInner(withFinalSigma(levels.sigmas, levels.end, this.precision));
    const row = (index: number): DPMSolverSDERow => rowOf(sigmas, index, this.precision);
    return {
      ...kStylePlan({ timesteps, sigmas, numInferenceSteps: levels.numInferenceSteps }, this.config, request),
      inputScale: (index) => scaleAtSigma(row(index).level),
      noiseSampler: (shape, options) => this.#noise(sigmas, shape, options),
      row,
    };
  }

  /** As upstream: timesteps stay float64, and sigma_min and sigma_max of another class's config bound all re-spacings but karras. */
  #levels(request: PlanRequest = { numInferenceSteps: this.config.num_train_timesteps }): RunLevels {
    exactlyOne(request, ['numInferenceSteps', 'sigmas']);
    const { numInferenceSteps: steps = 0, sigmas } = request;
    if (sigmas) return levelsOfSigmas(sigmas, this.#tables);
    const respacing = this.#respacing;
    const spaced = levelsAt(spacedTimesteps(this.config, steps, exact64), this.#tables);
    const limits = respacing === 'karras' ? {} : this.config;
    return {
      ...respacedLevels(spaced, { respacing, steps, limits }, this.#tables),
      end: 0,
      numInferenceSteps: steps,
    };
  }

  #noise(sigmas: Table, shape: readonly number[], options: StepOptions): NoiseSampler {
    const seed = noiseSeed(this.config.noise_sampler_seed, options);
    return brownianNoise({ shape, seed, sigmaMin: sigmas.at(-1)! || sigmas.at(-2)!, sigmaMax: Math.max(...sigmas) });
  }

  protected override rule({
    k,
    index,
    x,
    out,
    carry,
    options,
    normalBetween,
  }: StepContext<DPMSolverSDERow>): StepResult {
    const x0 = predictAtSigma(this.config.prediction_type, k.level, x, out, PREDICTION_TYPES);
    if (k.sigmaTo === 0) return { prev: x0, x0 };
    const from = k.second ? ofFirstCall(carry, index) : x;
    const { up, down } = ancestralSplit(k.sigma, k.sigmaTo);
    const kept = down / k.sigma;
    const noise = normalBetween(k.sigma, k.sigmaTo).mul(up * (options.sNoise ?? 1));
    return {
      prev: from
        .mul(kept)
        .add(x0.mul(1 - kept))
        .add(noise),
      x0,
      ...(!k.second && { carry: [x] }),
    };
  }
}

/** Halfway between neighbours in ln sigma. */
function logMiddles(sigmas: Table): Float64Array {
  return Float64Array.from(sigmas.subarray(1), (next, i) => {
    const t = -Math.log(sigmas[i]!);
    return Math.exp(-(t + (-Math.log(next) - t) * 0.5));
  });
}

/** Sigmas lie in pairs [from, to]. As upstream, levels pass through their logarithms, and so does the time that noise is asked for. */
function rowOf(sigmas: Table, index: number, precision: Precision): DPMSolverSDERow {
  const second = isSecondCall(index);
  const first = second ? index - 1 : index;
  const [from = Number.NaN, to = Number.NaN] = [sigmas[first], sigmas[first + 1]];
  if (to === 0) return { sigma: from, sigmaTo: 0, level: from, second };
  const along = (share: number): number => sigmaBetween(from, to, share, precision);
  const middle = along(0.5);
  return {
    sigma: along(0),
    sigmaTo: second ? sigmaBetween(to, from, 0, precision) : middle,
    level: second ? middle : from,
    second,
  };
}
