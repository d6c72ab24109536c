// The float32 logarithm of numpy and exponential of torch, bit for bit on x86 with AVX2. Both are approximations that miss
// the correctly rounded value now and then (numpy's by up to 2 ulp); upstream reads timesteps out of such tables, some of
// them truncated to integers, so the bits matter.

// As many digits as tell each float32 number from its neighbours. The marks let bundlers drop what a program does not use.

// ln(1 + y) = y P(y) / Q(y) for sqrt(1/2) <= 1 + y <= sqrt(2), highest degree first.
const LOG_P: Float32Array = /* @__PURE__ */ Float32Array.of(0.0258997912, 0.38088377, 1.4800006, 2.1126775, 1, 0);
const LOG_Q: Float32Array = /* @__PURE__ */ Float32Array.of(
  0.0058750954,
  0.15464764,
  0.9864943,
  2.453006,
  2.6126775,
  1,
);
// (e^y - 1 - y) / y^2 for |y| <= ln(2) / 2, highest degree first.
const EXP: Float32Array = /* @__PURE__ */ Float32Array.of(
  0.00019852762,
  0.0013930436,
  0.008333361,
  0.041666485,
  0.16666667,
  0.5,
);
const LN2: number = /* @__PURE__ */ Math.fround(Math.LN2);
const LOG2E: number = /* @__PURE__ */ Math.fround(Math.LOG2E);
// ln(2) as a number of 16 bits, whose product with an exponent is exact, and the rest.
const LN2_HIGH = 0.693145751953125;
const LN2_LOW: number = /* @__PURE__ */ Math.fround(1.4286068e-6);

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

function horner(coefficients: Float32Array, y: number): number {
  return coefficients.reduce((sum, coefficient) => fma(sum, y, coefficient), 0);
}

/** Fused multiply-add in float32: the product of two float32 numbers is exact in float64. */
function fma(a: number, b: number, c: number): number {
  return Math.fround(a * b + c);
}
