// The config keys that DEIS, UniPC and the DPM-Solvers all have. A file of its own, so that whoever is none of them does not carry it.

import { type BetaConfig, betaFields } from './fragments.ts';
import type { ConfigSchema } from './schema.ts';
import { type SigmaScheduleConfig, sigmaScheduleFields } from './sigma-fields.ts';
import { type FlowSigmasConfig, flowSigmasFields } from './solver-fields.ts';
import { type ThresholdingConfig, thresholdingFields } from './thresholding-fields.ts';

/** The noise schedule of training, re-spaced or flow sigmas, and thresholding. */
export interface SolverConfig extends BetaConfig, SigmaScheduleConfig, FlowSigmasConfig, ThresholdingConfig {}

export const solverFields: ConfigSchema<SolverConfig> = {
  ...betaFields,
  ...sigmaScheduleFields,
  ...flowSigmasFields,
  ...thresholdingFields,
};
