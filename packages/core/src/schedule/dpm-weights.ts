// The coefficients of DPM-Solver updates of order 1 to 3 as functions of two noise levels. Numbers only, in float64: upstream
// takes them from float32 scalars, whose differences (e^-h - 1 + h) lose all digits when steps are many.

import { phiLessLimit } from './phi.ts';
import type { LambdaLevel } from './solver-schedule.ts';

/** What DPM-Solver extrapolates, x0 (++) or eps, as an ODE or an SDE. */
export type DpmAlgorithm = 'dpmsolver++' | 'dpmsolver' | 'sde-dpmsolver++' | 'sde-dpmsolver';
/** The form of its second-order update. */
export type DpmSolverType = 'midpoint' | 'heun';

/** prev = x sample + d0 D0 + d1 D1 + d2 D2 + noise z, with d1 of the second order or of the third. */
export interface DpmWeights {
  readonly x: number;
  readonly d0: number;
  readonly d1: { readonly midpoint: number; readonly heun: number };
  readonly d2: number;
  readonly noise: number;
}

/** What the first and the second difference weigh. */
const phi1 = (z: number): number => phiLessLimit(1, z);
const phi2 = (z: number): number => phiLessLimit(2, z);

/** The step from level s to level t, with h = lambda_t - lambda_s. Lu et al. (2022), arXiv 2206.00927 and 2211.01095. */
export const DPM_WEIGHTS: Readonly<Record<DpmAlgorithm, (s: LambdaLevel, t: LambdaLevel) => DpmWeights>> = {
  'dpmsolver++': (s, t) => {
    const h = t.lambda - s.lambda;
    return weigh(t.sigma / s.sigma, -t.alpha * Math.expm1(-h), -t.alpha * phi1(-h), -t.alpha * phi2(-h), 0);
  },
  dpmsolver: (s, t) => {
    const h = t.lambda - s.lambda;
    return weigh(t.alpha / s.alpha, -t.sigma * Math.expm1(h), -t.sigma * phi1(h), -t.sigma * phi2(h), 0);
  },
  'sde-dpmsolver++': (s, t) => {
    const h = t.lambda - s.lambda;
    // as upstream: the limit of phi2 enters with the wrong sign, so that D2 keeps a weight of -alpha as h goes to 0
    const d2 = -t.alpha * (phi2(-2 * h) + 1);
    return weigh(
      (t.sigma / s.sigma) * Math.exp(-h),
      -t.alpha * Math.expm1(-2 * h),
      -t.alpha * phi1(-2 * h),
      d2,
      t.sigma * Math.sqrt(-Math.expm1(-2 * h)),
    );
  },
  'sde-dpmsolver': (s, t) => {
    const h = t.lambda - s.lambda;
    return weigh(
      t.alpha / s.alpha,
      -2 * t.sigma * Math.expm1(h),
      -2 * t.sigma * phi1(h),
      Number.NaN,
      t.sigma * Math.sqrt(Math.expm1(2 * h)),
    );
  },
};

function weigh(x: number, d0: number, heun: number, d2: number, noise: number): DpmWeights {
  return { x, d0, d1: { midpoint: d0 / 2, heun }, d2, noise };
}
