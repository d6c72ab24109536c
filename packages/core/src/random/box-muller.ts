// Box-Muller on a block of 16 uniforms, as torch's CPU kernels do it: the first eight set the radius, the last eight
// the angle; cosines go to the first half, sines to the second. The draws themselves are the generator's job.
//
// The float32 form keeps every rounding of torch's AVX2 kernel, which x86 machines with AVX2 or AVX-512 run: the
// Cephes polynomials for log, sin and cos, with a fused multiply-add wherever the compiler put one.
import { log, log1m, sinCos } from './glibc-math.ts';

/** Numbers per block. */
export const BLOCK = 16;
const HALF = 8;

const f32 = Math.fround;

/**
 * Fused multiply-add in float32. The product of two float32 is exact in float64, and the second rounding never shows:
 * all 2^24 radii and all 2^24 angles below were compared with a multiply-add that rounds once.
 */
function fma(a: number, b: number, c: number): number {
  return f32(a * b + c);
}

type Three = readonly [number, number, number];

/** The numbers of the Cephes library, as float32. Polynomials begin with the highest power. */
export const TWO_PI: number = f32(2 * Math.PI);
export const SQRT_HALF: number = f32(0.707106781186547524);
/** ln 2 as a short head, exact when multiplied by an exponent, and a tail. */
export const LN2_HEAD = 0.693359375;
export const LN2_TAIL: number = f32(-2.1219444e-4);
export const FOUR_OVER_PI: number = f32(1.27323954473516);
/** pi/4 in three parts; the first two are exact when multiplied by an octant. */
export const PI4: Three = [0.78515625, f32(2.4187564849853515625e-4), f32(3.77489497744594108e-8)];
export const LOG: readonly [number, number, number, number, number, number, number, number, number] = [
  f32(7.0376836292e-2),
  f32(-1.151461031e-1),
  f32(1.167699874e-1),
  f32(-1.2420140846e-1),
  f32(1.4249322787e-1),
  f32(-1.6668057665e-1),
  f32(2.0000714765e-1),
  f32(-2.4999993993e-1),
  f32(3.3333331174e-1),
];
export const COS: Three = [f32(2.443315711809948e-5), f32(-1.388731625493765e-3), f32(4.166664568298827e-2)];
export const SIN: Three = [f32(-1.9515295891e-4), f32(8.3321608736e-3), f32(-1.6666654611e-1)];

const [PI4_HEAD, PI4_MIDDLE, PI4_TAIL] = PI4;
const [L0, L1, L2, L3, L4, L5, L6, L7, L8] = LOG;
const [C0, C1, C2] = COS;
const [S0, S1, S2] = SIN;

/** 2^-i: what brings an integer of i bits into [1/2, 1). */
const BITS_TO_UNIT: Float64Array = Float64Array.from({ length: 26 }, (_, i) => 2 ** -i);

/** Natural logarithm of n * 2^-24 for an integer n from 1 to 2^24. */
function log24(n: number): number {
  const bits = 32 - Math.clz32(n);
  const mantissa = n * BITS_TO_UNIT[bits]!;
  const small = mantissa < SQRT_HALF;
  const exponent = small ? bits - 25 : bits - 24;
  const m = small ? f32(f32(mantissa - 1) + mantissa) : f32(mantissa - 1);
  const z = f32(m * m);
  let y = fma(fma(fma(fma(L0, m, L1), m, L2), m, L3), m, L4);
  y = fma(fma(fma(fma(y, m, L5), m, L6), m, L7), m, L8);
  y = fma(f32(y * m), z, f32(exponent * LN2_TAIL));
  y = fma(z, -0.5, y);
  return fma(exponent, LN2_HEAD, f32(m + y));
}

/**
 * The normals of 16 random words, written to `out` from `offset` on.
 * Each word gives the uniform (word mod 2^24) * 2^-24.
 */
export function boxMuller32(words: Uint32Array, out: Float32Array, offset: number): void {
  for (let j = 0; j < HALF; j++) {
    const u1 = 0x1000000 - (words[j]! & 0xffffff); // 1 - u in units of 2^-24, never zero
    const radius = f32(Math.sqrt(f32(-2 * log24(u1))));
    const theta = f32(TWO_PI * ((words[j + HALF]! & 0xffffff) * 2 ** -24));

    const octant = (Math.trunc(f32(theta * FOUR_OVER_PI)) + 1) & ~1;
    const x = fma(octant, -PI4_TAIL, fma(octant, -PI4_MIDDLE, fma(octant, -PI4_HEAD, theta)));
    const z = f32(x * x);
    const c = f32(fma(f32(fma(fma(C0, z, C1), z, C2) * z), z, -f32(z * 0.5)) + 1);
    const s = fma(f32(fma(fma(S0, z, S1), z, S2) * z), x, x);

    const swap = (octant & 2) !== 0;
    const sin = swap ? c : s;
    const cos = swap ? s : c;
    // torch adds the mean 0 last, which turns -0 into 0
    out[offset + j] = radius * (((octant - 2) & 4) === 0 ? -cos : cos) + 0;
    out[offset + j + HALF] = radius * ((octant & 4) === 0 ? sin : -sin) + 0;
  }
}

/** The same in float64; `block` holds 16 uniforms and then the normals. */
export function boxMuller64(block: Float64Array): void {
  for (let j = 0; j < HALF; j++) {
    polar64(log(1 - block[j]!), block[j + HALF]!, block, j, j + HALF);
  }
}

/** The pair of a draw of fewer than 16, whose radius comes from `u`; here torch calls log1p instead of log. */
export function pair64(u: number, v: number, out: Float64Array): void {
  polar64(log1m(u), v, out, 0, 1);
}

const sinCosOf = new Float64Array(2);

/** The float64 pair of radius sqrt(-2 logU) and angle 2 pi v. */
function polar64(logU: number, v: number, out: Float64Array, cosineAt: number, sineAt: number): void {
  const radius = Math.sqrt(-2 * logU);
  sinCos(2 * Math.PI * v, sinCosOf);
  out[cosineAt] = radius * sinCosOf[1]! + 0;
  out[sineAt] = radius * sinCosOf[0]! + 0;
}
