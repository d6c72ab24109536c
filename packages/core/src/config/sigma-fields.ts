// The config keys of re-spaced sigmas. A file of its own, so that whoever has no sigmas does not carry it.

import type { ConfigSchema } from './schema.ts';
import { boolean } from './schema.ts';

/** Re-spacings of the sigmas; at most one may be on. */
export interface SigmaScheduleConfig {
  /** Karras et al. (2022) sigmas, rho 7. */
  readonly use_karras_sigmas: boolean;
  /** Sigmas evenly spaced in their logarithm. */
  readonly use_exponential_sigmas: boolean;
  /** Sigmas by the quantiles of Beta(0.6, 0.6); import @unnoise/core/beta-sigmas first. */
  readonly use_beta_sigmas: boolean;
}

export const sigmaScheduleFields: ConfigSchema<SigmaScheduleConfig> = {
  use_karras_sigmas: boolean(false),
  use_exponential_sigmas: boolean(false),
  use_beta_sigmas: boolean(false),
};
