// What upstream refuses in the constructor or at the first step, and what a function in a config needs.

import { DiffusionError, requireChoice } from '@unnoise/core';
import type { SASolverConfig } from './index.ts';

type Given = Partial<SASolverConfig>;

/** The config as it is. Throws CONFIG_INVALID for names and orders that are none, and for a tau_func that is neither function nor number. */
export function checkedConfig(config: Given): Given {
  if (typeof config !== 'object') return config; // the base class refuses it
  const {
    algorithm_type: algorithm = 'data_prediction',
    predictor_order = 2,
    corrector_order = 2,
    tau_func: tau,
  } = config;
  requireChoice('algorithm_type', algorithm, ['data_prediction', 'noise_prediction']);
  for (const [key, order] of Object.entries({ predictor_order, corrector_order })) {
    if (!(Number.isInteger(order) && order >= 1))
      throw new DiffusionError('CONFIG_INVALID', `${key} is ${order}. Use 1 to 4.`, { key, order });
  }
  const usable = tau === undefined || tau === null || typeof tau === 'function' || typeof tau === 'number';
  if (usable) return config;
  const message = `tau_func is ${JSON.stringify(tau)}. Give a function of the timestep, a number, or null.`;
  throw new DiffusionError('CONFIG_INVALID', message, { tau_func: tau });
}

/** As upstream, thresholding works on x0 only. Throws CONFIG_CONFLICT where eps is extrapolated. */
export function requireClean({ thresholding }: Pick<SASolverConfig, 'thresholding'>, data: boolean): void {
  if (!thresholding || data) return;
  throw new DiffusionError(
    'CONFIG_CONFLICT',
    'thresholding cannot be used with algorithm_type noise_prediction (upstream crashes). Use data_prediction.',
  );
}

/** Throws CONFIG_INVALID for a config that cannot be written to a file. */
export function requireSavable({ tau_func: tau }: Pick<SASolverConfig, 'tau_func'>): void {
  if (typeof tau !== 'function') return;
  const message =
    'tau_func is a function, which a config file cannot hold. Use a number, or give it again after loading.';
  throw new DiffusionError('CONFIG_INVALID', message);
}
