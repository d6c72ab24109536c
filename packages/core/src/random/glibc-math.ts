// log, log1p, sin and cos of float64 on the ranges that Box-Muller needs, with every rounding of glibc 2.36 on
// processors with fused multiply-add, where torch takes them from. Sums, products and quotients only: Math.sin and its
// like differ between JavaScript engines, and a stream must not. Pairs head + tail hold twice the precision (Dekker
// 1971, Knuth's sum).

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

/** pi/2 in three parts; the first two have 33 bits, so that small multiples are exact. */
const HALF_PI = [1.5707963267341256, 6.077100506303966e-11, 2.0222662487959506e-21] as const;

/** a * b + c, rounded once (twice only where the first rounding falls next to a tie, about once in 2^50). */
function fma(a: number, b: number, c: number): number {
  const low = product(a, b);
  const productTail = tail;
  const head = sum(low, c);
  return head + (tail + productTail);
}

/** How far the k-th 1/c of glibc's table is from 1/centre of the k-th interval, in units in the last place. */
const RECIPROCAL_SHIFTS = [
  -23142382, -57643754, -234334839, -124664804, 19045012, -123323398, -501163255, 342479926, -234593306, 57421184,
  513617488, -240891478, 85169741, 28659150, 284053799, 342563057, -68420459, -346144712, -90113766, -464022980,
  285342708, -489548825, 376054848, 47397812, -423637851, -260988534, 336107021, 448241578, 154177355, 447893384,
  241227555, -420636714, -218426730, -96876684, -205835218, -368178198, -345128710, -510284502, 481763731, 209336112,
  429336310, 15489329, 442353177, -417834330, 73183371, 515232680, 507984536, 83787275, 330409952, 151596684, 377744204,
  198302857, 214798271, -345957716, 356163107, 215510022, -229897960, -131709726, 215213618, -464519207, -332821996,
  385780520, -400344786, 256208139, 478356527, 345720337, 128466877, 217515751, -162048343, 295127580, -235892775,
  -69369347, 93666841, -272860130, 91915174, 29018059, 258893229, 386009280, -241633007, 68399381, 386341370, 408940642,
  65060217, -120872168, 189498853, -32395328, -49955913, 154042178, -346113480, 148348366, -396488327, -427431396,
  107119491, -500798201, 212184347, 305888811, -330297730, -91422864, 6707636, 273897542, -512931067, -500150233,
  485589437, -280752730, 106848032, 30953893, -291342514, -408884927, 149302919, -107851081, 225432558, 460497078,
  -452391632, -490679353, 508304210, 493208081, 336502878, 526975298, -457361038, -312310462, -365194252, -421357131,
  362015322, 310793228, -441535439, -69145545, -528727990, 433364383,
];
/** Intervals below 1, each 1/256 wide, from 11/16 on; those above 1 are 1/128 wide and end at 11/8. */
const BELOW_ONE = 80;
const LOG_FROM = 11 / 16;
let logTable: Float64Array | undefined;

/** 1/c and log(c), rounded to 43 bits after the point, for a c near the centre of each interval. */
function makeLogTable(): Float64Array {
  const entries = new Float64Array(2 * RECIPROCAL_SHIFTS.length);
  RECIPROCAL_SHIFTS.forEach((shift, k) => {
    const below = k < BELOW_ONE;
    const centre = below ? LOG_FROM + (k + 0.5) / 256 : 1 + (k - BELOW_ONE + 0.5) / 128;
    const reciprocal = 1 / centre + shift * (below ? 2 ** -52 : 2 ** -53);
    entries[2 * k] = reciprocal;
    // no engine's Math.log is wrong by 2^-44, and each of these logarithms is within 2^-66 of a multiple of 2^-43
    entries[2 * k + 1] = Math.round(-Math.log(reciprocal) * 2 ** 43) / 2 ** 43;
  });
  return entries;
}

/** ln 2 in two parts, the first of which has 43 bits after the point. */
const LN2_UPPER = 0.6931471805598903;
const LN2_LOWER = 5.497923018708371e-14;

/** log(x) for a whole multiple x of 2^-53, above 0 and at most 1. */
export function log(x: number): number {
  if (x >= 0.9375) return logNearOne(x - 1);
  let m = x;
  let exponent = 0;
  for (; m < LOG_FROM; exponent--) m *= 2;
  const k = m < 1 ? Math.floor((m - LOG_FROM) * 256) : BELOW_ONE + Math.floor((m - 1) * 128);
  logTable ??= makeLogTable();
  const r = fma(m, logTable[2 * k]!, -1);
  const coarse = exponent * LN2_UPPER + logTable[2 * k + 1]!; // exact
  const high = coarse + r;
  const low = fma(exponent, LN2_LOWER, coarse - high + r);
  const r2 = r * r;
  const rest = fma(
    fma(r, -0.16667054827627667, 0.20000304511814496),
    r2,
    fma(-0.2499999999622955, r, 0.33333333331825593),
  );
  return fma(r * r2, rest, fma(r2, -0.5000000000000001, low)) + high;
}

/** log(1 + r) for r from -1/16 to 0. */
function logNearOne(r: number): number {
  const r2 = r * r;
  const r3 = r * r2;
  const p1 = fma(r2, 0.19999999999320328, fma(-0.24999999999998432, r, 0.3333333333333352));
  const p4 = fma(r2, -0.12499997863982555, fma(0.14285715076560868, r, -0.16666666669929706));
  const p7 = fma(
    r3,
    -0.08328363062289341,
    fma(r2, 0.09181994006195467, fma(-0.10000486757818193, r, 0.11110712032936046)),
  );
  const rest = fma(fma(p7, r3, p4), r3, p1);
  const upper = r * 2 ** 27 + r - r * 2 ** 27; // its square is exact
  const high = r - 0.5 * upper * upper;
  const low = fma(-0.5 * (r - upper), r + upper, r - high - 0.5 * upper * upper);
  return high + fma(rest, r3, low);
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
let turns: Float64Array | undefined;

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
  turns ??= sinCosTable();
  const sin = r < 0 ? -sinOf(-r, -rTail, turns) : sinOf(r, rTail, turns);
  const cos = r < 0 ? cosOf(-r, -rTail, turns) : cosOf(r, rTail, turns);

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
const SIN_8 = 2.755729806860771e-6;
const SIN_10 = -2.5022014848318398e-8;

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
