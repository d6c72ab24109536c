import { describe, expect, it } from 'vitest';
import { dynamicThreshold, quantile } from '../../src/schedule/index.ts';
import { noise, readGolden } from './golden.ts';

interface QuantileCase {
  readonly length: number;
  readonly seed: number;
  readonly ratios: readonly number[];
  readonly quantiles: readonly number[];
}

const { quantiles: CASES } = readGolden<{ quantiles: readonly QuantileCase[] }>('quantiles');

/** The definition: sort, take two neighbours, go between them. */
function bySorting(values: Float32Array, q: number): number {
  const { fround } = Math;
  const sorted = values.map(Math.abs).sort();
  const rank = fround(fround(q) * (values.length - 1));
  const [low, high] = [sorted[Math.floor(rank)]!, sorted[Math.ceil(rank)]!];
  const weight = fround(rank - Math.floor(rank));
  const gap = fround(high - low);
  return weight < 0.5 ? fround(low + weight * gap) : fround(high - gap * fround(1 - weight));
}

describe('quantile', () => {
  it.each(CASES)('equals torch.quantile of $length values', ({ length, seed, ratios, quantiles }) => {
    const values = noise(length, seed);
    expect(ratios.map((q) => quantile(values, q))).toEqual(quantiles.map(Math.fround));
  });

  it.each([
    ['all equal', new Float32Array(5000).fill(0.25)],
    ['ascending', Float32Array.from({ length: 5000 }, (_, i) => i)],
    ['descending', Float32Array.from({ length: 5000 }, (_, i) => -5000 + i)],
    ['few distinct values', Float32Array.from({ length: 5000 }, (_, i) => (i * 7) % 3)],
    ['organ pipe', Float32Array.from({ length: 5001 }, (_, i) => Math.abs(2500 - i))],
    ['one outlier', Float32Array.from({ length: 5000 }, (_, i) => (i === 77 ? 1e30 : 1))],
    ['zeros of both signs', Float32Array.from({ length: 1000 }, (_, i) => (i % 2 ? -0 : 0))],
  ])('equals sorting: %s', (_, values) => {
    for (const q of [0, 0.001, 0.25, 0.5, 0.9, 0.995, 0.9999, 1])
      expect(quantile(values, q)).toBe(bySorting(values, q));
  });

  it('equals sorting at every length up to 700, around the size where sampling starts', () => {
    for (let length = 1; length <= 700; length++) {
      const values = noise(length, length);
      expect(quantile(values, 0.995)).toBe(bySorting(values, 0.995));
    }
  });

  it('leaves its input alone', () => {
    const values = noise(2000, 1);
    const before = values.slice();
    quantile(values, 0.5);
    expect(values).toEqual(before);
  });

  it('reports NaN with its place', () => {
    const values = noise(100, 1);
    values[42] = NaN;
    expect(() => quantile(values, 0.5)).toThrow(
      expect.objectContaining({ code: 'NUMERIC', message: expect.stringContaining('42') as string }),
    );
  });

  it('reports an infinite neighbour, between which and itself nothing lies', () => {
    const values = Float32Array.of(1, Infinity, Infinity, Infinity);
    expect(() => quantile(values, 0.5)).toThrow(expect.objectContaining({ code: 'NUMERIC' }));
    expect(quantile(values, 0)).toBe(1);
  });

  it.each([-0.1, 1.1, NaN])('refuses the ratio %d', (q) => {
    expect(() => quantile(noise(3, 1), q)).toThrow(expect.objectContaining({ code: 'REQUEST_INVALID' }));
    expect(() => quantile(new Float32Array(0), 0.5)).toThrow(expect.objectContaining({ code: 'REQUEST_INVALID' }));
  });

  it('selects at least five times faster than sorting at 64x64x3', () => {
    const values = noise(64 * 64 * 3, 5);
    const best = (work: () => void): number => {
      const times = Array.from({ length: 25 }, () => {
        const start = performance.now();
        work();
        return performance.now() - start;
      });
      return Math.min(...times);
    };
    const selecting = best(() => quantile(values, 0.995));
    expect(best(() => bySorting(values, 0.995)) / selecting).toBeGreaterThan(5);
  });
});

describe('dynamicThreshold', () => {
  it('clamps to [1, sampleMaxValue]', () => {
    expect(dynamicThreshold(Float32Array.of(0.1, -0.2), 0.995, 4)).toBe(1);
    expect(dynamicThreshold(Float32Array.of(3, -3), 0.995, 4)).toBe(3);
    expect(dynamicThreshold(Float32Array.of(9, -9), 0.995, 4)).toBe(4);
  });

  it('lets a maximum below 1 win, as upstream', () => {
    expect(dynamicThreshold(Float32Array.of(0.1, -0.2), 0.995, 0.5)).toBe(0.5);
  });
});
