import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { floatToHalf, halfToFloat } from '../../src/tensor/index.ts';

const isNaNBits = (half: number): boolean => (half & 0x7fff) > 0x7c00;

describe('float16 conversion', () => {
  it('brings every one of the 65536 bit patterns back', () => {
    const patterns = Array.from({ length: 65536 }, (_, half) => half);
    const changed = patterns.filter((half) => {
      const back = floatToHalf(halfToFloat(half));
      return isNaNBits(half) ? !isNaNBits(back) : back !== half;
    });
    expect(changed).toEqual([]);
  });

  it('knows the numbers of the standard', () => {
    expect([0x3c00, 0xc000, 0x7bff, 0x0400, 0x0001, 0x7c00, 0xfc00].map(halfToFloat)).toEqual([
      1,
      -2,
      65504,
      2 ** -14,
      2 ** -24,
      Infinity,
      -Infinity,
    ]);
    expect(Object.is(halfToFloat(0x8000), -0)).toBe(true);
  });

  it('rounds to the nearest, ties to even, and overflows at 65520', () => {
    expect(halfToFloat(floatToHalf(65519.99999999999))).toBe(65504);
    expect(halfToFloat(floatToHalf(65520))).toBe(Infinity);
    expect(halfToFloat(floatToHalf(1 + 2 ** -11))).toBe(1);
    expect(halfToFloat(floatToHalf(1 + 3 * 2 ** -11))).toBe(1 + 2 ** -9);
    expect(halfToFloat(floatToHalf(1 + 2 ** -11 + 2 ** -40))).toBe(1 + 2 ** -10); // two roundings through float32 would give 1
    expect(halfToFloat(floatToHalf(2 ** -25))).toBe(0);
    expect(halfToFloat(floatToHalf(2 ** -25 + 2 ** -60))).toBe(2 ** -24);
    expect(halfToFloat(floatToHalf(5e-324))).toBe(0);
  });

  it('picks the closer neighbour of any number, the even one of a tie', () => {
    const law = fc.property(fc.double({ min: 0, max: 65504, noNaN: true }), fc.nat(40), (x, scale) => {
      const value = x * 2 ** -scale;
      const half = floatToHalf(value);
      const error = Math.abs(halfToFloat(half) - value);
      for (const neighbour of [half - 1, half + 1]) {
        if (neighbour < 0 || neighbour > 0x7bff) continue;
        const other = Math.abs(halfToFloat(neighbour) - value);
        expect(error < other || (error === other && half % 2 === 0)).toBe(true);
      }
    });
    fc.assert(law, { seed: 3, numRuns: 2000 });
  });
});
