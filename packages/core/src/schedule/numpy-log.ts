// numpy's float32 logarithm, bit for bit. Its x86 kernel is a rational approximation that is up to 2 ulp off the true
// logarithm; upstream reads timesteps out of that table, some of them truncated to integers, so the bits matter.

// log(1 + x) = x P(x) / Q(x) on [sqrt(1/2) - 1, sqrt(2) - 1], highest degree first.
const P: readonly number[] = [
  2.589979117907922693523e-2, 3.808837741388407920751e-1, 1.480000633576506585156, 2.112677543073053063722,
  9.999999999999998702752e-1, 0,
].map(Math.fround);
const Q: readonly number[] = [
  5.875095403124574342950e-3, 1.546476374983906719538e-1, 9.864942958519418960339e-1, 2.453006071784736363091,
  2.612677543073109236779, 1,
].map(Math.fround);
const LN2: number = Math.fround(Math.LN2);

/** `numpy.log` of one float32 number, as computed on x86 processors with AVX2 or AVX-512. */
export function numpyLog32(x: number): number {
  if (!(x > 0 && x < Infinity)) return Math.log(x);
  const exponent = Math.round(Math.log2(x));
  const y = Math.fround(x / 2 ** exponent - 1);
  return fma(exponent, LN2, Math.fround(horner(P, y) / horner(Q, y)));
}

function horner(coefficients: readonly number[], y: number): number {
  return coefficients.reduce((sum, coefficient) => fma(sum, y, coefficient), 0);
}

/** Fused multiply-add in float32: the product of two float32 numbers is exact in float64. */
function fma(a: number, b: number, c: number): number {
  return Math.fround(a * b + c);
}
