// The float64 functions against correctly rounded values from 200-bit arithmetic. That they round as the C library under
// torch does is shown by the float64 draws in torch-generator.test.ts, which equal torch's.
import { expect, test } from 'vitest';
import { log, log1m, sinCos } from '../../src/random/glibc-math.ts';
import { distance, golden } from './golden.ts';

interface ExactMath {
  readonly log53: readonly [number, number][];
  readonly sinCos: readonly [number, number, number][];
}

const values = golden<ExactMath>('exact-math');

test('logarithms of n 2^-53 are within one unit in the last place', () => {
  const below = values.log53.filter(([n]) => n < 2 ** 53);
  const expected = Float64Array.from(below, ([, value]) => value);
  const logs = distance(
    Float64Array.from(below, ([n]) => log(n * 2 ** -53)),
    expected,
  );
  const logs1m = distance(
    Float64Array.from(below, ([n]) => log1m(1 - n * 2 ** -53)),
    expected,
  );
  expect(logs.ulps).toBeLessThanOrEqual(1);
  expect(logs.equal).toBeGreaterThan(0.95);
  expect(logs1m.ulps).toBeLessThanOrEqual(1);
  expect(log(1)).toBe(0);
});

test('sines and cosines from 0 to 2 pi are within one unit in the last place, and nearly all correctly rounded', () => {
  const actual = new Float64Array(2 * values.sinCos.length);
  values.sinCos.forEach(([theta], i) => sinCos(theta, actual.subarray(2 * i, 2 * i + 2)));
  const { ulps, equal } = distance(actual, Float64Array.from(values.sinCos.flatMap(([, sin, cos]) => [sin, cos])));
  expect(ulps).toBeLessThanOrEqual(1);
  expect(equal).toBeGreaterThan(0.98);
});
