// log, sin and cos of float64 on the ranges that Box-Muller needs, correctly rounded in nearly every case and made of
// sums and products only: Math.log, Math.sin and Math.cos differ between JavaScript engines, and a stream must not.
// Intermediate numbers are pairs head + tail of twice the precision (Dekker 1971, Knuth's sum).

type Pair = readonly [head: number, tail: number];

/** The tail that belongs to the head which the last function on pairs returned. */
let tail = 0;

/** a + b exactly. */
function sum(a: number, b: number): number {
  const head = a + b;
  const fromB = head - a;
  tail = a - (head - fromB) + (b - fromB);
  return head;
}

/** a * b exactly. */
function product(a: number, b: number): number {
  const head = a * b;
  const aHigh = upperHalf(a);
  const bHigh = upperHalf(b);
  const aLow = a - aHigh;
  const bLow = b - bHigh;
  tail = aLow * bLow - (head - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
  return head;
}

/** The upper 26 bits of a, so that products of halves are exact. */
function upperHalf(a: number): number {
  const scaled = a * (2 ** 27 + 1);
  return scaled - (scaled - a);
}

function plus(a: number, aTail: number, b: number, bTail: number): number {
  const head = sum(a, b);
  return sum(head, tail + (aTail + bTail));
}

function times(a: number, aTail: number, b: number, bTail: number): number {
  const head = product(a, b);
  return sum(head, tail + (a * bTail + aTail * b));
}

function quotient(a: number, b: number, bTail: number): number {
  const head = a / b;
  const back = product(head, b);
  return sum(head, (a - back - tail - head * bTail) / b);
}

/** A power series in z: the first terms as pairs, the small rest in plain float64. */
interface Series {
  readonly first: readonly Pair[];
  readonly rest: readonly number[];
}

/** The series with coefficients 1 / denominators. */
function series(denominators: readonly number[]): Series {
  const coefficients = denominators.map((d): Pair => [quotient(1, d, 0), tail]);
  return { first: coefficients.slice(0, 4), rest: coefficients.slice(4).map(([head]) => head) };
}

function evaluate({ first, rest }: Series, z: number, zTail: number): number {
  let head = 0;
  for (let k = rest.length - 1; k >= 0; k--) head = head * z + rest[k]!;
  tail = 0;
  for (let k = first.length - 1; k >= 0; k--) {
    const coefficient = first[k]!;
    head = times(head, tail, z, zTail);
    head = plus(coefficient[0], coefficient[1], head, tail);
  }
  return head;
}

/** artanh(s) / s = 1 + s^2/3 + s^4/5 + ... */
const ARTANH = series(Array.from({ length: 14 }, (_, k) => 2 * k + 1));
/** sin(r) / r = 1 - r^2/3! + ... */
const SIN = series([1, -6, 120, -5040, 362880, -39916800, 6227020800, -1307674368000, 355687428096000]);
/** cos(r) = 1 - r^2/2! + ... */
const COS = series([1, -2, 24, -720, 40320, -3628800, 479001600, -87178291200, 20922789888000]);

/** 2^-i: what brings an integer of i bits into [1/2, 1). */
export const BITS_TO_UNIT: Float64Array = Float64Array.from({ length: 55 }, (_, i) => 2 ** -i);
const LN2: Pair = [0.6931471805599453, 2.3190468138462996e-17];
/** pi/2 in three parts; the first two have 33 bits, so that small multiples are exact. */
const HALF_PI = [1.5707963267341256, 6.077100506303966e-11, 2.0222662487959506e-21] as const;

/** Natural logarithm of n * 2^-53 for an integer n from 1 to 2^53. */
export function log53(n: number): number {
  const high = Math.floor(n / 2 ** 32);
  const bits = high > 0 ? 64 - Math.clz32(high) : 32 - Math.clz32(n);
  const mantissa = n * BITS_TO_UNIT[bits]!;
  const small = mantissa < Math.SQRT1_2;
  const m = small ? 2 * mantissa : mantissa;
  const exponent = small ? bits - 54 : bits - 53;

  // log m = 2 artanh((m - 1) / (m + 1))
  const below = sum(m, 1);
  const s = quotient(m - 1, below, tail);
  const sTail = tail;
  const z = times(s, sTail, s, sTail);
  const ratio = evaluate(ARTANH, z, tail);
  const logM = times(2 * s, 2 * sTail, ratio, tail);
  const logMTail = tail;
  const shift = times(exponent, 0, LN2[0], LN2[1]);
  return plus(shift, tail, logM, logMTail);
}

/** Sine and cosine of an angle from 0 to 2 pi, written to out[0] and out[1]. */
export function sinCos(theta: number, out: Float64Array): void {
  const quarter = Math.round(theta / HALF_PI[0]);
  const rough = sum(theta - quarter * HALF_PI[0], -quarter * HALF_PI[1]);
  const r = sum(rough, tail - quarter * HALF_PI[2]);
  const rTail = tail;
  const z = times(r, rTail, r, rTail);
  const zTail = tail;
  const ratio = evaluate(SIN, z, zTail);
  const sin = times(r, rTail, ratio, tail);
  const cos = evaluate(COS, z, zTail);

  out[0] = quarter % 2 === 0 ? sin : cos;
  out[1] = quarter % 2 === 0 ? cos : sin;
  if (quarter === 2 || quarter === 3) out[0] = -out[0];
  if (quarter === 1 || quarter === 2) out[1] = -out[1];
}
