// The schedule of flow matching: sigmas, shifted, stretched, re-spaced and perhaps inverted, and their timesteps. Numbers only.

import type { PlanRequest, Precision, Table } from '@unnoise/core';
import {
  DiffusionError,
  flowSigmas,
  mapTable,
  rangeOf,
  requireChoice,
  respacedSigmas,
  respacingOf,
  shiftSigmas,
  stretchToTerminal,
  timeShift,
  warn,
  withFinalSigma,
} from '@unnoise/core';
import type { FlowMatchEulerDiscreteConfig } from './index.ts';

export interface FlowSchedule {
  readonly timesteps: readonly number[];
  readonly sigmas: Table;
  readonly numInferenceSteps?: number;
}

/** Throws CONFIG_CONFLICT for two re-spacings and CONFIG_INVALID for shifts that give no schedule. */
export function checkFlowConfig(config: Readonly<FlowMatchEulerDiscreteConfig>): void {
  respacingOf(config);
  const { shift, shift_terminal: terminal } = config;
  if (!(shift > 0))
    throw new DiffusionError('CONFIG_INVALID', `shift is ${shift}; it must be greater than 0.`, { shift });
  if (terminal !== null && !(terminal < 1)) {
    throw new DiffusionError('CONFIG_INVALID', `shift_terminal is ${terminal}; the last sigma must be below 1.`, {
      terminal,
    });
  }
  requireChoice('time_shift_type', config.time_shift_type, ['exponential', 'linear']);
}

/**
 * Sigmas of the user or spread evenly, then shift, stretch, re-spacing, inversion, in upstream's order. The default sigmas
 * come from the shifted training table and are shifted again (upstream issue 13243).
 */
export function flowSchedule(
  config: Readonly<FlowMatchEulerDiscreteConfig>,
  shift: number,
  trainingSigmas: Table,
  request: PlanRequest,
  precision: Precision,
): FlowSchedule {
  const steps = checkedSteps(config, request);
  const trainSteps = config.num_train_timesteps;
  const plain = plainSigmas(request, trainingSigmas, trainSteps, steps, precision);
  const shifted = config.use_dynamic_shifting
    ? timeShift(config.time_shift_type, request.mu ?? 0, plain)
    : shiftSigmas(plain, shift);
  const stretched = config.shift_terminal ? stretchToTerminal(shifted, config.shift_terminal) : shifted;
  const respacing = respacingOf(config);
  const levels = precision.table(respacing ? respacedSigmas(respacing, rangeOf(stretched, config), steps) : stretched);
  const final = config.invert_sigmas ? mapTable(levels, (sigma) => 1 - sigma) : levels;
  const given = config.invert_sigmas ? undefined : request.timesteps;
  return {
    sigmas: withFinalSigma(final, config.invert_sigmas ? 1 : 0, precision),
    timesteps: Array.from(given ? precision.table(given) : mapTable(final, (sigma) => sigma * trainSteps)),
    numInferenceSteps: steps,
  };
}

function plainSigmas(
  request: PlanRequest,
  training: Table,
  trainSteps: number,
  steps: number,
  precision: Precision,
): Table {
  const { sigmas, timesteps } = request;
  if (sigmas) return precision.table(sigmas);
  if (!timesteps) return flowSigmas(training, trainSteps, steps);
  warn(
    'FlowMatchEulerDiscreteScheduler: timesteps are used as given, but the sigmas made from them are shifted; pass sigmas too.',
  );
  return mapTable(precision.table(timesteps), (timestep) => timestep / trainSteps);
}

/** The number of steps. Throws REQUEST_INVALID without mu where it is needed, and for lengths that differ. */
function checkedSteps(config: Readonly<FlowMatchEulerDiscreteConfig>, request: PlanRequest): number {
  const { numInferenceSteps, sigmas, timesteps, mu } = request;
  if (config.use_dynamic_shifting && mu === undefined) {
    throw invalid(
      'use_dynamic_shifting needs mu. Pass { mu: imageShiftMu(tokens, scheduler.config) } to setTimesteps.',
    );
  }
  const lengths = [numInferenceSteps, sigmas?.length, timesteps?.length].filter((length) => length !== undefined);
  const [steps] = lengths;
  if (steps === undefined) throw invalid('Give numInferenceSteps, sigmas or timesteps.');
  if (lengths.some((length) => length !== steps) || steps < 1) {
    throw invalid(
      `numInferenceSteps, sigmas and timesteps must agree and be at least 1; they are ${lengths.join(', ')}.`,
    );
  }
  return steps;
}

function invalid(message: string): DiffusionError {
  return new DiffusionError('REQUEST_INVALID', `FlowMatchEulerDiscreteScheduler: ${message}`);
}
