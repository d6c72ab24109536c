// The float64 functions against correctly rounded values from 200-bit arithmetic.
import { describe, expect, test } from 'vitest';
import { log53, sinCos } from '../../src/random/exact-math.ts';
import { golden } from './golden.ts';

interface ExactMath {
  readonly log53: readonly [number, number][];
  readonly sinCos: readonly [number, number, number][];
}

describe('correctly rounded', () => {
  const values = golden<ExactMath>('exact-math');
  test('logarithms of n 2^-53', () => {
    for (const [n, log] of values.log53) expect(log53(n), `n = ${n}`).toBe(log);
  });
  test('sines and cosines from 0 to 2 pi', () => {
    const out = new Float64Array(2);
    for (const [theta, sin, cos] of values.sinCos) {
      sinCos(theta, out);
      expect([...out], `theta = ${theta}`).toEqual([sin, cos]);
    }
  });
});
