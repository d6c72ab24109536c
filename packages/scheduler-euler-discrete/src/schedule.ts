// The schedules of EulerDiscrete: timesteps and sigmas from a step count, from timesteps or from sigmas. Numbers only.

import type { KStyleSchedule, KStyleTables, NoiseLevel, PlanRequest, Precision, Respacing, Table } from '@unnoise/core';
import {
  DiffusionError,
  customTimesteps,
  exactlyOne,
  finalSigma,
  kStyleTables,
  logSigmas,
  requireChoice,
  respacedLevels,
  respacingOf,
  sigmasAtTimesteps,
  spacedTimesteps,
  timestepsOfSigmas,
  torchLinspace,
  withFinalSigma,
} from '@unnoise/core';
import type { EulerDiscreteConfig } from './index.ts';

export class EulerSchedules {
  readonly #config: Readonly<EulerDiscreteConfig>;
  readonly #precision: Precision;
  readonly #respacing: Respacing | undefined;
  readonly #tables: KStyleTables;

  constructor(config: Readonly<EulerDiscreteConfig>, precision: Precision) {
    this.#config = config;
    this.#precision = precision;
    this.#respacing = respacingOf(config);
    this.#tables = kStyleTables(config, precision, { zeroTerminalSnr: config.rescale_betas_zero_snr });
  }

  /** Every trained timestep: what steps run on before setTimesteps. */
  training(): KStyleSchedule {
    const sigmas = withFinalSigma(this.#tables.sigmas.toReversed(), 0, this.#precision);
    const timesteps = Array.from(this.#tables.sigmas, (_, i) => this.#tables.sigmas.length - 1 - i);
    return { sigmas, timesteps: this.#continuous ? this.#logTimesteps(sigmas) : timesteps };
  }

  of(request: PlanRequest): KStyleSchedule {
    const kind = exactlyOne(request, ['numInferenceSteps', 'timesteps', 'sigmas']);
    const { sigmas, timesteps } =
      kind === 'sigmas' ? this.#fromSigmas(request.sigmas ?? []) : this.#fromTimesteps(request);
    const given = this.#continuous ? this.#logTimesteps(sigmas) : Array.from(this.#precision.table(timesteps));
    return { sigmas, timesteps: given, numInferenceSteps: request.numInferenceSteps ?? timesteps.length };
  }

  /** A defect of upstream that is kept: alphas_cumprod is read at the position in the schedule, not at the timestep. */
  velocityLevel(position: number): NoiseLevel {
    const alphaCumprod = this.#tables.alphasCumprod[position] ?? Number.NaN;
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
    return { sigmas: table, timesteps: timestepsOfSigmas(table.slice(0, -1), logSigmas(this.#tables.sigmas)) };
  }

  #fromTimesteps(request: PlanRequest): { sigmas: Table; timesteps: Table } {
    const steps = request.numInferenceSteps ?? request.timesteps?.length ?? 0;
    const given = request.timesteps
      ? this.#custom(request.timesteps)
      : spacedTimesteps(this.#config, steps, this.#precision);
    const { timesteps, sigmas } = respacedLevels(
      { timesteps: given, sigmas: this.#interpolated(given, steps) },
      { respacing: this.#respacing, steps, limits: this.#config },
      this.#tables,
    );
    const last = finalSigma(this.#config.final_sigmas_type, this.#tables.sigmas[0] ?? 0);
    return { sigmas: withFinalSigma(sigmas, last, this.#precision), timesteps };
  }

  #custom(timesteps: readonly number[]): Table {
    if (!this.#continuous) return customTimesteps(timesteps, this.#respacing, this.#precision);
    const message = 'Custom timesteps cannot be used with timestep_type continuous. Give numInferenceSteps or sigmas.';
    throw new DiffusionError('CONFIG_CONFLICT', message, { timestep_type: 'continuous' });
  }

  #interpolated(timesteps: Table, steps: number): Table {
    const type = this.#config.interpolation_type;
    requireChoice('interpolation_type', type, ['linear', 'log_linear']);
    if (type === 'linear') return sigmasAtTimesteps(timesteps, this.#tables.sigmas);
    const logs = logSigmas(this.#tables.sigmas);
    // as upstream: one sigma more than steps, from the whole table, whatever the timesteps are
    return torchLinspace(logs.at(-1) ?? 0, logs[0] ?? 0, steps + 1, this.#precision).map((log) => Math.exp(log));
  }
}
