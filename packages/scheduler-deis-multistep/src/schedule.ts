// The schedules of DEIS: those of core that stay above sigma 0, and the flow shift that mu sets. Numbers only.

import type { PlanRequest, Precision, SolverSchedule, SolverTables } from '@unnoise/core';
import { exactlyOne, positiveSchedule, scheduleAtSigmas, shiftByMu, solverTables, unsetSchedule } from '@unnoise/core';
import type { DEISMultistepConfig } from './index.ts';

export class DEISSchedules {
  readonly #config: Readonly<DEISMultistepConfig>;
  readonly #precision: Precision;
  readonly #tables: SolverTables;

  constructor(config: Readonly<DEISMultistepConfig>, precision: Precision) {
    this.#config = config;
    this.#precision = precision;
    // a hidden key of another class must not take effect
    this.#tables = solverTables(config, precision);
  }

  /** Before setTimesteps. */
  training(): SolverSchedule {
    return unsetSchedule(this.#config.num_train_timesteps, this.#tables);
  }

  /** `flowShift` stands in for config.flow_shift where no mu is given. */
  of(request: PlanRequest, flowShift: number): SolverSchedule {
    exactlyOne(request, ['numInferenceSteps', 'sigmas']);
    const { numInferenceSteps: steps = 0, mu } = request;
    const shift = shiftByMu(mu, this.#config) ?? flowShift;
    if (request.sigmas) return scheduleAtSigmas(request, this.#config, this.#tables, this.#precision, false);
    return positiveSchedule(this.#config, { steps, shift }, this.#tables, this.#precision);
  }
}
