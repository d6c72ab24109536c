// The sigma schedules by the names that programs give them, as config keys. A name says everything: what it does not turn on is off.

import type { ConfigObject } from '@unnoise/core';

const OFF = { use_karras_sigmas: false, use_exponential_sigmas: false, use_beta_sigmas: false } as const;

/** By name in lower case. "automatic" leaves the model's config as it is; upstream's documents pair two of them with a spacing. */
export const SIGMA_SCHEDULES: Readonly<Record<string, ConfigObject>> = {
  automatic: {},
  normal: { ...OFF, timestep_spacing: 'linspace' },
  uniform: { ...OFF },
  karras: { ...OFF, use_karras_sigmas: true },
  exponential: { ...OFF, use_exponential_sigmas: true, timestep_spacing: 'linspace' },
  beta: { ...OFF, use_beta_sigmas: true, timestep_spacing: 'linspace' },
  'sgm uniform': { ...OFF, timestep_spacing: 'trailing' },
  simple: { ...OFF, timestep_spacing: 'trailing' },
  'ddim uniform': { ...OFF, timestep_spacing: 'leading' },
};
