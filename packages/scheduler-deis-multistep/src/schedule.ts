// The schedules of DEIS: spaced timesteps, re-spaced sigmas or flow sigmas, never down to sigma 0. Numbers only.

import type { PlanRequest, Precision, SolverSchedule, SolverSteps, SolverTables } from '@unnoise/core';
import {
  endedBy,
  innerTimesteps,
  rangeOf,
  requireSteps,
  respacedSigmas,
  respacingOf,
  roundTimesteps,
  shiftByMu,
  solverFlowSigmas,
  solverTables,
  stepsAtFlowSigmas,
  stepsAtSigmas,
  stepsAtTimesteps,
  truncateTimesteps,
  unsetSchedule,
} from '@unnoise/core';
import type { DEISMultistepConfig } from './index.ts';

export class DEISSchedules {
  readonly #config: Readonly<DEISMultistepConfig>;
  readonly #precision: Precision;
  readonly #tables: SolverTables;

  constructor(config: Readonly<DEISMultistepConfig>, precision: Precision) {
    this.#config = config;
    this.#precision = precision;
    // a hidden key of another class must not take effect
    this.#tables = solverTables({ ...config, rescale_betas_zero_snr: false }, precision);
  }

  /** Before setTimesteps. */
  training(): SolverSchedule {
    return unsetSchedule(this.#config.num_train_timesteps, this.#tables);
  }

  /** `flowShift` stands in for config.flow_shift where no mu is given. */
  of({ numInferenceSteps: count = 0, mu }: PlanRequest, flowShift: number): SolverSchedule {
    requireSteps(count);
    const steps = this.#steps(count, shiftByMu(mu, this.#config) ?? flowShift);
    // as upstream: spaced timesteps end at the trained sigma of timestep 0, re-spaced and flow sigmas repeat their last
    const spaced = !respacingOf(this.#config) && !this.#config.use_flow_sigmas;
    const last = spaced ? this.#tables.sigmas[0] : steps.sigmas.at(-1);
    return endedBy(last ?? Number.NaN, steps, this.#precision);
  }

  #steps(count: number, shift: number): SolverSteps {
    const { timestep_spacing: spacing, steps_offset: offset, num_train_timesteps: trainSteps } = this.#config;
    const timesteps = innerTimesteps({ spacing, steps: count, trainSteps, offset });
    const respacing = respacingOf(this.#config);
    if (respacing) {
      const sigmas = respacedSigmas(respacing, rangeOf(this.#tables.sigmas.toReversed(), this.#config), count);
      return stepsAtSigmas(sigmas, this.#tables, respacing === 'karras' ? roundTimesteps : truncateTimesteps);
    }
    if (this.#config.use_flow_sigmas) return stepsAtFlowSigmas(solverFlowSigmas(trainSteps, count, shift), trainSteps);
    return stepsAtTimesteps(timesteps, this.#tables);
  }
}
