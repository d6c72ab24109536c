// The mixture of isotropic Gaussians, x0 ~ sum_k w_k N(mu_k, s_k^2 I), and its exact posterior at any noise level.

import type { Distribution, Posterior, Source } from './distribution.ts';
import { rowsOf } from './distribution.ts';

/** One Gaussian of a mixture. A deviation of 0 is a point. */
export interface Component {
  readonly weight: number;
  readonly mean: readonly number[];
  readonly deviation: number;
}

/**
 * A Gaussian mixture; weights are normalised. With v_k = alpha^2 s_k^2 + sigma^2 and
 * r_k = softmax_k(log w_k - d/2 log v_k - |x - alpha mu_k|^2 / 2 v_k):
 *
 *     E[x0 | x]      = sum_k r_k (mu_k + alpha s_k^2 / v_k (x - alpha mu_k))
 *     E[epsilon | x] = sum_k r_k sigma / v_k (x - alpha mu_k)
 */
export function gaussianMixture(components: readonly Component[]): Distribution {
  const total = checkedWeight(components);
  const dimension = components[0]!.mean.length;
  const logWeights = components.map(({ weight }) => Math.log(weight / total));
  return {
    dimension,
    posterior(x, alpha, sigma) {
      const rows = rowsOf(x, dimension);
      const levels = components.map((component, k) => levelOf(component, alpha, sigma, logWeights[k]!));
      const result = { x0: new Float64Array(x.length), epsilon: new Float64Array(x.length) };
      for (let row = 0; row < rows; row++) addRow(result, x, row * dimension, levels);
      return result;
    },
    sample(count, source) {
      return drawSamples(components, total, dimension, count, source);
    },
  };
}

/** A single Gaussian N(mean, deviation^2 I). */
export function gaussian(mean: readonly number[], deviation: number): Distribution {
  return gaussianMixture([{ weight: 1, mean, deviation }]);
}

/** One component as seen through the noise: x ~ N(center, variance I), and how x moves the two means. */
interface Level {
  readonly mean: readonly number[];
  readonly center: readonly number[];
  readonly variance: number;
  readonly logScale: number;
  readonly x0Slope: number;
  readonly epsilonSlope: number;
}

function levelOf({ mean, deviation }: Component, alpha: number, sigma: number, logWeight: number): Level {
  const variance = (alpha * deviation) ** 2 + sigma ** 2;
  if (!(variance > 0)) {
    throw new RangeError(
      `At alpha ${alpha} and sigma ${sigma} a component of deviation ${deviation} has no density: raise sigma.`,
    );
  }
  return {
    mean,
    center: mean.map((value) => alpha * value),
    variance,
    logScale: logWeight - (mean.length / 2) * Math.log(variance),
    x0Slope: (alpha * deviation ** 2) / variance,
    epsilonSlope: sigma / variance,
  };
}

function addRow({ x0, epsilon }: Posterior, x: ArrayLike<number>, at: number, levels: readonly Level[]): void {
  const logs = levels.map((level) => logDensity(level, x, at));
  const top = Math.max(...logs);
  const densities = logs.map((log) => Math.exp(log - top));
  const sum = densities.reduce((a, b) => a + b);
  levels.forEach(({ mean, center, x0Slope, epsilonSlope }, k) => {
    const share = densities[k]! / sum;
    for (let i = 0; i < mean.length; i++) {
      const offset = x[at + i]! - center[i]!;
      x0[at + i]! += share * (mean[i]! + x0Slope * offset);
      epsilon[at + i]! += share * epsilonSlope * offset;
    }
  });
}

function logDensity({ center, variance, logScale }: Level, x: ArrayLike<number>, at: number): number {
  let square = 0;
  for (let i = 0; i < center.length; i++) square += (x[at + i]! - center[i]!) ** 2;
  return logScale - square / (2 * variance);
}

function drawSamples(
  components: readonly Component[],
  total: number,
  dimension: number,
  count: number,
  source: Source,
): Float64Array {
  const picks = source.uniform([count]);
  const normals = source.normal([count, dimension]);
  const samples = new Float64Array(count * dimension);
  for (let row = 0; row < count; row++) {
    const { mean, deviation } = pick(components, picks[row]! * total);
    for (let i = 0; i < dimension; i++) {
      const at = row * dimension + i;
      samples[at] = mean[i]! + deviation * normals[at]!;
    }
  }
  return samples;
}

/** The component in whose share of the total weight `at` lies. */
function pick(components: readonly Component[], at: number): Component {
  let passed = 0;
  return components.find(({ weight }) => (passed += weight) > at) ?? components.at(-1)!;
}

function checkedWeight(components: readonly Component[]): number {
  const dimension = components[0]?.mean.length ?? 0;
  if (dimension === 0) throw new RangeError('A mixture needs a component, and its mean a dimension.');
  for (const { weight, mean, deviation } of components) {
    const valid = weight > 0 && deviation >= 0 && mean.length === dimension && mean.every(Number.isFinite);
    if (valid && Number.isFinite(weight + deviation)) continue;
    throw new RangeError(
      `A component of weight ${weight}, mean [${mean}] and deviation ${deviation} does not fit: ` +
        `weights are above 0, deviations not below, and every mean has ${dimension} finite numbers.`,
    );
  }
  return components.reduce((sum, { weight }) => sum + weight, 0);
}
