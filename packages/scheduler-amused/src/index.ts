// aMUSEd: masked token generation. Samples are int32 ids, model outputs logits; each step keeps the tokens that are most certain.

import type { ConfigSchema, Plan, PlanRequest, StepContext, StepResult, Tensor } from '@unnoise/core';
import {
  DiffusionError,
  SchedulerMixin,
  field,
  requireChoice,
  requireSteps,
  tensor,
  timestepsNotSet,
} from '@unnoise/core';
import type { MaskingSchedule } from './masking.ts';
import { MASKING_SCHEDULES, checkGiven, maskRatio, remasked, temperaturesOf } from './masking.ts';
import { drawn, flattened } from './tokens.ts';

export interface AmusedConfig {
  /** Id of the token that stands for a masked one. */
  readonly mask_token_id: number;
  /** How the share of masked tokens falls to 0. */
  readonly masking_schedule: MaskingSchedule;
}

/** One step: the share of the tokens that stays masked, and how much noise the certainty has; the last step masks none. */
export interface AmusedRow {
  readonly last: boolean;
  readonly ratio: number;
  readonly temperature: number;
}

/**
 * Masked token generation: draw every masked token, then mask the least certain of them again.
 *
 *     x0   ~ p(x0 | x) where x is masked, else x
 *     c    = log p(x0 | x) + temperature g,  g Gumbel noise; tokens that were not masked are certain
 *     prev = x0 with the ones of smallest c masked: a share cos(pi/2 (i + 1) / n), or 1 - (i + 1) / n
 *
 * Patil et al. (2024), arXiv 2401.01808; Chang et al. (2022), arXiv 2202.04200.
 */
export class AmusedScheduler extends SchedulerMixin<AmusedConfig, AmusedRow> {
  static override readonly className = 'AmusedScheduler';
  static override readonly requestKeys: readonly string[] = ['numInferenceSteps', 'temperature'];
  static override readonly stepOptions: readonly string[] = ['startingMaskRatio', 'generator'];
  static override readonly schema: ConfigSchema<AmusedConfig> = {
    mask_token_id: field.requiredNumber('Id of the token that stands for a masked one.'),
    masking_schedule: field.choice('cosine', MASKING_SCHEDULES),
  };

  protected override plan(request?: PlanRequest): Plan<AmusedRow> {
    const steps = request?.numInferenceSteps ?? 0;
    if (request) requireSteps(steps);
    const temperatures = temperaturesOf(request?.temperature ?? [2, 0], steps, this.precision);
    return {
      timesteps: Array.from({ length: steps }, (_, i) => steps - 1 - i),
      initNoiseSigma: 1,
      row: (_, timestep) => {
        if (timestep === 0) return { last: true, ratio: 0, temperature: 0 };
        if (!request) throw timestepsNotSet('AmusedScheduler');
        return { last: false, ratio: this.#ratio(timestep, steps), temperature: temperatures[steps - 1 - timestep]! };
      },
    };
  }

  /** The share of masked tokens after the step at a timestep. */
  #ratio(timestep: number, steps: number): number {
    if (!(Number.isInteger(timestep) && timestep >= 0 && timestep < steps)) throw notInPlan(timestep, steps);
    const { masking_schedule: schedule } = this.config;
    requireChoice('masking_schedule', schedule, MASKING_SCHEDULES);
    return maskRatio(schedule, steps - timestep, steps, this.precision);
  }

  protected override async rule({ k, x, out, options, host }: StepContext<AmusedRow>): Promise<StepResult> {
    const { mask_token_id: maskId } = this.config;
    const { startingMaskRatio: start = 1, generator } = options;
    const { tokens, logits, codebook } = flattened(x, out);
    const given = Int32Array.from(await host(tokens));
    if (!k.last) checkGiven(given, tokens.shape[1]!, maskId, codebook);
    const draw = await drawn(given, logits, maskId, generator, host);
    const x0 = tensor(draw.ids, x.shape);
    if (k.last) return { prev: x0, x0 };
    const { round } = this.precision;
    const share = round(round(start) * k.ratio);
    const prev = remasked(draw, { maskId, share, temperature: k.temperature, generator });
    return { prev: tensor(prev, x.shape), x0 };
  }

  /**
   * Masks each token whose noise is below the share of masked tokens after the step at `timestep`. `noise`: uniform numbers in
   * [0, 1) of the shape of `sample`, as torch.rand and `generator.uniform(shape)` give them. The result is the caller's.
   * @throws DiffusionError DTYPE_UNSUPPORTED, SHAPE_MISMATCH, TIMESTEPS_NOT_SET, TIMESTEP_NOT_IN_PLAN.
   */
  override async addNoise(sample: Tensor, noise: Tensor, timestep: number | readonly number[]): Promise<Tensor> {
    const [t, ...more] = typeof timestep === 'number' ? [timestep] : timestep;
    if (t === undefined || more.length > 0 || sample.shape.join() !== noise.shape.join())
      throw notAlike(sample, noise, more.length);
    if (sample.dtype !== 'int32' || noise.dtype !== 'float32') throw notTokens(sample, noise);
    const steps = this.timesteps.length;
    if (steps === 0) throw timestepsNotSet('AmusedScheduler');
    const ratio = this.#ratio(t, steps);
    const [ids, u] = [await sample.data(), await noise.data()];
    return tensor(
      Int32Array.from(ids, (id, i) => (u[i]! < ratio ? this.config.mask_token_id : id)),
      sample.shape,
    );
  }
}

function notInPlan(timestep: number, steps: number): DiffusionError {
  const message = `AmusedScheduler: timestep ${timestep} is not in the schedule, which goes from ${steps - 1} to 0. Pass an entry of timesteps.`;
  return new DiffusionError('TIMESTEP_NOT_IN_PLAN', message, { timestep, steps });
}

function notAlike(sample: Tensor, noise: Tensor, more: number): DiffusionError {
  const message = `AmusedScheduler.addNoise: ids [${sample.shape}], noise [${noise.shape}] and ${more + 1} timesteps. Give noise of the shape of the ids, and one timestep.`;
  return new DiffusionError('SHAPE_MISMATCH', message, { sample: sample.shape, noise: noise.shape });
}

function notTokens(sample: Tensor, noise: Tensor): DiffusionError {
  const message = `AmusedScheduler.addNoise: ids are ${sample.dtype} and noise is ${noise.dtype}. Give int32 ids and float32 uniform numbers.`;
  return new DiffusionError('DTYPE_UNSUPPORTED', message, { sample: sample.dtype, noise: noise.dtype });
}
