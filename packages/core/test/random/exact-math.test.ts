// The float64 functions against correctly rounded values from 200-bit arithmetic. That log1m, sin and cos round as the
// C library under torch does is shown by the short float64 draws in torch-generator.test.ts, which equal torch's.
import { describe, expect, test } from 'vitest';
import { log1m, log53, sinCos } from '../../src/random/exact-math.ts';
import { distance, golden } from './golden.ts';

interface ExactMath {
  readonly log53: readonly [number, number][];
  readonly sinCos: readonly [number, number, number][];
}

const values = golden<ExactMath>('exact-math');

test('logarithms of n 2^-53 are correctly rounded', () => {
  for (const [n, log] of values.log53) expect(log53(n), `n = ${n}`).toBe(log);
});

test('log1m, which rounds as fdlibm does, is within one unit in the last place', () => {
  const proper = values.log53.filter(([n]) => n < 2 ** 53);
  const actual = Float64Array.from(proper, ([n]) => log1m(1 - n * 2 ** -53));
  expect(distance(actual, Float64Array.from(proper, ([, log]) => log)).ulps).toBeLessThanOrEqual(1);
});

test('sines and cosines from 0 to 2 pi are within one unit in the last place, and nearly all correctly rounded', () => {
  const actual = new Float64Array(2 * values.sinCos.length);
  values.sinCos.forEach(([theta], i) => sinCos(theta, actual.subarray(2 * i, 2 * i + 2)));
  const { ulps, equal } = distance(actual, Float64Array.from(values.sinCos.flatMap(([, sin, cos]) => [sin, cos])));
  expect(ulps).toBeLessThanOrEqual(1);
  expect(equal).toBeGreaterThan(0.98);
});
