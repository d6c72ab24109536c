// The schedules of the multistep DPM-Solver: integer timesteps and k-style or flow sigmas. Numbers only.

import type { PlanRequest, Precision, Table } from '@unnoise/core';
import {
  DiffusionError,
  clippedTimesteps,
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
  sigmasAtTimesteps,
  solverFlowSigmas,
  timestepsOfSigmas,
  trainingLambdas,
  trainingSigmas,
  trainingTables,
  truncateTimesteps,
  withFinalSigma,
  withTerminalAlpha,
} from '@unnoise/core';
import type { DPMSolverMultistepConfig } from './index.ts';

export interface DpmSchedule {
  readonly timesteps: readonly number[];
  readonly sigmas: Table;
}

export class DpmSchedules {
  readonly #config: Readonly<DPMSolverMultistepConfig>;
  readonly #precision: Precision;
  readonly #alphasCumprod: Table;
  readonly #sigmas: Table;

  constructor(config: Readonly<DPMSolverMultistepConfig>, precision: Precision) {
    this.#config = config;
    this.#precision = precision;
    respacingOf(config);
    const { alphasCumprod } = trainingTables(config, precision);
    this.#alphasCumprod = config.rescale_betas_zero_snr ? withTerminalAlpha(alphasCumprod) : alphasCumprod;
    this.#sigmas = trainingSigmas(this.#alphasCumprod);
  }

  /** As upstream before set_timesteps: every trained timestep, but the sigmas ascending. */
  training(): DpmSchedule {
    const count = this.#config.num_train_timesteps;
    return { timesteps: Array.from({ length: count }, (_, i) => count - 1 - i), sigmas: this.#sigmas };
  }

  /** `flowShift` stands in for config.flow_shift where no mu is given. */
  of(request: PlanRequest, flowShift: number): DpmSchedule {
    exactlyOne(request, ['numInferenceSteps', 'timesteps']);
    const shift = this.#flowShift(request.mu) ?? flowShift;
    const schedule = request.timesteps
      ? this.#custom(request.timesteps)
      : this.#spaced(request.numInferenceSteps ?? 0, shift);
    const last = finalSigma(this.#config.final_sigmas_type, this.#sigmas[0] ?? 0);
    return {
      timesteps: Array.from(schedule.timesteps),
      sigmas: withFinalSigma(schedule.sigmas, last, this.#precision),
    };
  }

  #spaced(steps: number, shift: number): { timesteps: ArrayLike<number>; sigmas: Table } {
    requireSteps(steps);
    const config = this.#config;
    const respacing = respacingOf(config);
    const log = logSigmas(this.#sigmas);
    const flipped = this.#sigmas.toReversed();
    if (respacing === 'karras') return this.#rounded(respacedSigmas('karras', rangeOf(flipped, config), steps), log);
    if (config.use_lu_lambdas) return this.#rounded(luSigmas(log.toReversed(), steps), log);
    if (respacing) {
      const sigmas = respacedSigmas(respacing, rangeOf(flipped, config), steps);
      return { sigmas, timesteps: truncateTimesteps(timestepsOfSigmas(sigmas, log)) };
    }
    if (config.use_flow_sigmas) {
      const sigmas = solverFlowSigmas(config.num_train_timesteps, steps, shift);
      return { sigmas, timesteps: truncateTimesteps(sigmas.map((sigma) => sigma * config.num_train_timesteps)) };
    }
    return this.#interpolated(this.#inner(steps));
  }

  /** As upstream, timesteps of karras and lu sigmas are rounded, but cut for cosine betas. */
  #rounded(sigmas: Table, log: Table): { timesteps: ArrayLike<number>; sigmas: Table } {
    const exact = timestepsOfSigmas(sigmas, log);
    const cosine = this.#config.beta_schedule === 'squaredcos_cap_v2';
    return { sigmas, timesteps: cosine ? truncateTimesteps(exact) : roundTimesteps(exact) };
  }

  #inner(steps: number): Int32Array {
    const {
      timestep_spacing: spacing,
      steps_offset: offset,
      num_train_timesteps: trainSteps,
      lambda_min_clipped: lambdaMin,
    } = this.#config;
    const top = trainSteps - clippedTimesteps(trainingLambdas(this.#alphasCumprod), lambdaMin);
    return innerTimesteps({ spacing, steps, trainSteps, offset, top });
  }

  #interpolated(timesteps: ArrayLike<number>): { timesteps: ArrayLike<number>; sigmas: Table } {
    return { timesteps, sigmas: sigmasAtTimesteps(timesteps, this.#sigmas) };
  }

  #custom(timesteps: readonly number[]): { timesteps: ArrayLike<number>; sigmas: Table } {
    const respacing = respacingOf(this.#config);
    const key = (['use_lu_lambdas', 'use_flow_sigmas'] as const).find((name) => this.#config[name]);
    const conflict = respacing ? `use_${respacing}_sigmas` : key;
    if (conflict) {
      throw new DiffusionError(
        'CONFIG_CONFLICT',
        `Custom timesteps cannot be used with ${conflict}. Give numInferenceSteps.`,
        { conflict },
      );
    }
    return this.#interpolated(truncateTimesteps(timesteps));
  }

  /** The shift that mu asks for, e^mu. */
  #flowShift(mu: number | undefined): number | undefined {
    const { use_dynamic_shifting: dynamic, time_shift_type: type } = this.#config;
    if (mu === undefined || (dynamic && type === 'exponential')) return mu === undefined ? mu : Math.exp(mu);
    throw new DiffusionError(
      'CONFIG_CONFLICT',
      `mu is ${mu}, but use_dynamic_shifting is ${dynamic} and time_shift_type ${type}. mu needs dynamic, exponential shifting.`,
      { mu },
    );
  }
}
