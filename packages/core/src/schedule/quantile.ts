// The order statistics behind dynamic thresholding: torch.quantile of |x| by selection instead of a sort.

import { DiffusionError } from '../errors.ts';

/**
 * `torch.quantile(abs(values), q)` with linear interpolation, for 0 <= q <= 1. As torch: the rank and the interpolation
 * are float32. `values` is left alone; about ten times faster than sorting.
 * Throws NUMERIC where a value or the result is NaN (it is between two infinities) and REQUEST_INVALID where there are no values or q is outside [0, 1].
 */
export function quantile(values: Float32Array, q: number): number {
  if (values.length === 0 || !(q >= 0 && q <= 1)) {
    throw new DiffusionError(
      'REQUEST_INVALID',
      `quantile ${q} of ${values.length} values; give values and q in [0, 1].`,
    );
  }
  const magnitudes = magnitudesOf(values);
  const rank = Math.fround(Math.fround(q) * Math.fround(values.length - 1));
  const below = Math.min(Math.floor(rank), values.length - 1);
  select(magnitudes, below);
  const low = magnitudes[below]!;
  const high = rank > below && below + 1 < values.length ? smallest(magnitudes, below + 1) : low;
  const found = lerp(low, high, Math.fround(rank - below));
  if (found === found) return found;
  throw new DiffusionError('NUMERIC', `quantile ${q} lies between infinite values; check the model output.`);
}

/**
 * The threshold s of dynamic thresholding (arXiv 2205.11487): the quantile of |x0| clamped to [1, sampleMaxValue]; the
 * maximum wins where it is below 1. x0 is then clipped to [-s, s] and divided by s.
 */
export function dynamicThreshold(values: Float32Array, ratio: number, sampleMaxValue: number): number {
  return Math.min(Math.max(quantile(values, ratio), 1), sampleMaxValue);
}

function magnitudesOf(values: Float32Array): Float32Array {
  const magnitudes = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const x = values[i]!;
    if (x !== x) {
      throw new DiffusionError('NUMERIC', `value ${i} of ${values.length} is NaN; check the model output.`, {
        index: i,
      });
    }
    magnitudes[i] = Math.abs(x);
  }
  return magnitudes;
}

/**
 * Floyd and Rivest's selection (CACM 18.3, 1975): moves the entry of rank k to index k, no larger ones before it and no
 * smaller ones after. On long stretches it first selects within a sample, which leaves a pivot very near rank k.
 */
function select(a: Float32Array, k: number, left: number = 0, right: number = a.length - 1): void {
  while (right > left) {
    if (right - left > 600) {
      const [from, to] = sampleAround(k, left, right);
      select(a, k, from, to);
    }
    const [low, high] = partition(a, k, left, right);
    if (k <= low) right = low;
    else if (k >= high) left = high;
    else return;
  }
}

/** The part of [left, right] in which, seen as a random sample, rank k is all but sure to lie. */
function sampleAround(k: number, left: number, right: number): [number, number] {
  const n = right - left + 1;
  const rank = k - left + 1;
  const z = Math.log(n);
  const size = 0.5 * Math.exp((2 * z) / 3);
  const deviation = 0.5 * Math.sqrt((z * size * (n - size)) / n) * Math.sign(rank - n / 2);
  const from = Math.floor(k - (rank * size) / n + deviation);
  const to = Math.floor(k + ((n - rank) * size) / n + deviation);
  return [Math.max(left, from), Math.min(right, to)];
}

/** Parts a[left..right] around the value at k: indices up to `low` hold at most it, from `high` on at least it. */
function partition(a: Float32Array, k: number, left: number, right: number): [low: number, high: number] {
  const pivot = a[k]!;
  let i = left;
  let j = right;
  while (i <= j) {
    while (a[i]! < pivot) i++;
    while (a[j]! > pivot) j--;
    if (i > j) break;
    const swapped = a[i]!;
    a[i++] = a[j]!;
    a[j--] = swapped;
  }
  return [j, i];
}

function smallest(a: Float32Array, from: number): number {
  let least = Infinity;
  for (let i = from; i < a.length; i++) if (a[i]! < least) least = a[i]!;
  return least;
}

/** torch.lerp in float32: anchored at the nearer end. */
function lerp(low: number, high: number, weight: number): number {
  const { fround } = Math;
  const gap = fround(high - low);
  return weight < 0.5 ? fround(low + weight * gap) : fround(high - gap * fround(1 - weight));
}
