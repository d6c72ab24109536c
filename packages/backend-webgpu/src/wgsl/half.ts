// float16 in WGSL. Devices with `shader-f16` load it themselves, which is exact. For all others two numbers share a word, and integer
// arithmetic widens them. It narrows them on every device: conversions and pack2x16float may round either way, and are undefined
// beyond the range.

/** Bits of four float16 to float32: exact, subnormal numbers, infinities and NaN included. */
export const WIDEN = `
fn widen(half: vec4u) -> vec4f {
  let sign = (half & vec4u(0x8000u)) << vec4u(16u);
  let rest = half & vec4u(0x7fffu);
  let rebiased = (rest << vec4u(13u)) + select(vec4u(0x38000000u), vec4u(0x70000000u), rest >= vec4u(0x7c00u));
  let tiny = bitcast<vec4u>(vec4f(rest) * 5.9604644775390625e-8);
  return bitcast<vec4f>(sign | select(rebiased, tiny, rest < vec4u(0x0400u)));
}`;

/** float32 to the bits of the nearest float16, ties to even; too large becomes an infinity, NaN the quiet one. */
export const NARROW = `
fn narrow(x: vec4f) -> vec4u {
  let bits = bitcast<vec4u>(x);
  let sign = (bits >> vec4u(16u)) & vec4u(0x8000u);
  let rest = bits & vec4u(0x7fffffffu);
  let rounded = (rest - vec4u(0x38000000u) + vec4u(0xfffu) + ((rest >> vec4u(13u)) & vec4u(1u))) >> vec4u(13u);
  let shift = min(vec4u(126u) - min(rest >> vec4u(23u), vec4u(112u)), vec4u(25u));
  let mantissa = (rest & vec4u(0x7fffffu)) | vec4u(0x800000u);
  let odd = (mantissa >> shift) & vec4u(1u);
  let tiny = (mantissa + (vec4u(1u) << (shift - vec4u(1u))) - vec4u(1u) + odd) >> shift;
  let finite = select(rounded, tiny, rest < vec4u(0x38800000u));
  let large = select(finite, vec4u(0x7c00u), rest >= vec4u(0x477ff000u));
  return sign | select(large, vec4u(0x7e00u), rest > vec4u(0x7f800000u));
}`;

/** Four float16 of two words, and two words of four float16. */
export const PACKED = `
fn unpackHalves(words: vec2u) -> vec4f {
  return widen(vec4u(words.x & 0xffffu, words.x >> 16u, words.y & 0xffffu, words.y >> 16u));
}
fn packHalves(x: vec4f) -> vec2u {
  let half = narrow(x);
  return vec2u(half.x | (half.y << 16u), half.z | (half.w << 16u));
}
fn pickHalves(words: vec4u, at: vec4u) -> vec4f {
  return widen((words >> ((at & vec4u(1u)) << vec4u(4u))) & vec4u(0xffffu));
}`;
