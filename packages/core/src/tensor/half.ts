// IEEE 754 binary16 bits <-> numbers, exact. For float16 storage here and in backends; no arithmetic happens in half precision.

const bits: DataView = new DataView(new ArrayBuffer(8));

/** Bits of the float16 nearest to `x`, ties to even: straight from the double, so nothing is rounded twice. */
export function floatToHalf(x: number): number {
  bits.setFloat64(0, x);
  const high = bits.getUint32(0);
  const sign = (high >>> 16) & 0x8000;
  const magnitude = Math.abs(x);
  if (!(magnitude < 65520)) return sign | (magnitude === magnitude ? 0x7c00 : 0x7e00);
  // Below 2^-14 halves are subnormal: the spacing stays that of exponent -14.
  const exponent = Math.max(((high >>> 20) & 0x7ff) - 1023, -14);
  const steps = magnitude * 2 ** (10 - exponent) + 2 ** 52 - 2 ** 52; // adding 2^52 rounds to a whole number, ties to even
  return sign | (((exponent + 14) << 10) + steps);
}

/** The number behind float16 bits. */
export function halfToFloat(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent ? (1024 + fraction) * 2 ** (exponent - 25) : fraction * 2 ** -24);
}

export function floatsToHalves(values: ArrayLike<number>): Uint16Array {
  return Uint16Array.from(values, floatToHalf);
}

export function halvesToFloats(halves: ArrayLike<number>): Float32Array {
  return Float32Array.from(halves, halfToFloat);
}
