// The weights of UniP and UniC of any order as functions of noise levels. Numbers only, in float64: upstream solves for them in
// float32, where they lose digits when steps are many.

import type { LambdaLevel } from '@unnoise/core';
import { exponentialWeights } from '@unnoise/core';

/** bh1: B(z) = z. bh2: B(z) = e^z - 1. */
export type SolverType = 'bh1' | 'bh2';

/** What is extrapolated, x0 (`data`) or eps, and by which B. */
export interface Extrapolation {
  readonly data: boolean;
  readonly solver: SolverType;
}

/** next = x sample + m0 m_0 + sum of differences_k (m_k - m_0). */
export interface Weights {
  readonly x: number;
  readonly m0: number;
  readonly differences: readonly number[];
}

/**
 * The step from level s to level t through m_0, seen at s, and one more m for each level of `seen`: earlier ones for the
 * predictor, and t itself too for the corrector. Zhao et al. (2023), arXiv 2302.04867, equations 3 and 9 with B(h).
 */
export function weightsOf(t: LambdaLevel, s: LambdaLevel, seen: readonly LambdaLevel[], how: Extrapolation): Weights {
  const h = t.lambda - s.lambda;
  const z = how.data ? -h : h;
  const gain = how.data ? t.alpha : t.sigma;
  const nodes = seen.map((level) => (level === t ? 1 : (level.lambda - s.lambda) / h)); // 1 even where h is 0
  // as in the paper, one difference weighs half of B; more are solved for, and B cancels
  const weights = nodes.length === 1 ? nodes.map((r) => bOf(how.solver, z) / 2 / r) : exponentialWeights(nodes, z);
  return {
    x: how.data ? t.sigma / s.sigma : t.alpha / s.alpha,
    m0: -gain * Math.expm1(z),
    differences: weights.map((weight) => -gain * weight),
  };
}

function bOf(solver: SolverType, z: number): number {
  return solver === 'bh1' ? z : Math.expm1(z);
}
