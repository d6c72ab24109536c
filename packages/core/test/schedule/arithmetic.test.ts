import { describe, expect, it } from 'vitest';
import {
  arange,
  imageShiftMu,
  interpolate,
  linspace,
  logSigmas,
  roundHalfEven,
  torchLinspace,
  upstream32,
} from '../../src/schedule/index.ts';
import { expectTable, type GoldenTable, noise, readGolden } from './golden.ts';

interface Golden {
  readonly linspace: readonly { start: number; end: number; count: number; grid: GoldenTable }[];
  readonly log: readonly [{ inputs: GoldenTable; logs: GoldenTable }];
  readonly imageShift: readonly { seqLen: number; mu: number }[];
}

const GOLDEN = readGolden<Golden>('arithmetic');

describe('torch and numpy, bit for bit', () => {
  it.each(GOLDEN.linspace)('torch.linspace($start, $end, $count)', ({ start, end, count, grid }) => {
    expectTable(torchLinspace(start, end, count, upstream32), grid, 'linspace');
  });

  it('numpy.log of 20000 float32 numbers', () => {
    const inputs = noise(20000, 3).map((x) => Math.fround(Math.fround(x * x) ** 2) * Math.fround(x * x));
    expectTable(inputs, GOLDEN.log[0].inputs, 'inputs');
    expectTable(logSigmas(inputs), GOLDEN.log[0].logs, 'logarithms');
  });

  it('rounds halves to the even neighbour', () => {
    expect([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 2.4, 2.6].map(roundHalfEven)).toEqual([-2, -2, 0, 0, 2, 2, 2, 3]);
  });

  it('ends a linspace exactly where asked', () => {
    expect(linspace(0, 0.7, 8).at(-1)).toBe(0.7);
    expect([...linspace(0, 50, 4, false)]).toEqual([0, 12.5, 25, 37.5]);
    expect([...linspace(3, 9, 1)]).toEqual([3]);
    expect([...linspace(2, 2, 3)]).toEqual([2, 2, 2]);
  });

  it('can overshoot a range by rounding, as numpy.arange', () => {
    expect(arange(1000, 0, -1000 / 61)).toHaveLength(62);
    expect(arange(1, 0, 1)).toHaveLength(0);
  });

  it('interpolates between entries and stays constant outside', () => {
    expect([...interpolate([-1, 0, 0.25, 2, 7], Float64Array.of(1, 3, 10))]).toEqual([1, 1, 1.5, 10, 10]);
  });

  it.each(GOLDEN.imageShift)('mu of $seqLen tokens', ({ seqLen, mu }) => expect(imageShiftMu(seqLen)).toBe(mu));
});
