// Ancestral Euler steps for flow matching models, as LTX-Video takes them: less noise than the flow would leave, and fresh noise for it.

import type {
  ConfigSchema,
  FlowMatchConfig,
  FlowSchedule,
  Plan,
  PlanRequest,
  SchedulerOutput,
  StepContext,
  StepOptions,
  StepResult,
  Tensor,
} from '@unnoise/core';
import {
  DiffusionError,
  SchedulerMixin,
  field,
  flowMatchFields,
  flowNoise,
  flowSchedule,
  flowTable,
  inFloat32,
  mapTable,
  timestepsNotSet,
  warn,
} from '@unnoise/core';

export interface LTXEulerAncestralRFConfig extends Pick<FlowMatchConfig, 'num_train_timesteps'> {
  /** How much of a step is made of fresh noise: 0 is Euler's method. */
  readonly eta: number;
  /** Factor of the fresh noise. */
  readonly s_noise: number;
}

/** One step from sigma to sigmaNext. */
export interface LTXRow {
  readonly sigma: number;
  readonly sigmaNext: number;
}

/**
 * Euler's method on the straight flow x = (1 - sigma) x0 + sigma noise, down to less noise than the next level has, and noise
 * back up to it. With r = 1 + eta (sigmaNext / sigma - 1):
 *
 *     sigmaDown = r sigmaNext,  scale = (1 - sigmaNext) / (1 - sigmaDown)
 *     x0   = x - sigma v
 *     prev = scale (x0 + sigmaDown / sigma (x - x0)) + sNoise sqrt(sigmaNext^2 - (scale sigmaDown)^2) z
 *
 * With eta 0 it is FlowMatchEulerDiscrete. The ancestral step of Karras et al. (2022), arXiv 2206.00364, for rectified flow.
 */
export class LTXEulerAncestralRFScheduler extends SchedulerMixin<LTXEulerAncestralRFConfig, LTXRow> {
  static override readonly className = 'LTXEulerAncestralRFScheduler';
  static override readonly compatibles: readonly string[] = ['FlowMatchEulerDiscreteScheduler'];
  static override readonly requestKeys: readonly string[] = ['numInferenceSteps', 'sigmas', 'timesteps', 'mu'];
  static override readonly stepOptions: readonly string[] = ['generator'];
  static override readonly schema: ConfigSchema<LTXEulerAncestralRFConfig> = {
    num_train_timesteps: flowMatchFields.num_train_timesteps,
    eta: field.number(1),
    s_noise: field.number(1),
  };

  #end: number | undefined;

  /** As upstream, explicit sigmas show the timestep of the last one too, where nothing is left to do; runs do not have it. */
  override get timesteps(): readonly number[] {
    return this.#end === undefined ? super.timesteps : [...super.timesteps, this.#end];
  }

  override setTimesteps(request: number | PlanRequest): void {
    super.setTimesteps(request);
    const explicit = typeof request !== 'number' && (request.sigmas ?? request.timesteps);
    this.#end = explicit ? this.#timestepOf(explicit.at(-1) ?? 0) : undefined;
  }

  /** As upstream, a step from the last timestep of explicit sigmas gives the sample back, so that loops may go through all of them. */
  override async step(out: Tensor, timestep: number, x: Tensor, options?: StepOptions): Promise<SchedulerOutput> {
    const steps = super.timesteps.length;
    const index = this.stepIndex ?? this.beginIndex ?? (timestep === this.#end ? steps : 0);
    if (this.#end !== undefined && index === steps) return { prevSample: x.clone() };
    return super.step(out, timestep, x, options);
  }

  override dispose(): void {
    super.dispose();
    this.#end = undefined;
  }

  #timestepOf(sigma: number): number {
    const { round } = this.precision;
    return round(round(sigma) * this.config.num_train_timesteps);
  }

  protected override plan(request?: PlanRequest): Plan<LTXRow> {
    if (!request) return { timesteps: [], initNoiseSigma: 1, row: () => this.#unset(), indexOf: () => this.#unset() };
    const given = request.sigmas ?? request.timesteps;
    const schedule = given ? this.#explicit(given, request.numInferenceSteps) : this.#spread(request);
    const at = (index: number): number => schedule.sigmas[index] ?? Number.NaN;
    return {
      ...schedule,
      ...flowNoise(schedule),
      row: (index) => ({ sigma: at(index), sigmaNext: at(index + 1) }),
    };
  }

  #unset(): never {
    throw timestepsNotSet(this.class.className);
  }

  /** As upstream, the schedule of FlowMatchEulerDiscrete for this config: its keys count, though they are hidden here. */
  #spread(request: PlanRequest): FlowSchedule {
    const defaults = Object.fromEntries(
      Object.entries(flowMatchFields).map(([key, { default: value }]) => [key, value]),
    );
    const config = { ...defaults, ...this.config } as unknown as FlowMatchConfig;
    return flowSchedule(config, config.shift, flowTable(config, this.precision), request);
  }

  /** The sigmas as they are, the last being where the run ends; their number wins over a count of steps. */
  #explicit(given: readonly number[], steps: number | undefined): FlowSchedule {
    const sigmas = this.precision.table(given);
    const length = sigmas.length - 1;
    if (length < 1)
      throw new DiffusionError('REQUEST_INVALID', `${given.length} sigmas have no step between them. Give 2 or more.`);
    if (Math.abs(sigmas[length] ?? 0) > 1e-6)
      warn(`the last sigma is ${sigmas[length]}; end with 0 for a clean sample.`);
    if (steps !== undefined && steps !== length)
      warn(`numInferenceSteps is ${steps}, but ${given.length} sigmas make ${length} steps; these count.`);
    const timesteps = mapTable(sigmas, (sigma) => sigma * this.config.num_train_timesteps);
    return { sigmas, timesteps: Array.from(timesteps.slice(0, -1)), numInferenceSteps: length };
  }

  protected override rule({ k, x: sample, out: v, normal }: StepContext<LTXRow>): StepResult {
    const x = inFloat32(sample);
    const x0 = x.sub(inFloat32(v).mul(k.sigma));
    if (Math.abs(k.sigmaNext) < 1e-8) return { prev: x0, prevDtype: sample.dtype, x0 };
    const { eta, s_noise: sNoise } = this.config;
    const down = k.sigmaNext * (1 + eta * (k.sigmaNext / k.sigma - 1));
    const stepped = x0.add(x.sub(x0).mul(down / k.sigma));
    if (!(eta > 0 && sNoise > 0)) return { prev: stepped, prevDtype: sample.dtype, x0 };
    const scale = (1 - k.sigmaNext) / (1 - down);
    const up = Math.sqrt(Math.max(0, k.sigmaNext ** 2 - (scale * down) ** 2));
    return { prev: stepped.mul(scale).add(normal(x.shape).mul(up * sNoise)), prevDtype: sample.dtype, x0 };
  }
}
