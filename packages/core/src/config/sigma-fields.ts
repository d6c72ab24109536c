// The config keys of re-spaced sigmas. A file of its own, so that whoever has no sigmas does not carry it.

import type { ConfigSchema } from './schema.ts';
import { boolean } from './schema.ts';

/** Re-spacings of the sigmas; at most one may be on. */
export interface SigmaScheduleConfig {
  readonly use_karras_sigmas: boolean;
  readonly use_exponential_sigmas: boolean;
  readonly use_beta_sigmas: boolean;
}

export const sigmaScheduleFields: ConfigSchema<SigmaScheduleConfig> = {
  use_karras_sigmas: boolean(false, 'Karras et al. (2022) sigmas, rho 7.'),
  use_exponential_sigmas: boolean(false, 'Sigmas evenly spaced in their logarithm.'),
  use_beta_sigmas: boolean(false, 'Sigmas by the quantiles of Beta(0.6, 0.6); import @unnoise/core/beta-sigmas first.'),
};
