// The config keys of dynamic thresholding. A file of its own, so that whoever has none of it does not carry it.

import type { ConfigSchema } from './schema.ts';
import { boolean, number } from './schema.ts';

/** Dynamic thresholding of the predicted original sample (Imagen). */
export interface ThresholdingConfig {
  /** Dynamic thresholding of the predicted original sample; for pixel models only. */
  readonly thresholding: boolean;
  /** Quantile of the absolute values that becomes the threshold. */
  readonly dynamic_thresholding_ratio: number;
  /** Largest threshold. */
  readonly sample_max_value: number;
}

export const thresholdingFields: ConfigSchema<ThresholdingConfig> = {
  thresholding: boolean(false),
  dynamic_thresholding_ratio: number(0.995),
  sample_max_value: number(1),
};
