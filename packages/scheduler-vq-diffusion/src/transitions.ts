// The Markov chain of VQ-Diffusion in log space: at each level a token stays (a), becomes any given other token (b) or the mask (c).

import type { Precision, Table } from '@unnoise/core';
import { DiffusionError } from '@unnoise/core';
import type { VQDiffusionConfig } from './index.ts';

/** Log-probabilities of one noising step, or of all steps up to a level. */
export interface LogTransition {
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

export interface LogTransitions {
  at(timestep: number): LogTransition;
  cumulative(timestep: number): LogTransition;
}

type Columns = { readonly [key in 'a' | 'b' | 'c']: Table };

/**
 * Cumulative alpha and gamma are linear in the level; those of single steps are their ratios. Computed in float64, the
 * logarithms are rounded. Throws CONFIG_INVALID for fewer than 2 levels or classes.
 */
export function logTransitions(config: Readonly<VQDiffusionConfig>, precision: Precision): LogTransitions {
  const { num_vec_classes: classes, num_train_timesteps: levels } = config;
  if (!(Number.isInteger(classes) && classes >= 2 && Number.isInteger(levels) && levels >= 2)) {
    const message = `num_vec_classes is ${classes} and num_train_timesteps ${levels}; both must be whole numbers of at least 2.`;
    throw new DiffusionError('CONFIG_INVALID', message, { classes, levels });
  }
  const alpha = line(config.alpha_cum_start, config.alpha_cum_end, levels);
  const gamma = line(config.gamma_cum_start, config.gamma_cum_end, levels);
  const before = (table: Float64Array, i: number, first: number): number => (i === 0 ? first : (table[i - 1] ?? first));
  const stay = alpha.map((value, i) => value / before(alpha, i, 1));
  const mask = gamma.map((value, i) => 1 - (1 - value) / (1 - before(gamma, i, 0)));
  const now = logarithms(stay, mask, classes - 1, precision);
  const cumulative = logarithms(alpha, gamma, classes - 1, precision);
  return { at: (timestep) => entry(now, timestep), cumulative: (timestep) => entry(cumulative, timestep) };
}

function line(start: number, end: number, count: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => (i / (count - 1)) * (end - start) + start);
}

function logarithms(a: Float64Array, c: Float64Array, others: number, precision: Precision): Columns {
  const b = a.map((stay, i) => (1 - stay - (c[i] ?? 0)) / others);
  const log = (values: Float64Array): Table => precision.table(values.map(Math.log));
  return { a: log(a), b: log(b), c: log(c) };
}

function entry({ a, b, c }: Columns, timestep: number): LogTransition {
  const at = (table: Table): number => {
    const value = Number.isInteger(timestep) ? table.at(timestep) : undefined;
    if (value !== undefined && !Number.isNaN(value)) return value;
    if (value !== undefined) throw negative(timestep);
    throw new DiffusionError(
      'TIMESTEP_NOT_IN_PLAN',
      `Timestep ${timestep} was not trained: whole numbers from 0 to ${table.length - 1} were. Use at most ${table.length} steps.`,
      { timestep },
    );
  };
  return { a: at(a), b: at(b), c: at(c) };
}

function negative(timestep: number): DiffusionError {
  const message = `At timestep ${timestep} the probabilities of staying and of the mask add up to more than 1. Lower alpha_cum or gamma_cum.`;
  return new DiffusionError('NUMERIC', message, { timestep });
}
