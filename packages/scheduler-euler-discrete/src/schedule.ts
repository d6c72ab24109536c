// The schedules of EulerDiscrete: timesteps and sigmas from a step count, from timesteps or from sigmas. Numbers only.

import type { NoiseLevel, PlanRequest, Precision, Respacing, Table, TrainingTables } from '@unnoise/core';
import {
  DiffusionError,
  exactlyOne,
  finalSigma,
  fractionalTimesteps,
  logSigmas,
  rangeOf,
  requireChoice,
  respacedSigmas,
  respacingOf,
  sigmasAtTimesteps,
  timestepsOfSigmas,
  torchLinspace,
  trainingSigmas,
  trainingTables,
  withFinalSigma,
  withTerminalAlpha,
} from '@unnoise/core';
import type { EulerDiscreteConfig } from './index.ts';

export interface EulerSchedule {
  readonly timesteps: readonly number[];
  /** As many as timesteps and one more; with log_linear interpolation two more, as upstream. */
  readonly sigmas: Table;
  readonly numInferenceSteps?: number;
}

export class EulerSchedules {
  readonly #config: Readonly<EulerDiscreteConfig>;
  readonly #precision: Precision;
  readonly #alphasCumprod: Table;
  readonly #sigmas: Table;
  readonly #respacing: Respacing | undefined;

  constructor(config: Readonly<EulerDiscreteConfig>, precision: Precision) {
    this.#config = config;
    this.#precision = precision;
    this.#respacing = respacingOf(config);
    const { alphasCumprod }: TrainingTables = trainingTables(config, precision);
    this.#alphasCumprod = config.rescale_betas_zero_snr ? withTerminalAlpha(alphasCumprod) : alphasCumprod;
    this.#sigmas = trainingSigmas(this.#alphasCumprod);
  }

  /** Every trained timestep: what steps run on before setTimesteps. */
  training(): EulerSchedule {
    const sigmas = withFinalSigma(this.#sigmas.toReversed(), 0, this.#precision);
    const timesteps = Array.from(this.#sigmas, (_, i) => this.#sigmas.length - 1 - i);
    return { sigmas, timesteps: this.#continuous ? this.#logTimesteps(sigmas) : timesteps };
  }

  of(request: PlanRequest): EulerSchedule {
    const kind = exactlyOne(request, ['numInferenceSteps', 'timesteps', 'sigmas']);
    const { sigmas, timesteps } =
      kind === 'sigmas' ? this.#fromSigmas(request.sigmas ?? []) : this.#fromTimesteps(request);
    const given = this.#continuous ? this.#logTimesteps(sigmas) : Array.from(this.#precision.table(timesteps));
    return { sigmas, timesteps: given, numInferenceSteps: request.numInferenceSteps ?? timesteps.length };
  }

  /** A defect of upstream that is kept: alphas_cumprod is read at the position in the schedule, not at the timestep. */
  velocityLevel(position: number): NoiseLevel {
    const alphaCumprod = this.#alphasCumprod[position] ?? Number.NaN;
    return { signal: Math.sqrt(alphaCumprod), noise: Math.sqrt(1 - alphaCumprod) };
  }

  get #continuous(): boolean {
    return this.#config.timestep_type === 'continuous' && this.#config.prediction_type === 'v_prediction';
  }

  /** 0.25 ln sigma for every sigma but the final one. */
  #logTimesteps(sigmas: Table): readonly number[] {
    const { round } = this.#precision;
    return Array.from(sigmas.slice(0, -1), (sigma) => round(0.25 * round(Math.log(sigma))));
  }

  /** Sigmas as given, terminal value included: re-spacing and final_sigmas_type have no say. */
  #fromSigmas(sigmas: readonly number[]): { sigmas: Table; timesteps: Table } {
    if (sigmas.length < 2) {
      const message = `sigmas has ${sigmas.length} entries. Give at least one and the terminal value.`;
      throw new DiffusionError('REQUEST_INVALID', message, { sigmas });
    }
    const table = this.#precision.table(sigmas);
    return { sigmas: table, timesteps: timestepsOfSigmas(table.slice(0, -1), logSigmas(this.#sigmas)) };
  }

  #fromTimesteps(request: PlanRequest): { sigmas: Table; timesteps: Table } {
    const steps = request.numInferenceSteps ?? request.timesteps?.length ?? 0;
    const timesteps = request.timesteps ? this.#custom(request.timesteps) : this.#spaced(steps);
    const plain = this.#interpolated(timesteps, steps);
    const last = finalSigma(this.#config.final_sigmas_type, this.#sigmas[0] ?? 0);
    if (!this.#respacing) return { sigmas: withFinalSigma(plain, last, this.#precision), timesteps };
    const spaced = respacedSigmas(this.#respacing, rangeOf(plain, this.#config), steps);
    const sigmas = withFinalSigma(spaced, last, this.#precision);
    return { sigmas, timesteps: timestepsOfSigmas(spaced, logSigmas(this.#sigmas)) };
  }

  #custom(timesteps: readonly number[]): Table {
    const conflict = this.#respacing
      ? `use_${this.#respacing}_sigmas`
      : this.#continuous
        ? 'timestep_type continuous'
        : undefined;
    if (!conflict) return this.#precision.table(timesteps);
    throw new DiffusionError(
      'CONFIG_CONFLICT',
      `Custom timesteps cannot be used with ${conflict}. Give numInferenceSteps or sigmas.`,
      {
        conflict,
      },
    );
  }

  #spaced(steps: number): Table {
    const { timestep_spacing: spacing, steps_offset: offset, num_train_timesteps: trainSteps } = this.#config;
    return fractionalTimesteps({ spacing, steps, trainSteps, offset }, this.#precision);
  }

  #interpolated(timesteps: Table, steps: number): Table {
    const type = this.#config.interpolation_type;
    requireChoice('interpolation_type', type, ['linear', 'log_linear']);
    if (type === 'linear') return sigmasAtTimesteps(timesteps, this.#sigmas);
    const logs = logSigmas(this.#sigmas);
    // as upstream: one sigma more than steps, from the whole table, whatever the timesteps are
    return torchLinspace(logs.at(-1) ?? 0, logs[0] ?? 0, steps + 1, this.#precision).map((log) =>
      Math.exp(log),
    ) as Table;
  }
}
