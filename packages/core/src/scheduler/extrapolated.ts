// What the DPM-Solver family, DEIS and UniPC extrapolate: x0 or eps, made from the model's output. Their updates live in their packages.

import type { ThresholdingConfig } from '../config/thresholding-fields.ts';
import { DiffusionError } from '../errors.ts';
import type { AlphaSigma } from '../schedule/index.ts';
import type { Tensor } from '../tensor/index.ts';
import { predict, threshold } from './predict.ts';
import type { StepContext } from './types.ts';

/** The part of a row that turns a model's output into x0 and eps. */
export interface PredictionRow {
  /** The entry of the sigma table, of which level is made. */
  readonly rawSigma: number;
  readonly level: AlphaSigma;
}

/** The config keys that say what the model's output is. */
export interface ExtrapolationConfig extends ThresholdingConfig {
  readonly prediction_type: string;
  readonly variance_type?: string | null;
}

/** m is what is extrapolated: x0 itself, or the eps that belongs to it. */
export interface Extrapolated {
  readonly m: Tensor;
  readonly x0: Tensor;
}

/**
 * m and x0 of the model's output: m is x0 where `data` is true, else eps. prediction_type may be flow_prediction, whose
 * x0 is x - sigma v. `round` as in `predict`. Thresholding makes it a promise. Throws CONFIG_INVALID for an unknown prediction_type.
 */
export function extrapolated(
  context: StepContext<PredictionRow>,
  config: ExtrapolationConfig,
  data: boolean,
  round?: (difference: Tensor) => Tensor,
): Extrapolated | Promise<Extrapolated> {
  if (!config.thresholding) return converted(context, config, data, round);
  return threshold(context, converted(context, config, true).x0, config).then((x0) => withNoise(context, x0, data));
}

function converted(
  context: StepContext<PredictionRow>,
  config: ExtrapolationConfig,
  data: boolean,
  round?: (difference: Tensor) => Tensor,
): Extrapolated {
  const { k, x, out } = context;
  const { prediction_type: type, variance_type: variance } = config;
  if (type === 'flow_prediction') return withNoise(context, x.sub(out.mul(k.rawSigma)), data);
  // as upstream: a learned variance is dropped by keeping three channels, whatever the sample has
  const learned = type === 'epsilon' && (variance === 'learned' || variance === 'learned_range');
  const { x0, eps } = predict(type, k.level, x, learned ? out.slice(1, 0, 3) : out, round);
  return { m: data ? x0 : eps, x0 };
}

function withNoise({ k, x }: StepContext<PredictionRow>, x0: Tensor, data: boolean): Extrapolated {
  return { m: data ? x0 : x.sub(x0.mul(k.level.alpha)).div(k.level.sigma), x0 };
}

/** As upstream, some solvers take flow_prediction only where they extrapolate x0. Throws CONFIG_CONFLICT where they do not. */
export function requireDataForFlow(type: string, data: boolean, setting: string): void {
  if (type !== 'flow_prediction' || data) return;
  throw new DiffusionError(
    'CONFIG_CONFLICT',
    `prediction_type flow_prediction cannot be used with ${setting}, which extrapolates the noise. Use a solver of x0.`,
  );
}
