// The schedules of the multistep DPM-Solver: integer timesteps and k-style or flow sigmas. Numbers only.

import type { PlanRequest, Precision, SolverSchedule, SolverSteps, Table } from '@unnoise/core';
import {
  DiffusionError,
  clippedTimesteps,
  endedBy,
  exactlyOne,
  finalSigma,
  innerTimesteps,
  logSigmas,
  luSigmas,
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
import type { DPMSolverMultistepConfig } from './index.ts';

export class DpmSchedules extends SolverSchedules<DPMSolverMultistepConfig> {
  constructor(config: Readonly<DPMSolverMultistepConfig>, precision: Precision) {
    super(config, precision, config.rescale_betas_zero_snr);
  }

  /** `flowShift` stands in for config.flow_shift where no mu is given. */
  of(request: PlanRequest, flowShift: number): SolverSchedule {
    exactlyOne(request, ['numInferenceSteps', 'timesteps', 'sigmas']);
    if (request.sigmas) {
      const toZero = this.config.algorithm_type.endsWith('++');
      return scheduleAtSigmas(request, this.config, this.tables, this.precision, toZero);
    }
    const shift = shiftByMu(request.mu, this.config) ?? flowShift;
    const steps = request.timesteps
      ? this.#custom(request.timesteps)
      : this.#spaced(request.numInferenceSteps ?? 0, shift);
    const last = finalSigma(this.config.final_sigmas_type, this.tables.sigmas[0] ?? 0);
    return endedBy(last, steps, this.precision);
  }

  #spaced(steps: number, shift: number): SolverSteps {
    requireSteps(steps);
    const config = this.config;
    const respacing = respacingOf(config);
    const range = rangeOf(this.tables.sigmas.toReversed(), config);
    if (respacing === 'karras') return this.#rounded(respacedSigmas('karras', range, steps));
    if (config.use_lu_lambdas) return this.#rounded(luSigmas(logSigmas(this.tables.sigmas).toReversed(), steps));
    if (respacing) return stepsAtSigmas(respacedSigmas(respacing, range, steps), this.tables, truncateTimesteps);
    if (config.use_flow_sigmas) {
      const trainSteps = config.num_train_timesteps;
      return stepsAtFlowSigmas(solverFlowSigmas(trainSteps, steps, shift), trainSteps);
    }
    return stepsAtTimesteps(this.#inner(steps), this.tables);
  }

  /** As upstream, timesteps of karras and lu sigmas are rounded, but cut for cosine betas. */
  #rounded(sigmas: Table): SolverSteps {
    const cosine = this.config.beta_schedule === 'squaredcos_cap_v2';
    return stepsAtSigmas(sigmas, this.tables, cosine ? truncateTimesteps : roundTimesteps);
  }

  #inner(steps: number): Int32Array {
    const {
      timestep_spacing: spacing,
      steps_offset: offset,
      num_train_timesteps: trainSteps,
      lambda_min_clipped: lambdaMin,
    } = this.config;
    const top = trainSteps - clippedTimesteps(trainingLambdas(this.tables.alphasCumprod), lambdaMin);
    return innerTimesteps({ spacing, steps, trainSteps, offset, top });
  }

  #custom(timesteps: readonly number[]): SolverSteps {
    const respacing = respacingOf(this.config);
    const key = (['use_lu_lambdas', 'use_flow_sigmas'] as const).find((name) => this.config[name]);
    const conflict = respacing ? `use_${respacing}_sigmas` : key;
    if (conflict) {
      throw new DiffusionError(
        'CONFIG_CONFLICT',
        `Custom timesteps cannot be used with ${conflict}. Give numInferenceSteps.`,
        { conflict },
      );
    }
    return stepsAtTimesteps(truncateTimesteps(timesteps), this.tables);
  }
}
