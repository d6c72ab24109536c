// Config keys and checks that the DPM-Solver family, DEIS and UniPC share beyond the common fragments.

import { DiffusionError } from '../errors.ts';
import type { ConfigSchema } from './schema.ts';
import { boolean, choice, number, requireChoice } from './schema.ts';

/** Flow matching sigmas and their shift. */
export interface FlowSigmasConfig {
  /** Flow matching sigmas: alpha = 1 - sigma. */
  readonly use_flow_sigmas: boolean;
  /** Time shift of flow sigmas. */
  readonly flow_shift: number;
  /** Let setTimesteps take mu, which sets the time shift to e^mu. */
  readonly use_dynamic_shifting: boolean;
  /** Form of the dynamic shift; only exponential takes mu. */
  readonly time_shift_type: 'exponential' | 'linear';
}

export const flowSigmasFields: ConfigSchema<FlowSigmasConfig> = {
  use_flow_sigmas: boolean(false),
  flow_shift: number(1),
  use_dynamic_shifting: boolean(false),
  time_shift_type: choice('exponential', ['exponential', 'linear']),
};

/** `{ [key]: own }` where the config has the name that a sister class gives the same thing, else nothing: as upstream rewrites its config. */
export function sisterNamed<K extends string>(
  config: { readonly [key in K]?: unknown },
  key: K,
  sisters: readonly string[],
  own: string,
): Partial<Record<K, string>> {
  return sisters.includes(String(config[key])) ? ({ [key]: own } as Record<K, string>) : {};
}

/** Throws CONFIG_INVALID unless the order is a whole number from 1. */
export function requireSolverOrder(order: number): void {
  if (Number.isInteger(order) && order >= 1) return;
  throw new DiffusionError('CONFIG_INVALID', `solver_order is ${order}. Use 1, 2 or 3.`, { solver_order: order });
}

/** The names that say how a DPM-Solver step is made. */
export interface DpmNames {
  readonly algorithm_type?: string;
  readonly solver_type?: string;
  readonly solver_order?: number;
}

/**
 * The config with `deis` read as dpmsolver++, and `logrho`, `bh1`, `bh2` as midpoint. Throws CONFIG_INVALID for an algorithm that is
 * not one of these, another solver type, and an order below 1.
 */
export function withDpmNames<C extends DpmNames>(config: C, algorithms: readonly string[]): C {
  const rewritten: C = {
    ...config,
    ...sisterNamed(config, 'algorithm_type', ['deis'], 'dpmsolver++'),
    ...sisterNamed(config, 'solver_type', ['logrho', 'bh1', 'bh2'], 'midpoint'),
  };
  requireChoice('algorithm_type', rewritten.algorithm_type ?? 'dpmsolver++', algorithms);
  requireChoice('solver_type', rewritten.solver_type ?? 'midpoint', ['midpoint', 'heun']);
  requireSolverOrder(rewritten.solver_order ?? 2);
  return rewritten;
}
