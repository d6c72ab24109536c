// The stochastic part of Karras et al. (2022), algorithm 2: before a step the noise is raised a little. The step itself is the scheduler's.

import type { Precision } from '../schedule/index.ts';
import type { Tensor } from '../tensor/index.ts';
import type { StepContext } from './types.ts';

/** The options of step that it reads. */
export const CHURN_OPTIONS: readonly string[] = ['generator', 'sChurn', 'sTmin', 'sTmax', 'sNoise'];

/** The sample at the raised level. */
export interface Churned {
  readonly xHat: Tensor;
  readonly sigmaHat: number;
}

/** The level of the sample, and the number of calls that churn is shared among. */
export interface ChurnRow {
  readonly sigma: number;
  readonly steps: number;
}

/**
 * gamma = min(sChurn / steps, sqrt(2) - 1) where sTmin <= sigma <= sTmax, else 0; sigmaHat = sigma (1 + gamma), and
 * xHat = x + sNoise sqrt(sigmaHat^2 - sigma^2) z. Draws for gamma > 0 only. Rounded as upstream, since that root cancels.
 */
export function churned(
  { k, options, normal }: StepContext<ChurnRow>,
  x: Tensor,
  { round }: Pick<Precision, 'round'>,
): Churned {
  const { sChurn = 0, sTmin = 0, sTmax = Infinity, sNoise = 1 } = options;
  const within = sTmin <= k.sigma && k.sigma <= sTmax;
  const gamma = within ? Math.min(sChurn / k.steps, Math.SQRT2 - 1) : 0;
  const sigmaHat = round(k.sigma * round(gamma + 1));
  const raised = Math.sqrt(round(round(sigmaHat ** 2) - round(k.sigma ** 2)));
  return { sigmaHat, xHat: gamma > 0 ? x.add(normal().mul(sNoise * raised)) : x };
}
