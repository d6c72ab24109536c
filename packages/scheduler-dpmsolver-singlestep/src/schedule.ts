// The schedules of the singlestep DPM-Solver: timesteps of linspace spacing only, re-spaced or flow sigmas. Numbers only.

import type { PlanRequest, SolverSchedule, SolverSteps } from '@unnoise/core';
import {
  DiffusionError,
  clippedTimesteps,
  endedBy,
  exactlyOne,
  finalSigma,
  innerTimesteps,
  rangeOf,
  requireSteps,
  respacedSigmas,
  respacingOf,
  roundTimesteps,
  scheduleAtSigmas,
  shiftByMu,
  solverFlowSigmas,
  stepsAtFlowSigmas,
  stepsAtSigmas,
  stepsAtTimesteps,
  trainingLambdas,
  truncateTimesteps,
  SolverSchedules,
} from '@unnoise/core';
import type { DPMSolverSinglestepConfig } from './index.ts';

export class SinglestepSchedules extends SolverSchedules<DPMSolverSinglestepConfig> {
  /** `flowShift` stands in for config.flow_shift where no mu is given. */
  of(request: PlanRequest, flowShift: number): SolverSchedule {
    exactlyOne(request, ['numInferenceSteps', 'timesteps', 'sigmas']);
    if (request.sigmas) {
      const toZero = this.config.algorithm_type.endsWith('++');
      return scheduleAtSigmas(request, this.config, this.tables, this.precision, toZero);
    }
    const steps = this.#steps(request, shiftByMu(request.mu, this.config) ?? flowShift);
    const last = finalSigma(this.config.final_sigmas_type, this.tables.sigmas[0] ?? Number.NaN);
    return endedBy(last, steps, this.precision);
  }

  /** As upstream, of custom timesteps flow sigmas take only how many they are. */
  #steps({ timesteps, numInferenceSteps }: PlanRequest, shift: number): SolverSteps {
    const count = timesteps?.length ?? numInferenceSteps ?? 0;
    requireSteps(count);
    const { num_train_timesteps: trainSteps } = this.config;
    const respacing = respacingOf(this.config);
    if (respacing && timesteps) {
      const message = `Custom timesteps cannot be used with use_${respacing}_sigmas. Give numInferenceSteps.`;
      throw new DiffusionError('CONFIG_CONFLICT', message, { respacing });
    }
    if (respacing) {
      const sigmas = respacedSigmas(respacing, rangeOf(this.tables.sigmas.toReversed(), this.config), count);
      return stepsAtSigmas(sigmas, this.tables, respacing === 'karras' ? roundTimesteps : truncateTimesteps);
    }
    if (this.config.use_flow_sigmas) return stepsAtFlowSigmas(solverFlowSigmas(trainSteps, count, shift), trainSteps);
    return stepsAtTimesteps(timesteps ? truncateTimesteps(timesteps) : this.#linspace(count), this.tables);
  }

  #linspace(steps: number): Int32Array {
    const { num_train_timesteps: trainSteps, lambda_min_clipped: lambdaMin } = this.config;
    const top = trainSteps - clippedTimesteps(trainingLambdas(this.tables.alphasCumprod), lambdaMin);
    return innerTimesteps({ spacing: 'linspace', steps, trainSteps, top });
  }
}
