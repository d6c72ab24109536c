// The schedules of DEIS: those of core that stay above sigma 0, and the flow shift that mu sets. Numbers only.

import type { PlanRequest, SolverSchedule } from '@unnoise/core';
import { exactlyOne, positiveSchedule, scheduleAtSigmas, shiftByMu, SolverSchedules } from '@unnoise/core';
import type { DEISMultistepConfig } from './index.ts';

export class DEISSchedules extends SolverSchedules<DEISMultistepConfig> {
  /** `flowShift` stands in for config.flow_shift where no mu is given. */
  of(request: PlanRequest, flowShift: number): SolverSchedule {
    exactlyOne(request, ['numInferenceSteps', 'sigmas']);
    const { numInferenceSteps: steps = 0, mu } = request;
    const shift = shiftByMu(mu, this.config) ?? flowShift;
    if (request.sigmas) return scheduleAtSigmas(request, this.config, this.tables, this.precision, false);
    return positiveSchedule(this.config, { steps, shift }, this.tables, this.precision);
  }
}
