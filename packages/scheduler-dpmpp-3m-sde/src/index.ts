// DPM-Solver++(3M) as a solver of the diffusion SDE: one model call per step, noise from one Brownian path.

import type {
  ConfigSchema,
  KScheduleConfig,
  ModelCall,
  NoiseSampler,
  Plan,
  PlanRequest,
  StepContext,
  StepOptions,
  StepResult,
  Table,
  Tensor,
} from '@unnoise/core';
import { KScheduleMixin, field, kScheduleFields, phiLessLimit, requireShare } from '@unnoise/core';
import { brownianNoise, noiseSeed } from '@unnoise/core/brownian';

export interface DPMPP3MSDEConfig extends KScheduleConfig {
  /** Share of the noise, from 0 (an ODE solver) to 1. */
  readonly eta: number;
  /** Seed of the Brownian path, or one for each batch item; without it the run's generator gives the seed. */
  readonly noise_sampler_seed: number | readonly number[] | null;
}

/** One step: h in -ln sigma, and the sizes of the two before it relative to h. */
export interface DPMPP3MSDERow extends ModelCall {
  readonly sigmaNext: number;
  readonly h: number;
  readonly r0: number;
  readonly r1: number;
}

/**
 * With h in lambda = -ln sigma, H = (1 + eta) h, and x0 of this step and the two before it:
 *
 *     prev = e^-H x + (1 - e^-H) x0 + phi2 D1 - phi3 D2 + sigmaNext sqrt(1 - e^(-2 eta h)) z(sigma, sigmaNext)
 *     phi2 = (e^-H - 1) / H + 1,   phi3 = phi2 / H - 1/2
 *
 * D1 and D2 are the first and second divided differences of x0, the second step having D1 alone and the first neither. z comes
 * from a Brownian path whose clock is sigma. The step to sigma 0 is prev = x0. k-diffusion's sample_dpmpp_3m_sde.
 * Lu et al. (2022), arXiv 2211.01095.
 */
export class DPMPP3MSDEScheduler extends KScheduleMixin<DPMPP3MSDEConfig, DPMPP3MSDERow> {
  static override readonly className = 'DPMPP3MSDEScheduler';
  static override readonly schema: ConfigSchema<DPMPP3MSDEConfig> = {
    ...kScheduleFields,
    eta: field.number(1),
    noise_sampler_seed: { default: null, kind: 'any' },
  };

  protected override plan(request?: PlanRequest): Plan<DPMPP3MSDERow> {
    requireShare('eta', this.config.eta);
    const sigmas = this.levels(request);
    const steps = sigmas.length - 1;
    const calls = Array.from({ length: steps }, (_, i) => rowOf(sigmas, i));
    const noiseSampler = (shape: readonly number[], options: StepOptions): NoiseSampler =>
      this.#noise(sigmas, shape, options);
    return { ...this.planOf(calls, sigmas.at(-1)!, steps), noiseSampler };
  }

  #noise(sigmas: Table, shape: readonly number[], options: StepOptions): NoiseSampler {
    const seed = noiseSeed(this.config.noise_sampler_seed, options);
    const sigmaMin = Math.min(...sigmas.filter((sigma) => sigma > 0));
    return brownianNoise({ shape, seed, sigmaMin, sigmaMax: sigmas[0]! });
  }

  protected override rule({ k, x, out, carry, normalBetween }: StepContext<DPMPP3MSDERow>): StepResult {
    const { eta, s_noise: factor } = this.config;
    const x0 = this.cleanOf(k, x, out);
    if (k.sigmaNext === 0) return { prev: x0, x0 };
    const H = (1 + eta) * k.h;
    const first = x.mul(Math.exp(-H)).add(x0.mul(-Math.expm1(-H)));
    const next = carry.length > 0 ? first.add(curve(k, H, x0, carry)) : first;
    const deviation = k.sigmaNext * Math.sqrt(-Math.expm1(-2 * eta * k.h)) * factor;
    const prev = eta > 0 ? next.add(normalBetween(k.level, k.sigmaNext).mul(deviation)) : next;
    return { prev, x0, carry: [x0, ...carry].slice(0, 2) };
  }
}

/** phi2 D1 - phi3 D2, by what is known of the past. */
function curve({ r0, r1 }: DPMPP3MSDERow, H: number, x0: Tensor, [last, before]: readonly Tensor[]): Tensor {
  const [phi2, phi3] = [-phiLessLimit(1, -H), phiLessLimit(2, -H)];
  const recent = x0.sub(last!).div(r0);
  if (!before) return recent.mul(phi2);
  const change = recent.sub(last!.sub(before).div(r1)).div(r0 + r1);
  return recent.add(change.mul(r0)).mul(phi2).sub(change.mul(phi3));
}

function rowOf(sigmas: Table, index: number): DPMPP3MSDERow {
  const size = (from: number): number => Math.log((sigmas[from] ?? Number.NaN) / (sigmas[from + 1] ?? Number.NaN));
  const h = size(index);
  const [level, sigmaNext] = [sigmas[index]!, sigmas[index + 1]!];
  return { level, sigmaNext, h, r0: size(index - 1) / h, r1: size(index - 2) / h };
}
