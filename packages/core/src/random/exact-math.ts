// log, log1p, sin and cos of float64 on the ranges that Box-Muller needs, made of sums, products and quotients only:
// Math.log and its like differ between JavaScript engines, and a stream must not. log53 is correctly rounded in nearly
// every case; log1p, sin and cos round as glibc 2.36 does on processors with fused multiply-add, where torch runs.
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

/** a * b + c, rounded once (twice only where the first rounding falls next to a tie, about once in 2^50). */
function fma(a: number, b: number, c: number): number {
  const low = product(a, b);
  const productTail = tail;
  const head = sum(low, c);
  return head + (tail + productTail);
}

const LN2_HEAD = 0.6931471803691238;
const LN2_TAIL = 1.9082149292705877e-10;
/** About 1 - 1/sqrt(2), to the 21 bits that fdlibm looks at; from here on 1 - u is brought into [1/sqrt(2), sqrt(2)). */
const SMALL_U = 0.29289340972900390625;
/** What a float64 with 0x6a09e in the upper 20 bits of its mantissa is, halved. */
const SMALLEST_M = 0x16a09e * 2 ** -21;
const TWO_THIRDS = 2 / 3;

/** log(1 - u) for a whole multiple u of 2^-53 below 1: the log1p of fdlibm (Sun, 1993), of which 1 - u is exact. */
export function log1m(u: number): number {
  if (u < 2 ** -29) return -u - u * u * 0.5;
  let k = 0;
  let f = -u;
  if (u >= SMALL_U) {
    let m = 1 - u;
    for (; m < SMALLEST_M; k--) m *= 2;
    f = m - 1;
  }
  const half = 0.5 * f * f;
  if (k !== 0 && Math.abs(f) < 2 ** -20) return k * LN2_HEAD - (half * fma(f, -TWO_THIRDS, 1) - k * LN2_TAIL - f);
  const s = f / (2 + f);
  const rest = s * (half + log1pRest(s * s));
  return k === 0 ? f - (half - rest) : k * LN2_HEAD - (half - (rest + k * LN2_TAIL) - f);
}

/** log((1 + s) / (1 - s)) / s - 2 as a polynomial in z = s^2. */
function log1pRest(z: number): number {
  const z2 = z * z;
  const z4 = z2 * z2;
  const r2 = fma(z, 0.2857142874366239, 0.3999999999940942);
  const r3 = fma(z, 0.1818357216161805, 0.22222198432149784);
  const r4 = fma(z, 0.14798198605116586, 0.15313837699209373);
  return fma(z4 * z2, r4, fma(z4, r3, fma(z, 0.6666666666666735, z2 * r2)));
}

const STEPS = 128;
/** Entries up to 111/128, beyond the largest reduced angle. */
const ENTRIES = 112;
let table: Float64Array | undefined;

/** sin and cos of k/128 as pairs, four numbers for each k, made by turning (0, 1) by 1/128 again and again. */
function sinCosTable(): Float64Array {
  const z = STEPS ** -2;
  const sinRatio = evaluate(series([1, -6, 120, -5040, 362880, -39916800]), z, 0);
  const s1: Pair = [sinRatio / STEPS, tail / STEPS];
  const c1: Pair = [evaluate(series([1, -2, 24, -720, 40320, -3628800]), z, 0), tail];
  const entries = Float64Array.of(0, 0, 1, 0, ...new Float64Array(4 * (ENTRIES - 1)));
  const dot = (at: number, a: Pair, b: Pair): Pair => {
    const first = times(entries[at]!, entries[at + 1]!, a[0], a[1]);
    const firstTail = tail;
    const second = times(entries[at + 2]!, entries[at + 3]!, b[0], b[1]);
    return [plus(first, firstTail, second, tail), tail];
  };
  for (let at = 0; at < 4 * (ENTRIES - 1); at += 4) {
    entries.set([...dot(at, c1, s1), ...dot(at, [-s1[0], -s1[1]], c1)], at + 4);
  }
  return entries;
}

/** The tables reach 0.855, further than pi/4, and the first two quarters make use of it. */
const FIRST_QUARTER = 0.85546875;
const SECOND_QUARTER = 2.426265716552734375;

/** Sine and cosine of an angle from 0 to 2 pi, written to out[0] and out[1]. */
export function sinCos(theta: number, out: Float64Array): void {
  let quarter = Math.round(theta / HALF_PI[0]);
  if (theta < SECOND_QUARTER) quarter = theta < FIRST_QUARTER ? 0 : 1;
  const rough = sum(theta - quarter * HALF_PI[0], -quarter * HALF_PI[1]);
  const r = sum(rough, tail - quarter * HALF_PI[2]);
  const rTail = tail;
  table ??= sinCosTable();
  const sin = r < 0 ? -sinOf(-r, -rTail, table) : sinOf(r, rTail, table);
  const cos = r < 0 ? cosOf(-r, -rTail, table) : cosOf(r, rTail, table);

  out[0] = quarter % 2 === 0 ? sin : cos;
  out[1] = quarter % 2 === 0 ? cos : sin;
  if (quarter === 2 || quarter === 3) out[0] = -out[0];
  if (quarter === 1 || quarter === 2) out[1] = -out[1];
}

const S3 = -0.16666666666666488;
const S5 = 0.008333332142857223;
const C4 = -0.04166666666666644;
const C6 = 0.001388888740079376;
const SIN_2 = -0.16666666666666666;
const SIN_4 = 0.008333333333332329;
const SIN_6 = -0.00019841269834414642;
const SIN_8 = 2.755729806860771e-06;
const SIN_10 = -2.5022014848318398e-08;

/** sin(r + dr) = sin(k/128) cos(x) + cos(k/128) sin(x) for r from 0 on; small angles have a polynomial of their own. */
function sinOf(r: number, dr: number, entries: Float64Array): number {
  if (r < 0.126) return smallSin(r, dr);
  const k = nearestEntry(r);
  const x = r - k / STEPS;
  const xx = x * x;
  const sin = x + fma(x * xx, fma(S5, xx, S3), dr);
  const oneMinusCos = fma(x, dr, xx * fma(fma(C6, xx, C4), xx, 0.5));
  const s = entries[4 * k]!;
  const rest = fma(-oneMinusCos, s, fma(entries[4 * k + 3]!, sin, entries[4 * k + 1]!));
  return s + fma(sin, entries[4 * k + 2]!, rest);
}

function smallSin(r: number, dr: number): number {
  const z = r * r;
  const high = fma(fma(SIN_10, z, SIN_8), z, SIN_6);
  return r + fma(z, fma(fma(fma(high, z, SIN_4), z, SIN_2), r, -0.5 * dr), dr);
}

/** cos(r + dr) = cos(k/128) cos(x) - sin(k/128) sin(x) for r from 0 on. */
function cosOf(r: number, dr: number, entries: Float64Array): number {
  const k = nearestEntry(r);
  const x = r - k / STEPS + dr;
  const xx = x * x;
  const sin = fma(x * xx, fma(S5, xx, S3), x);
  const oneMinusCos = xx * fma(fma(C6, xx, C4), xx, 0.5);
  const c = entries[4 * k + 2]!;
  const rest = fma(-oneMinusCos, c, fma(-sin, entries[4 * k + 1]!, entries[4 * k + 3]!));
  return c + fma(-sin, entries[4 * k]!, rest);
}

/** k of the k/128 nearest to r, the even one of two: what adding 1.5 * 2^45 rounds to. */
function nearestEntry(r: number): number {
  return (r + 1.5 * 2 ** 45 - 1.5 * 2 ** 45) * STEPS;
}
