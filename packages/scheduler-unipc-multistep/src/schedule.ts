// The schedules of UniPC: spaced timesteps, re-spaced sigmas, or flow sigmas by its own formula. Numbers only.

import type { PlanRequest, Precision, Respacing, SolverSchedule, SolverSteps, Table } from '@unnoise/core';
import {
  DiffusionError,
  SolverSchedules,
  endedBy,
  exactlyOne,
  finalSigma,
  flowSigmaOf,
  innerTimesteps,
  nudgeFirstFromOne,
  rangeOf,
  requireSteps,
  respacedSigmas,
  respacingOf,
  roundTimesteps,
  scheduleAtSigmas,
  shiftSigmas,
  stepsAtFlowSigmas,
  stepsAtSigmas,
  stepsAtTimesteps,
  stretchToTerminal,
  timeShift,
  truncateTimesteps,
  unipcFlowSigmas,
} from '@unnoise/core';
import type { UniPCMultistepConfig } from './index.ts';

export class UniPCSchedules extends SolverSchedules<UniPCMultistepConfig> {
  constructor(config: Readonly<UniPCMultistepConfig>, precision: Precision) {
    super(config, precision, config.rescale_betas_zero_snr);
  }

  of(request: PlanRequest): SolverSchedule {
    const { sigmas, mu } = request;
    if (sigmas && !this.config.use_flow_sigmas) return this.#at(request);
    this.#check(request);
    const count = sigmas?.length ?? request.numInferenceSteps ?? 0;
    const steps = this.#steps(count, sigmas && Float64Array.from(sigmas), mu);
    // as upstream: sigma_min is the trained one on spaced timesteps, else the last sigma again
    const min = this.#spaced ? this.tables.sigmas[0] : steps.sigmas.at(-1);
    return endedBy(finalSigma(this.config.final_sigmas_type, min ?? Number.NaN), steps, this.precision);
  }

  /** At k-style sigmas as they are: upstream takes flow sigmas only. */
  #at(request: PlanRequest): SolverSchedule {
    const { predict_x0: data, solver_type: solver, solver_p: other } = this.config;
    exactlyOne(request, ['numInferenceSteps', 'sigmas']);
    if (!other) return scheduleAtSigmas(request, this.config, this.tables, this.precision, data && solver === 'bh2');
    const message = 'Custom sigmas cannot be used with solver_p, which plans its own. Give numInferenceSteps.';
    throw new DiffusionError('CONFIG_CONFLICT', message, { sigmas: request.sigmas });
  }

  /** Whether timesteps are spaced and sigmas read at them, and not the other way round. */
  get #spaced(): boolean {
    return !respacingOf(this.config) && !this.config.use_flow_sigmas;
  }

  #steps(count: number, custom: Table | undefined, mu: number | undefined): SolverSteps {
    const { timestep_spacing: spacing, steps_offset: offset, num_train_timesteps: trainSteps } = this.config;
    const timesteps = innerTimesteps({ spacing, steps: count, trainSteps, offset });
    const respacing = respacingOf(this.config);
    if (respacing) return this.#respaced(respacing, count, custom ?? this.tables.sigmas);
    if (this.#spaced) return stepsAtTimesteps(timesteps, this.tables);
    return stepsAtFlowSigmas(this.#flow(custom ?? unipcFlowSigmas(trainSteps, count), mu), trainSteps);
  }

  /** As upstream, custom sigmas stand in for the trained ones; only karras sigmas become flow sigmas. */
  #respaced(respacing: Respacing, count: number, trained: Table): SolverSteps {
    const sigmas = respacedSigmas(respacing, rangeOf(trained.toReversed(), this.config), count);
    const karras = respacing === 'karras';
    if (karras && this.config.use_flow_sigmas)
      return stepsAtFlowSigmas(sigmas.map(flowSigmaOf), this.config.num_train_timesteps);
    return stepsAtSigmas(sigmas, { sigmas: trained }, karras ? roundTimesteps : truncateTimesteps);
  }

  #flow(sigmas: Table, mu: number | undefined): Table {
    const { use_dynamic_shifting: dynamic, time_shift_type: type, flow_shift: shift } = this.config;
    const shifted = dynamic ? timeShift(type, mu ?? Number.NaN, sigmas) : shiftSigmas(sigmas, shift);
    const { shift_terminal: terminal } = this.config;
    return nudgeFirstFromOne(terminal ? stretchToTerminal(shifted, terminal) : shifted);
  }

  #check({ sigmas, mu, numInferenceSteps }: PlanRequest): void {
    if (this.config.use_dynamic_shifting && mu === undefined) {
      throw new DiffusionError('REQUEST_INVALID', 'use_dynamic_shifting needs mu. Give setTimesteps or start a mu.');
    }
    requireSteps(sigmas?.length ?? numInferenceSteps ?? 0);
  }
}
