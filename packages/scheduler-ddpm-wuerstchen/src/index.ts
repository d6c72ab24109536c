// Würstchen's DDPM: ancestral sampling in continuous time, on a cosine schedule without training timesteps.

import type { ConfigSchema, Plan, PlanRequest, Precision, StepContext, StepResult, Table } from '@unnoise/core';
import { DiffusionError, SchedulerMixin, field, timestepsNotSet, torchLinspace } from '@unnoise/core';

export interface DDPMWuerstchenConfig {
  /** Bends time: above 1 towards less noise, below 1 towards more. */
  readonly scaler: number;
  /** Offset of the cosine, which keeps the first levels apart. */
  readonly s: number;
}

/** One step: what the sample and the predicted noise weigh, and the deviation of the noise. */
export interface DDPMWuerstchenRow {
  readonly ofSample: number;
  readonly ofOutput: number;
  readonly std: number;
}

/**
 * A draw from DDPM's posterior, with the mean written in eps. Time goes from 1 (noise) to 0 (data).
 *
 *     acp(t) = cos^2((t + s) / (1 + s) pi / 2) / acp(0), at least 0.0001 and at most 0.9999
 *     prev   = (x - (1 - a) / sqrt(1 - acp) eps) / sqrt(a) + std z,  a = acp / acpPrev
 *
 * with std^2 = (1 - a) (1 - acpPrev) / (1 - acp), and no noise on the step to time 0. Pernias et al. (2023), arXiv 2306.00637;
 * Nichol and Dhariwal (2021), arXiv 2102.09672, equation 17.
 */
export class DDPMWuerstchenScheduler extends SchedulerMixin<DDPMWuerstchenConfig, DDPMWuerstchenRow> {
  static override readonly className = 'DDPMWuerstchenScheduler';
  static override readonly requestKeys: readonly string[] = ['numInferenceSteps', 'timesteps'];
  static override readonly stepOptions: readonly string[] = ['generator'];
  static override readonly schema: ConfigSchema<DDPMWuerstchenConfig> = {
    scaler: field.number(1),
    s: field.number(0.008),
  };

  #times: Table = this.precision.table([]);

  /** The times at which the model is called and, as upstream, the one at which the run ends. `start` gives runs without that. */
  override get timesteps(): readonly number[] {
    return Array.from(this.#times);
  }

  override setTimesteps(request: number | PlanRequest): void {
    super.setTimesteps(request);
    this.#times = timesOf(typeof request === 'number' ? { numInferenceSteps: request } : request, this.precision);
  }

  override dispose(): void {
    super.dispose();
    this.#times = this.precision.table([]);
  }

  /** The entry after the one closest to a time. Throws RUN_EXHAUSTED for the last. */
  previousTimestep(timestep: number): number {
    return previousTime(this.#times, timestep);
  }

  protected override plan(request?: PlanRequest): Plan<DDPMWuerstchenRow> {
    const times = request && timesOf(request, this.precision);
    return {
      timesteps: Array.from(times?.slice(0, -1) ?? []),
      initNoiseSigma: 1,
      row: (_, timestep) => {
        if (!times) throw timestepsNotSet('DDPMWuerstchenScheduler');
        return this.#row(timestep, previousTime(times, timestep));
      },
      noiseLevel: (_, timestep) => {
        const acp = this.#alphaCumprod(timestep);
        return { signal: Math.sqrt(acp), noise: Math.sqrt(1 - acp) };
      },
    };
  }

  #row(timestep: number, previous: number): DDPMWuerstchenRow {
    const [acp, acpPrev] = [this.#alphaCumprod(timestep), this.#alphaCumprod(previous)];
    const alpha = acp / acpPrev;
    return {
      ofSample: 1 / Math.sqrt(alpha),
      ofOutput: (1 - alpha) / Math.sqrt(1 - acp) / Math.sqrt(alpha),
      std: previous === 0 ? 0 : Math.sqrt(((1 - alpha) * (1 - acpPrev)) / (1 - acp)),
    };
  }

  /** Nichol and Dhariwal's cosine in bent time, over its value at time 0, which is rounded as upstream rounds it. */
  #alphaCumprod(timestep: number): number {
    const { round } = this.precision;
    const s = round(this.config.s);
    const angle = ((bent(timestep, this.config.scaler) + s) / (1 + s)) * Math.PI * 0.5;
    const first = round(Math.cos(round(round(s / round(1 + s)) * round(Math.PI)) * 0.5));
    return Math.min(Math.max(Math.cos(angle) ** 2 / round(first ** 2), 0.0001), 0.9999);
  }

  /** As upstream, the step to time 0 draws too, and leaves that. */
  protected override rule({ k, x, out, normal }: StepContext<DDPMWuerstchenRow>): StepResult {
    return { prev: x.mul(k.ofSample).sub(out.mul(k.ofOutput)).add(normal(out.shape).mul(k.std)) };
  }
}

function bent(time: number, scaler: number): number {
  if (scaler > 1) return 1 - (1 - time) ** scaler;
  return scaler < 1 ? time ** scaler : time;
}

/** The times of a run and the one at which it ends: those given, else even steps from 1 to 0. As upstream, given ones win. */
function timesOf({ timesteps, numInferenceSteps: steps }: PlanRequest, precision: Precision): Table {
  if (timesteps && timesteps.length > 1) return precision.table(timesteps);
  if (!timesteps && steps !== undefined) return torchLinspace(1, 0, steps + 1, precision);
  const what = timesteps
    ? `${timesteps.length} timesteps have no step between them`
    : 'neither numInferenceSteps nor timesteps is given';
  throw new DiffusionError(
    'REQUEST_INVALID',
    `DDPMWuerstchenScheduler: ${what}. Give a count, or 2 or more times ending where the run ends.`,
  );
}

/** The entry after the first of those closest to `timestep`. */
function previousTime(times: Table, timestep: number): number {
  let closest = 0;
  times.forEach((time, i) => {
    if (Math.abs(time - timestep) < Math.abs(times[closest]! - timestep)) closest = i;
  });
  const previous = times[closest + 1];
  if (previous !== undefined) return previous;
  const message = `DDPMWuerstchenScheduler: time ${timestep} is closest to the last of ${times.length} entries, where the run ends. Step from an earlier one.`;
  throw new DiffusionError('RUN_EXHAUSTED', message, { timestep, length: times.length });
}
