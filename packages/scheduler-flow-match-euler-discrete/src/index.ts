// Euler's method for flow matching models (Stable Diffusion 3, FLUX and most models since).

import type {
  ConfigSchema,
  Plan,
  PlanRequest,
  SigmaScheduleConfig,
  StepContext,
  StepResult,
  Table,
  Tensor,
  TimeShiftType,
} from '@unnoise/core';
import {
  DiffusionError,
  SchedulerMixin,
  field,
  flowTrainingSigmas,
  indexForTimestep,
  mapTable,
  sigmaScheduleFields,
  tensor,
} from '@unnoise/core';
import { checkFlowConfig, flowSchedule } from './schedule.ts';
import type { FlowSchedule } from './schedule.ts';
import { tokenLevels } from './tokens.ts';

export interface FlowMatchEulerDiscreteConfig extends SigmaScheduleConfig {
  /** Number of noise levels the model was trained with. */
  readonly num_train_timesteps: number;
  /** Static time shift: above 1 spends more steps on noisy levels. */
  readonly shift: number;
  /** Shift by mu, which depends on the image size, instead; setTimesteps then needs mu. */
  readonly use_dynamic_shifting: boolean;
  /** mu of the smallest image; read by pipelines. */
  readonly base_shift: number | null;
  /** mu of the largest image; read by pipelines. */
  readonly max_shift: number | null;
  /** Tokens of the smallest image; read by pipelines. */
  readonly base_image_seq_len: number;
  /** Tokens of the largest image; read by pipelines. */
  readonly max_image_seq_len: number;
  /** Sigmas that rise to 1 (Mochi). */
  readonly invert_sigmas: boolean;
  /** Stretch the schedule so that its last sigma is this. */
  readonly shift_terminal: number | null;
  /** Form of the dynamic shift. */
  readonly time_shift_type: TimeShiftType;
  /** Noise the predicted x0 anew at every step. */
  readonly stochastic_sampling: boolean;
}

/** One step from sigma to sigmaNext; `end` is the sigma of clean samples: 0, or 1 for inverted sigmas. */
export interface FlowRow {
  readonly sigma: number;
  readonly sigmaNext: number;
  readonly end: number;
  /** All sigmas of the run, for tokens with levels of their own. */
  readonly schedule: Table;
}

/**
 * Euler's method on the straight flow x = (1 - sigma) x0 + sigma noise, whose velocity v = noise - x0 the model predicts.
 *
 *     prev = x + (sigmaNext - sigma) v
 *     prev = (1 - sigmaNext) (x - sigma v) + sigmaNext z     with stochastic_sampling
 *
 * Equals EulerDiscrete on y = x / (1 - sigma) at the noise level sigma / (1 - sigma).
 * Lipman et al. (2023), arXiv 2210.02747; Esser et al. (2024), arXiv 2403.03206, for the shifts.
 */
export class FlowMatchEulerDiscreteScheduler extends SchedulerMixin<FlowMatchEulerDiscreteConfig, FlowRow> {
  static override readonly className = 'FlowMatchEulerDiscreteScheduler';
  static override readonly requestKeys: readonly string[] = ['numInferenceSteps', 'sigmas', 'timesteps', 'mu'];
  // as upstream: churn options are taken, so that samplers can be swapped, and have no effect
  static override readonly stepOptions: readonly string[] = [
    'generator',
    'perTokenTimesteps',
    'sChurn',
    'sTmin',
    'sTmax',
    'sNoise',
  ];
  static override readonly schema: ConfigSchema<FlowMatchEulerDiscreteConfig> = {
    num_train_timesteps: field.number(1000),
    shift: field.number(1),
    use_dynamic_shifting: field.boolean(false),
    base_shift: { ...field.optionalNumber(), default: 0.5 },
    max_shift: { ...field.optionalNumber(), default: 1.15 },
    base_image_seq_len: field.number(256),
    max_image_seq_len: field.number(4096),
    invert_sigmas: field.boolean(false),
    shift_terminal: field.optionalNumber(),
    ...sigmaScheduleFields,
    time_shift_type: field.choice('exponential', ['exponential', 'linear']),
    stochastic_sampling: field.boolean(false),
  };

