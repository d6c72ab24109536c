// The stochastic Adams step between two levels, and its two uses: predictor and corrector. Its weights are those of exponential
// multistep methods, in float64: upstream's float32 sums of e^lambda lambda^k lose their digits when steps are small.

import type { LambdaLevel, Tensor } from '@unnoise/core';
import { DiffusionError, exponentialWeights } from '@unnoise/core';
import type { SARow } from './index.ts';

/** What a step weighs: the sample, the prediction `base`, the differences of others from it, and the noise. */
interface SAWeights {
  readonly x: number;
  readonly base: number;
  readonly others: readonly number[];
  readonly noise: number;
}

/** The step from here: predictions lie at this level and before, and all are used. */
export function predicted(k: SARow, data: boolean, x: Tensor, noise: Tensor, seen: readonly Tensor[]): Tensor {
  const [t, s, ...before] = k.levels as [LambdaLevel, LambdaLevel, ...LambdaLevel[]];
  const [m0, ...older] = seen as [Tensor, ...Tensor[]];
  return stepped(data, k.tau, s, t, x, noise, m0, older, before);
}

/** The step to here again, with the prediction m here as one more node; order 1 takes m alone. */
export function corrected(k: SARow, data: boolean, x: Tensor, noise: Tensor, seen: readonly Tensor[]): Tensor {
  const order = orderOf('corrector_order', k.correctorOrder, seen.length);
  const [, t, s, ...before] = k.levels as [LambdaLevel, LambdaLevel, LambdaLevel, ...LambdaLevel[]];
  const [m, m1, ...older] = seen as [Tensor, Tensor, ...Tensor[]];
  if (order === 1) return stepped(data, k.tauBefore, s, t, x, noise, m, [], []);
  return stepped(data, k.tauBefore, s, t, x, noise, m1, [m, ...older].slice(0, order - 1), [t, ...before]);
}

/** From level s to t with noise tau; `base` was predicted at s (or stands for all), the others at their levels. */
function stepped(
  data: boolean,
  tau: number,
  s: LambdaLevel,
  t: LambdaLevel,
  x: Tensor,
  noise: Tensor,
  base: Tensor,
  others: readonly Tensor[],
  levels: readonly LambdaLevel[],
): Tensor {
  const distances = others.map((_, i) => (levels[i]?.lambda ?? Number.NaN) - s.lambda);
  const w = (data ? dataWeights : noiseWeights)(tau, s, t, distances);
  const start = x.mul(w.x).add(base.mul(w.base)).add(noise.mul(w.noise));
  return others.reduce((sum, m, i) => sum.add(m.sub(base).mul(w.others[i] ?? Number.NaN)), start);
}

/** Of x0. As upstream, order 2 has a h / 2 for the integral of its line: the same up to h^3. */
function dataWeights(tau: number, s: LambdaLevel, t: LambdaLevel, distances: readonly number[]): SAWeights {
  const h = t.lambda - s.lambda;
  const a = 1 + tau ** 2;
  const [only] = distances;
  const line = only !== undefined && distances.length === 1;
  return {
    x: (t.sigma / s.sigma) * Math.exp(-(tau ** 2) * h),
    base: -t.alpha * Math.expm1(-a * h),
    others: line ? [(t.alpha * a * h * h) / (2 * only)] : polynomial(distances, h, -a * h).map((w) => -t.alpha * w),
    noise: t.sigma * Math.sqrt(-Math.expm1(-2 * tau ** 2 * h)),
  };
}

/** Of eps. */
function noiseWeights(tau: number, s: LambdaLevel, t: LambdaLevel, distances: readonly number[]): SAWeights {
  const h = t.lambda - s.lambda;
  const scale = -(1 + tau ** 2) * t.sigma;
  return {
    x: t.alpha / s.alpha,
    base: scale * Math.expm1(h),
    others: polynomial(distances, h, h).map((w) => scale * w),
    noise: tau * t.sigma * Math.sqrt(Math.expm1(2 * h)),
  };
}

/** The weights of differences at these distances from s; none for a step of no length, where the last sigma repeats. */
function polynomial(distances: readonly number[], h: number, z: number): readonly number[] {
  const distinct = new Set([0, ...distances]).size > distances.length;
  if (h === 0 && distinct) return distances.map(() => 0);
  return exponentialWeights(
    distances.map((distance) => distance / h),
    z,
  );
}

/** The order of a step. Upstream has formulas up to 4, and fails at the first step of a higher one: CONFIG_INVALID. */
export function orderOf(key: string, highest: number, seen: number): number {
  const order = Math.min(highest, seen);
  if (order <= 4) return order;
  throw new DiffusionError('CONFIG_INVALID', `${key} asks for order ${order} here. Use 1 to 4.`, { key, order });
}
