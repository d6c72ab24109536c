// What the schedulers of flow matching models share: the shift, the schedule, and noising. Their steps live in their packages.

import type { FlowMatchConfig } from '../config/flow-match-fields.ts';
import { DiffusionError } from '../errors.ts';
import type { FlowSchedule, Table } from '../schedule/index.ts';
import { flowSchedule, flowTable, flowUnsetSchedule, indexForTimestep } from '../schedule/index.ts';
import type { Tensor } from '../tensor/index.ts';
import { SchedulerMixin } from './scheduler.ts';
import type { Plan, PlanRequest } from './types.ts';

/** One step from sigma to sigmaNext; `end` is the sigma of clean samples: 0, or 1 for inverted sigmas. */
export interface FlowRow {
  readonly sigma: number;
  readonly sigmaNext: number;
  readonly end: number;
  /** All sigmas of the run. */
  readonly schedule: Table;
}

/** Base of the schedulers whose samples are x = (1 - sigma) x0 + sigma noise on the schedule of FlowMatchEulerDiscreteScheduler. */
export abstract class FlowMatchMixin<C extends FlowMatchConfig> extends SchedulerMixin<C, FlowRow> {
  static override readonly requestKeys: readonly string[] = ['numInferenceSteps', 'sigmas', 'timesteps', 'mu'];

  #shift: number = this.config.shift;
  readonly #trainingSigmas: Table = flowTable(this.config, this.precision);

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

  protected override plan(request?: PlanRequest): Plan<FlowRow> {
    const schedule: FlowSchedule = request
      ? flowSchedule(this.config, this.#shift, this.#trainingSigmas, request)
      : flowUnsetSchedule(this.#trainingSigmas, this.config.num_train_timesteps);
    const end = this.config.invert_sigmas ? 1 : 0;
    const at = (index: number): number => sigmaAt(schedule.sigmas, index, this.class.className);
    return {
      ...schedule,
      ...flowNoise(schedule),
      row: (index) => ({ sigma: at(index), sigmaNext: at(index + 1), end, schedule: schedule.sigmas }),
    };
  }
}

/** The part of a plan that follows from the sigmas of flow matching. */
export function flowNoise({
  timesteps,
  sigmas,
}: Pick<FlowSchedule, 'timesteps' | 'sigmas'>): Required<
  Pick<Plan<unknown>, 'initNoiseSigma' | 'indexOf' | 'noiseLevel'>
> {
  return {
    initNoiseSigma: 1,
    indexOf: (timestep) => indexForTimestep(timesteps, timestep),
    noiseLevel: (index) => {
      const sigma = sigmas[index] ?? Number.NaN;
      return { signal: 1 - sigma, noise: sigma };
    },
  };
}

function sigmaAt(sigmas: Table, index: number, className: string): number {
  const sigma = sigmas[index];
  if (sigma !== undefined) return sigma;
  throw new DiffusionError(
    'RUN_EXHAUSTED',
    `${className}: sigma ${index} of a schedule of ${sigmas.length}. Call setTimesteps, which adds the final sigma.`,
    { index, length: sigmas.length },
  );
}
