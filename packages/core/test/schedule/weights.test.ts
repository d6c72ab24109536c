import { describe, expect, it } from 'vitest';
import { factorial, phiLessLimit, solveLinear } from '../../src/schedule/index.ts';

describe('phi functions', () => {
  it.each([1, 2, 3, 4])('phi_%i is the integral of e^((1-s) z) s^(k-1) / (k-1)! over [0, 1]', (k) => {
    for (const z of [-9, -2, -1.0001, -0.9999, -0.3, 0.2, 0.9999, 1.0001, 3]) {
      const integral = simpson((s) => (Math.exp((1 - s) * z) * s ** (k - 1)) / factorial(k - 1));
      expect(phiLessLimit(k, z) + 1 / factorial(k)).toBeCloseTo(integral, 9);
    }
  });

  it('keep all digits where the recurrence has lost them', () => {
    const z = 1e-6; // (e^z - 1 - z) / z^2 - 1/2 = z/6 + z^2/24 + ...
    expect(phiLessLimit(2, z) / (z / 6 + z ** 2 / 24 + z ** 3 / 120)).toBeCloseTo(1, 14);
    expect(phiLessLimit(3, -z) / (-z / 24 + z ** 2 / 120 - z ** 3 / 720)).toBeCloseTo(1, 14);
  });

  it('have limits at a step to sigma 0, and none at a step of no length', () => {
    expect([1, 2, 3].map((k) => phiLessLimit(k, -Infinity))).toEqual([-1, -1 / 2, -1 / 6]);
    expect(phiLessLimit(1, 0)).toBeNaN();
  });

  function simpson(f: (s: number) => number, halves = 500): number {
    const weight = (i: number): number => (i === 0 || i === 2 * halves ? 1 : i % 2 === 1 ? 4 : 2);
    const terms = Array.from({ length: 2 * halves + 1 }, (_, i) => weight(i) * f(i / (2 * halves)));
    return terms.reduce((sum, term) => sum + term, 0) / (6 * halves);
  }
});

describe('linear systems', () => {
  it('are solved whatever the order of their rows', () => {
    const rows = [
      [0, 2, 1],
      [1, -1, 3],
      [4, 0.5, -2],
    ];
    const x = [1.5, -2, 0.25];
    const right = rows.map((row) => row.reduce((sum, a, i) => sum + a * x[i]!, 0));
    solveLinear(rows, right).forEach((value, i) => expect(value).toBeCloseTo(x[i]!, 14));
  });

  it('leave their input as it is', () => {
    const rows = [
      [1, 1],
      [1, -1],
    ];
    solveLinear(rows, [3, 1]);
    expect(rows).toEqual([
      [1, 1],
      [1, -1],
    ]);
  });

  it('have no finite solution where they are singular', () => {
    expect(
      solveLinear(
        [
          [1, 2],
          [2, 4],
        ],
        [1, 1],
      ).every(Number.isFinite),
    ).toBe(false);
  });
});
