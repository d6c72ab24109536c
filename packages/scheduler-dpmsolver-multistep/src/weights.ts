// The coefficients of DPM-Solver updates of order 1 to 3 as functions of two noise levels. Numbers only.
//
// Differences of nearly equal numbers (lambda_t - lambda_s, e^-h - 1, ...) are rounded where upstream's float32 scalars are:
// with many steps their rounding error is a visible part of upstream's result.

import type { Precision } from '@unnoise/core';

export type AlgorithmType = 'dpmsolver++' | 'dpmsolver' | 'sde-dpmsolver++' | 'sde-dpmsolver';
export type SolverType = 'midpoint' | 'heun';

/** x = alpha x0 + sigma eps, and lambda = ln(alpha / sigma). */
export interface Level {
  readonly alpha: number;
  readonly sigma: number;
  readonly lambda: number;
}

/** prev = x * sample + d0 D0 + d1 D1 + d2 D2 + noise z. */
export interface Weights {
  readonly x: number;
  readonly d0: number;
  /** For order 2. */
  readonly d1: number;
  /** For order 3, with d2. */
  readonly d1Third: number;
  readonly d2: number;
  readonly noise: number;
}

/** The level of a k-style sigma, or of a flow sigma. */
export function levelOf(sigma: number, flow: boolean, { round }: Precision): Level {
  const alpha = flow ? round(1 - sigma) : round(1 / round(Math.sqrt(round(round(sigma * sigma) + 1))));
  const scaled = flow ? sigma : round(sigma * alpha);
  return { alpha, sigma: scaled, lambda: round(round(Math.log(alpha)) - round(Math.log(scaled))) };
}

/** h = lambda of the target less lambda of the source: the size of a step. */
export function stepSize(from: Level, to: Level, { round }: Precision): number {
  return round(to.lambda - from.lambda);
}

/** The weights of the step from level s to level t. Lu et al. (2022), arXiv 2206.00927 and 2211.01095. */
export function weights(algorithm: AlgorithmType, solver: SolverType, s: Level, t: Level, precision: Precision): Weights {
  const { round } = precision;
  const h = stepSize(s, t, precision);
  const exp = (x: number): number => round(Math.exp(x));
  const solvers: Record<AlgorithmType, () => Weights> = {
    'dpmsolver++': () => {
      const phi = round(exp(-h) - 1);
      return build(solver, t.sigma / s.sigma, -t.alpha * phi, t.alpha * round(round(phi / h) + 1), -t.alpha * third(round(phi + h), h), 0);
    },
    dpmsolver: () => {
      const phi = round(exp(h) - 1);
      return build(solver, t.alpha / s.alpha, -t.sigma * phi, -t.sigma * round(round(phi / h) - 1), -t.sigma * third(round(phi - h), h), 0);
    },
    'sde-dpmsolver++': () => {
      const phi = round(1 - exp(-2 * h));
      const heun = t.alpha * round(round(phi / (-2 * h)) + 1);
      return build(solver, (t.sigma / s.sigma) * exp(-h), t.alpha * phi, heun, t.alpha * third(round(phi - 2 * h), 2 * h), t.sigma * Math.sqrt(phi));
    },
    'sde-dpmsolver': () => {
      const phi = round(exp(h) - 1);
      const noise = t.sigma * Math.sqrt(round(exp(2 * h) - 1));
      return build(solver, t.alpha / s.alpha, -2 * t.sigma * phi, -2 * t.sigma * round(round(phi / h) - 1), Number.NaN, noise);
    },
  };
  const third = (numerator: number, step: number): number => round(round(numerator / round(step * step)) - 0.5);
  return solvers[algorithm]();
}

function build(solver: SolverType, x: number, d0: number, heun: number, d2: number, noise: number): Weights {
  return { x, d0, d1: solver === 'midpoint' ? 0.5 * d0 : heun, d1Third: heun, d2, noise };
}