  #shift: number = this.config.shift;
  readonly #trainingSigmas: Table = this.#training();

  /** The static shift that the next setTimesteps uses; config.shift unless setShift changed it. */
  get shift(): number {
    return this.#shift;
  }

  setShift(shift: number): void {
    this.#shift = shift;
  }

  /** Noises samples: sigma noise + (1 - sigma) sample. The flow matching name of addNoise. */
  scaleNoise(sample: Tensor, timesteps: number | readonly number[], noise: Tensor): Promise<Tensor> {
    return this.addNoise(sample, noise, timesteps);
  }

  #training(): Table {
    checkFlowConfig(this.config);
    const { num_train_timesteps: trainSteps, shift, use_dynamic_shifting: dynamic } = this.config;
    return flowTrainingSigmas(trainSteps, dynamic ? undefined : shift, this.precision);
  }

  protected override plan(request?: PlanRequest): Plan<FlowRow> {
    const schedule = request
      ? flowSchedule(this.config, this.#shift, this.#trainingSigmas, request, this.precision)
      : this.#untouched();
    const { timesteps, sigmas } = schedule;
    const at = (index: number): number => sigmas[index] ?? noSigma(index, sigmas.length);
    const end = this.config.invert_sigmas ? 1 : 0;
    return {
      ...schedule,
      initNoiseSigma: 1,
      indexOf: (timestep) => indexForTimestep(timesteps, timestep),
      row: (index) => ({ sigma: at(index), sigmaNext: at(index + 1), end, schedule: sigmas }),
      noiseLevel: (index) => ({ signal: 1 - at(index), noise: at(index) }),
    };
  }

  /** As upstream: before setTimesteps there is no final sigma, so the very last step of that schedule cannot be taken. */
  #untouched(): FlowSchedule {
    const { round } = this.precision;
    const sigmas = this.#trainingSigmas;
    return { sigmas, timesteps: Array.from(sigmas, (sigma) => round(sigma * this.config.num_train_timesteps)) };
  }

  protected override rule(context: StepContext<FlowRow>): StepResult | Promise<StepResult> {
    if (context.options.perTokenTimesteps) return this.#perToken(context, context.options.perTokenTimesteps);
    const { k, x, out, normal } = context;
    const { round } = this.precision;
    const x0 = x.add(out.mul(k.end - k.sigma));
    if (!this.config.stochastic_sampling) return { prev: x.add(out.mul(round(k.sigmaNext - k.sigma))), x0 };
    const clean = x.sub(out.mul(k.sigma));
    return { prev: clean.mul(1 - k.sigmaNext).add(normal(x.shape).mul(k.sigmaNext)), x0 };
  }

  /** Every token at a noise level of its own. As upstream, the step is x + (sigma - sigmaNext) v, with the other sign, in float32. */
  async #perToken({ k, x, out, host, normal }: StepContext<FlowRow>, timesteps: Tensor): Promise<StepResult> {
    const { sigma, sigmaNext } = tokenLevels(
      await host(timesteps),
      k.schedule,
      this.config.num_train_timesteps,
      this.precision,
    );
    const column = (values: Table): Tensor => tensor(values, [...timesteps.shape, 1]);
    if (!this.config.stochastic_sampling) {
      const dt = mapTable(sigma, (level, i) => level - (sigmaNext[i] ?? 0));
      return { prev: x.add(out.mul(column(dt))), prevDtype: 'float32' };
    }
    const clean = x.sub(out.mul(column(sigma)));
    const [next, rest] = [column(sigmaNext), column(mapTable(sigmaNext, (level) => 1 - level))];
    return { prev: clean.mul(rest).add(normal(x.shape).mul(next)), prevDtype: 'float32' };
  }
}

function noSigma(index: number, length: number): never {
  throw new DiffusionError(
    'RUN_EXHAUSTED',
    `FlowMatchEulerDiscreteScheduler: sigma ${index} of a schedule of ${length}. Call setTimesteps, which adds the final sigma.`,
    { index, length },
  );
}
