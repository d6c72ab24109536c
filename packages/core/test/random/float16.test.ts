// The 16-bit rounding against every pattern of the format and every tie between two of them.
import { describe, expect, test } from 'vitest';
import { toHalfBits } from '../../src/random/float16.ts';
import type { HalfDType } from '../../src/random/float16.ts';

/** The value of a 16-bit pattern, from the definition of the format. */
function valueOf(bits: number, exponentBits: number, mantissaBits: number): number {
  const sign = bits >> 15 ? -1 : 1;
  const exponent = (bits >> mantissaBits) & (2 ** exponentBits - 1);
  const mantissa = (bits & (2 ** mantissaBits - 1)) * 2 ** -mantissaBits;
  const bias = 2 ** (exponentBits - 1) - 1;
  if (exponent === 2 ** exponentBits - 1) return mantissa === 0 ? sign * Infinity : NaN;
  return sign * (exponent === 0 ? mantissa * 2 ** (1 - bias) : (1 + mantissa) * 2 ** (exponent - bias));
}

describe.each<[HalfDType, number, number]>([
  ['float16', 5, 10],
  ['bfloat16', 8, 7],
])('%s', (dtype, exponentBits, mantissaBits) => {
  const value = (bits: number): number => valueOf(bits, exponentBits, mantissaBits);
  const bits = (x: number): number => toHalfBits(Float32Array.of(x), dtype)[0]!;

  test('every pattern survives, and NaN stays NaN', () => {
    const patterns = Array.from({ length: 65536 }, (_, pattern) => pattern);
    const changed = patterns.filter((pattern) => {
      const x = value(pattern);
      return Number.isNaN(x) ? !Number.isNaN(value(bits(x))) : bits(x) !== pattern;
    });
    expect(changed).toEqual([]);
  });

  test('a tie goes to the even pattern, all else to the nearer one', () => {
    const infinity = (2 ** exponentBits - 1) << mantissaBits;
    const wrong: string[] = [];
    for (let pattern = 0; pattern < infinity - 1; pattern++) {
      const middle = (value(pattern) + value(pattern + 1)) / 2;
      const even = pattern % 2 === 0 ? pattern : pattern + 1;
      const below = Math.fround(middle * (1 - 2 ** -20));
      const above = Math.fround(middle * (1 + 2 ** -20));
      const got = [bits(middle), bits(-middle), bits(below), bits(above)];
      const wanted = [even, even | 0x8000, pattern, pattern + 1];
      if (below > 1e-37 && got.join() !== wanted.join()) wrong.push(`${pattern.toString(16)}: ${got.join()}`);
    }
    expect(wrong).toEqual([]);
  });

  test('the largest finite value ends half a step above; from there on it is infinity', () => {
    const infinity = (2 ** exponentBits - 1) << mantissaBits;
    const largest = value(infinity - 1);
    const half = (largest - value(infinity - 2)) / 2;
    expect(bits(largest + half)).toBe(infinity);
    expect(bits(largest + half * 0.99)).toBe(infinity - 1);
    expect(bits(-largest - half)).toBe(infinity | 0x8000);
  });
});
