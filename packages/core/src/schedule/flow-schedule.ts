// The schedule of flow matching: sigmas, shifted, stretched, re-spaced and perhaps inverted, and their timesteps. Numbers only.

import type { FlowMatchConfig } from '../config/flow-match-fields.ts';
import { requireChoice } from '../config/schema.ts';
import { DiffusionError } from '../errors.ts';
import { flowSigmas, flowTrainingSigmas, requireShift, shiftSigmas, stretchToTerminal, timeShift } from './flow.ts';
import { mapTable, type Precision, precisionOf, type Table } from './precision.ts';
import { rangeOf, respacedSigmas, respacingOf } from './respacing.ts';
import { withFinalSigma } from './sigmas.ts';

export interface FlowSchedule {
  readonly timesteps: readonly number[];
  readonly sigmas: Table;
  readonly numInferenceSteps?: number;
}

/** What a schedule of flow matching is asked for. */
export interface FlowRequest {
  readonly numInferenceSteps?: number;
  readonly sigmas?: readonly number[];
  readonly timesteps?: readonly number[];
  readonly mu?: number;
}

/**
 * The training sigmas of a config, shifted unless it shifts dynamically. Throws CONFIG_CONFLICT for two re-spacings and
 * CONFIG_INVALID for shifts that give no schedule.
 */
export function flowTable(config: Readonly<FlowMatchConfig>, precision: Precision): Table {
  respacingOf(config);
  const { shift, shift_terminal: terminal, num_train_timesteps: trainSteps, use_dynamic_shifting: dynamic } = config;
  requireShift(shift);
  if (terminal !== null && !(terminal < 1)) {
    throw new DiffusionError('CONFIG_INVALID', `shift_terminal is ${terminal}; the last sigma must be below 1.`, {
      terminal,
    });
  }
  requireChoice('time_shift_type', config.time_shift_type, ['exponential', 'linear']);
  return flowTrainingSigmas(trainSteps, dynamic ? undefined : shift, precision);
}

/** The schedule before setTimesteps. As upstream, it has no final sigma, so that its very last step cannot be taken. */
export function flowUnsetSchedule(trainingSigmas: Table, trainSteps: number): FlowSchedule {
  return { sigmas: trainingSigmas, timesteps: timestepsAt(trainingSigmas, trainSteps) };
}

/**
 * Sigmas of the user or spread evenly, then shift, stretch, re-spacing, inversion, in upstream's order. The default sigmas
 * come from the shifted training table and are shifted again (upstream issue 13243). Custom timesteps are kept as they are.
 * Throws REQUEST_INVALID without mu where it is needed, and for lengths that differ.
 */
export function flowSchedule(
  config: Readonly<FlowMatchConfig>,
  shift: number,
  trainingSigmas: Table,
  request: FlowRequest,
): FlowSchedule {
  const precision = precisionOf(trainingSigmas);
  const steps = checkedSteps(config, request);
  const trainSteps = config.num_train_timesteps;
  const plain = plainSigmas(request, trainingSigmas, trainSteps, steps);
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
    timesteps: given ? Array.from(precision.table(given)) : timestepsAt(final, trainSteps),
    numInferenceSteps: steps,
  };
}

function timestepsAt(sigmas: Table, trainSteps: number): readonly number[] {
  return Array.from(mapTable(sigmas, (sigma) => sigma * trainSteps));
}

function plainSigmas({ sigmas, timesteps }: FlowRequest, training: Table, trainSteps: number, steps: number): Table {
  const precision = precisionOf(training);
  if (sigmas) return precision.table(sigmas);
  if (!timesteps) return flowSigmas(training, trainSteps, steps);
  return mapTable(precision.table(timesteps), (timestep) => timestep / trainSteps);
}

function checkedSteps({ use_dynamic_shifting: dynamic }: Readonly<FlowMatchConfig>, request: FlowRequest): number {
  const { numInferenceSteps, sigmas, timesteps, mu } = request;
  if (dynamic && mu === undefined) {
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
  return new DiffusionError('REQUEST_INVALID', message);
}
