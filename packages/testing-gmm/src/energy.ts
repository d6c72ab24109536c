// Telling two sets of samples apart.

import { rowsOf } from './distribution.ts';

/**
 * The energy distance 2 E|a - b| - E|a - a'| - E|b - b'| of two sets of rows, without bias: about 0 for sets of one distribution (it may
 * be slightly below), and above 0 for two. Compares all pairs.
 */
export function energyDistance(a: ArrayLike<number>, b: ArrayLike<number>, dimension: number): number {
  return 2 * meanDistance(a, b, dimension) - meanDistanceWithin(a, dimension) - meanDistanceWithin(b, dimension);
}

function meanDistance(a: ArrayLike<number>, b: ArrayLike<number>, dimension: number): number {
  const n = rowsOf(a, dimension);
  const m = rowsOf(b, dimension);
  let sum = 0;
  for (let i = 0; i < n; i++) for (let j = 0; j < m; j++) sum += distance(a, i, b, j, dimension);
  return sum / (n * m);
}

function meanDistanceWithin(a: ArrayLike<number>, dimension: number): number {
  const n = rowsOf(a, dimension);
  let sum = 0;
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) sum += distance(a, i, a, j, dimension);
  return (2 * sum) / (n * (n - 1));
}

function distance(a: ArrayLike<number>, i: number, b: ArrayLike<number>, j: number, dimension: number): number {
  let square = 0;
  for (let d = 0; d < dimension; d++) square += (a[i * dimension + d]! - b[j * dimension + d]!) ** 2;
  return Math.sqrt(square);
}
