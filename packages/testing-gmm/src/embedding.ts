// A low-dimensional distribution inside image-sized samples, so that exact answers come in the shapes that samplers see.

import type { Distribution, Posterior } from './distribution.ts';
import { rowsOf } from './distribution.ts';

/** A distribution on more dimensions that contains another one isometrically. */
export interface Embedding extends Distribution {
  /** Rows of the large space to their coordinates in the small one. */
  project(x: ArrayLike<number>): Float64Array;
  /** Rows of the small space to points of the large one. */
  lift(z: ArrayLike<number>): Float64Array;
}

/**
 * `inner` on the first cosine waves (DCT-II, without the constant) of samples of `dimension` numbers; every other direction is
 * independent with standard deviation `rest`. The posterior stays exact.
 */
export function embed(inner: Distribution, dimension: number, rest: number = 0.5): Embedding {
  const small = inner.dimension;
  if (!(dimension > small))
    throw new RangeError(`${small} dimensions need more than ${dimension} to lie in: give at least ${small + 1}.`);
  const waves = Array.from({ length: small }, (_, k) => wave(k + 1, dimension));

  const project = (x: ArrayLike<number>): Float64Array =>
    perRow(rowsOf(x, dimension), small, (row, k) => dot(waves[k]!, x, row * dimension));
  const lift = (z: ArrayLike<number>): Float64Array =>
    perRow(rowsOf(z, small), dimension, (row, i) => waves.reduce((sum, w, k) => sum + w[i]! * z[row * small + k]!, 0));

  /** `inside` on the waves, and what x has elsewhere, scaled. */
  const join = (inside: Float64Array, x: ArrayLike<number>, shadow: Float64Array, scale: number): Float64Array =>
    lift(inside).map((value, i) => value + scale * (x[i]! - shadow[i]!));

  return {
    dimension,
    project,
    lift,
    posterior(x, alpha, sigma): Posterior {
      const coordinates = project(x);
      const shadow = lift(coordinates);
      const { x0, epsilon } = inner.posterior(coordinates, alpha, sigma);
      const variance = (alpha * rest) ** 2 + sigma ** 2;
      return {
        x0: join(x0, x, shadow, variance > 0 ? (alpha * rest ** 2) / variance : 0),
        epsilon: join(epsilon, x, shadow, variance > 0 ? sigma / variance : 0),
      };
    },
    sample(count, source) {
      const inside = inner.sample(count, source);
      const noise = source.normal([count, dimension]);
      return join(inside, noise, lift(project(noise)), rest);
    },
  };
}

/** The k-th cosine wave of unit length; different waves are orthogonal. */
function wave(k: number, n: number): Float64Array {
  return Float64Array.from({ length: n }, (_, i) => Math.sqrt(2 / n) * Math.cos((Math.PI * k * (i + 0.5)) / n));
}

function dot(a: Float64Array, x: ArrayLike<number>, at: number): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * x[at + i]!;
  return sum;
}

function perRow(rows: number, width: number, value: (row: number, column: number) => number): Float64Array {
  return Float64Array.from({ length: rows * width }, (_, i) => value(Math.floor(i / width), i % width));
}
