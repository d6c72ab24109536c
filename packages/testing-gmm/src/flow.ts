// The probability-flow ODE, solved far more exactly than any sampler: what a deterministic sampler tends to with many steps.

import type { Distribution } from './distribution.ts';
import { combine } from './distribution.ts';

/**
 * Moves points y = x / alpha along the probability-flow ODE from noise level `from` to `to` (sigma / alpha, both above 0). In these
 * coordinates it is the same for every variance-preserving, variance-exploding and rectified-flow schedule:
 * dy / d log sigma = y - E[x0 | y]. Classic Runge-Kutta with `steps` equal steps in log sigma: the default is good to about 1e-11.
 */
export function solveFlow(
  model: Distribution,
  y: ArrayLike<number>,
  from: number,
  to: number,
  steps: number = 4000,
): Float64Array {
  if (!(from > 0 && to > 0))
    throw new RangeError(`The flow is solved between sigmas above 0, not from ${from} to ${to}.`);
  const start = Math.log(from);
  const h = (Math.log(to) - start) / steps;
  let point: Float64Array = Float64Array.from(y);
  for (let i = 0; i < steps; i++) point = rungeKutta(model, point, start + i * h, h);
  return point;
}

function rungeKutta(model: Distribution, y: Float64Array, logSigma: number, h: number): Float64Array {
  const k1 = slope(model, y, logSigma);
  const k2 = slope(model, combine(1, y, h / 2, k1), logSigma + h / 2);
  const k3 = slope(model, combine(1, y, h / 2, k2), logSigma + h / 2);
  const k4 = slope(model, combine(1, y, h, k3), logSigma + h);
  return y.map((value, i) => value + (h / 6) * (k1[i]! + 2 * k2[i]! + 2 * k3[i]! + k4[i]!));
}

/** y - E[x0 | y], written sigma E[epsilon | y], which does not cancel. */
function slope(model: Distribution, y: Float64Array, logSigma: number): Float64Array {
  const sigma = Math.exp(logSigma);
  return model.posterior(y, 1, sigma).epsilon.map((epsilon) => sigma * epsilon);
}

/**
 * The same for one Gaussian N(mean, deviation^2 I), in closed form: y moves to mean + (y - mean) sqrt((s^2 + to^2) / (s^2 + from^2)).
 * `to` may be 0: that is the exact consistency function.
 */
export function gaussianFlow(
  y: ArrayLike<number>,
  from: number,
  to: number,
  mean: readonly number[],
  deviation: number,
): Float64Array {
  const shrink = Math.hypot(deviation, to) / Math.hypot(deviation, from);
  return Float64Array.from(y, (value, i) => {
    const center = mean[i % mean.length]!;
    return center + (value - center) * shrink;
  });
}
