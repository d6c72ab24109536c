// Functions on vectors of float32 whose results WGSL leaves to the driver: NaN and infinities, which drivers may assume away, and exp
// and log, whose accuracy differs. Tests are on bits, and the functions are our own, so every device gives the same class and accuracy.

const CLASSES = `
fn special(bits: u32) -> vec4f { return bitcast<vec4f>(vec4u(bits)); }
fn magnitude(x: vec4f) -> vec4u { return bitcast<vec4u>(x) & vec4u(0x7fffffffu); }
fn isNan(x: vec4f) -> vec4<bool> { return magnitude(x) > vec4u(0x7f800000u); }
fn isInf(x: vec4f) -> vec4<bool> { return magnitude(x) == vec4u(0x7f800000u); }
fn isZero(x: vec4f) -> vec4<bool> { return magnitude(x) == vec4u(0u); }
fn isNegative(x: vec4f) -> vec4<bool> { return bitcast<vec4u>(x) > vec4u(0x80000000u); }`;

/** e^x = 2^k e^r with |r| <= ln(2)/2: ln 2 in two parts, a Taylor polynomial of degree 7 (error 5e-9), and 2^k in two factors. */
const EXP = `
fn power(k: vec4i) -> vec4f { return bitcast<vec4f>((k + vec4i(127)) << vec4u(23u)); }
fn expOf(x: vec4f) -> vec4f {
  let k = round(clamp(x, vec4f(-104.0), vec4f(89.0)) * 1.44269504);
  let r = (clamp(x, vec4f(-104.0), vec4f(89.0)) - k * 0.693359375) + k * 2.12194440e-4;
  let tail = 1.0 / 6.0 + r * (1.0 / 24.0 + r * (1.0 / 120.0 + r * (1.0 / 720.0 + r * (1.0 / 5040.0))));
  let sum = 1.0 + (r + r * r * (0.5 + r * tail));
  let half = vec4i(k) >> vec4u(1u);
  let y = sum * power(half) * power(vec4i(k) - half);
  let large = select(y, special(0x7f800000u), x > vec4f(88.72284));
  return select(select(large, vec4f(0.0), x < vec4f(-104.0)), x, isNan(x));
}`;

/** x = 2^e m with m within a factor sqrt(2) of 1: ln x = e ln 2 + 2 atanh((m - 1)/(m + 1)), by its series to the ninth power. */
const LOG = `
fn logOf(x: vec4f) -> vec4f {
  let given = magnitude(x);
  let tiny = given < vec4u(0x00800000u);
  let bits = select(given, bitcast<vec4u>(vec4f(given)), tiny);
  let upper = vec4u(bits & vec4u(0x7fffffu)) > vec4u(0x3504f3u);
  let e = vec4i(bits >> vec4u(23u)) - vec4i(127) + select(vec4i(0), vec4i(1), upper) - select(vec4i(0), vec4i(149), tiny);
  let m = bitcast<vec4f>((bits & vec4u(0x7fffffu)) | select(vec4u(0x3f800000u), vec4u(0x3f000000u), upper));
  let s = (m - 1.0) / (m + 1.0);
  let z = s * s;
  let series = 2.0 * s * (1.0 + z * (1.0 / 3.0 + z * (0.2 + z * (1.0 / 7.0 + z * (1.0 / 9.0)))));
  let y = vec4f(e) * 0.693359375 + (series - vec4f(e) * 2.12194440e-4);
  let ended = select(y, x, isNan(x) | isInf(x));
  return select(select(ended, special(0xff800000u), isZero(x)), special(0x7fc00000u), isNegative(x));
}`;

/** Drivers that divide by a reciprocal root would make NaN of infinity and of zero. */
const SQRT = `
fn sqrtOf(x: vec4f) -> vec4f {
  let y = select(sqrt(abs(x)), x, isZero(x) | isInf(x) | isNan(x));
  return select(y, special(0x7fc00000u), isNegative(x));
}`;

/** By comparison, so that NaN stays; by bits, where drivers do not compare it. */
const CLAMP = `
fn clampOf(x: vec4f, lo: f32, hi: f32) -> vec4f {
  let raised = select(x, vec4f(lo), x < vec4f(lo));
  return select(select(raised, vec4f(hi), vec4f(hi) < raised), x, isNan(x));
}`;

/** NaN if either is. */
const EXTREMA = `
fn larger(a: vec4f, b: vec4f) -> vec4f { return select(select(select(b, a, a > b), a, isNan(a)), b, isNan(b)); }
fn smaller(a: vec4f, b: vec4f) -> vec4f { return select(select(select(b, a, a < b), a, isNan(a)), b, isNan(b)); }`;

/** Subnormal numbers count, which drivers may take for 0. */
const EQUAL = `
fn equal(a: vec4f, b: vec4f) -> vec4<bool> {
  let same = (bitcast<vec4u>(a) == bitcast<vec4u>(b)) | ((magnitude(a) | magnitude(b)) == vec4u(0u));
  return same & !isNan(a);
}`;

const FUNCTIONS: Readonly<Record<string, string>> = {
  expOf: EXP,
  logOf: LOG,
  sqrtOf: SQRT,
  clampOf: CLAMP,
  larger: EXTREMA,
  smaller: EXTREMA,
  equal: EQUAL,
};

/** The functions that a body calls, each once, after what they need. */
export function floatFunctions(body: string): readonly string[] {
  const used = Object.keys(FUNCTIONS).filter((name) => body.includes(`${name}(`));
  const texts = new Set(used.map((name) => FUNCTIONS[name]!));
  return texts.size > 0 || body.includes('isZero(') ? [CLASSES, ...texts] : [];
}
