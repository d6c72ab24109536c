// The float32 logarithm of numpy and exponential of torch, bit for bit on x86 with AVX2. Both are approximations that miss
// the correctly rounded value now and then (numpy's by up to 2 ulp); upstream reads timesteps out of such tables, some of
// them truncated to integers, so the bits matter.

// ln(1 + y) = y P(y) / Q(y) for sqrt(1/2) <= 1 + y <= sqrt(2), highest degree first.
const LOG_P: readonly number[] = single(
  2.589979117907922693523e-2,
  3.80883774138840792075e-1,
  1.480000633576506585156,
  2.112677543073053063722,
  9.999999999999998702752e-1,
  0,
);
const LOG_Q: readonly number[] = single(
  5.87509540312457434295e-3,
  1.546476374983906719538e-1,
  9.864942958519418960339e-1,
  2.453006071784736363091,
  2.612677543073109236779,
  1,
);
// (e^y - 1 - y) / y^2 for |y| <= ln(2) / 2, highest degree first.
const EXP: readonly number[] = single(
  1.98527617612853646278e-4,
  1.39304355252534151077e-3,
  8.33336077630519866943e-3,
  4.16664853692054748535e-2,
  1.66666671633720397949e-1,
  0.5,
);
const [LN2, LOG2E, LN2_HIGH, LN2_LOW] = single(Math.LN2, Math.LOG2E, 0.693145751953125, 1.428606765330187045e-6) as [
  number,
  number,
  number,
  number,
];

/** `numpy.log` of a float32 number (its AVX2 and AVX-512 kernels agree). */
export function numpyLog32(x: number): number {
  if (!(x > 0 && x < Infinity)) return Math.log(x);
  const exponent = Math.round(Math.log2(x));
  const y = Math.fround(x / 2 ** exponent - 1);
  return fma(exponent, LN2, Math.fround(horner(LOG_P, y) / horner(LOG_Q, y)));
}

/** torch's float32 e^x (SLEEF's expf_u10) where neither the result nor x overflows: |x| < 80. */
export function torchExp32(x: number): number {
  const exponent = Math.round(Math.fround(x * LOG2E));
  const y = fma(exponent, -LN2_LOW, fma(exponent, -LN2_HIGH, x));
  const rest = fma(Math.fround(y * y), horner(EXP, y), y);
  return Math.fround(1 + rest) * 2 ** exponent;
}

function horner(coefficients: readonly number[], y: number): number {
  return coefficients.reduce((sum, coefficient) => fma(sum, y, coefficient), 0);
}

/** Fused multiply-add in float32: the product of two float32 numbers is exact in float64. */
function fma(a: number, b: number, c: number): number {
  return Math.fround(a * b + c);
}

function single(...numbers: number[]): number[] {
  return numbers.map(Math.fround);
}
