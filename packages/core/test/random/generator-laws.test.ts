// What holds for every stream: saved states, clones, seeds and refusals. No golden data.
import { describe, expect, test } from 'vitest';
import { isDiffusionError } from '../../src/errors.ts';
import { philoxGenerator, torchGenerator } from '../../src/random/index.ts';
import type { HalfGenerator } from '../../src/random/index.ts';

const STREAMS: readonly [string, (seed: number | bigint) => HalfGenerator][] = [
  ['torch CPU', torchGenerator],
  ['Philox', philoxGenerator],
];

/** Draws that touch every part of the state; the odd short draw leaves half a pair behind. */
function draws(generator: HalfGenerator): unknown[] {
  return [
    generator.normal([3]),
    generator.uniform([5]),
    generator.normal([20]),
    generator.normal([2], 'float64'),
    generator.uniform([2], 'float64'),
    generator.normal16([17]),
    generator.normal([700]),
  ];
}

function refusal(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (isDiffusionError(error)) return error.code;
    throw error;
  }
  return 'nothing was thrown';
}

describe.each(STREAMS)('%s', (_, seeded) => {
  test('the same seed gives the same stream', () => {
    expect(draws(seeded(5))).toEqual(draws(seeded(5n)));
    expect(draws(seeded(5))).not.toEqual(draws(seeded(6)));
  });

  test.each([0, 1, 2, 3, 7])('restore continues exactly where save was called, after %i draws of 3', (before) => {
    const generator = seeded(11);
    for (let i = 0; i < before; i++) generator.normal([3]);
    const state = JSON.parse(JSON.stringify(generator.save())) as unknown;
    const expected = draws(generator);
    const other = seeded(99);
    other.normal([1]);
    other.restore(state);
    expect(draws(other)).toEqual(expected);
    generator.restore(state);
    expect(draws(generator)).toEqual(expected);
  });

  test('a saved state is plain JSON and does not change with later draws', () => {
    const generator = seeded(11);
    generator.normal([1]);
    const state = generator.save();
    const copy = JSON.parse(JSON.stringify(state)) as unknown;
    draws(generator);
    expect(state).toEqual(copy);
  });

  test('a clone and its original do not disturb each other', () => {
    const generator = seeded(11);
    generator.normal([5]);
    const clone = generator.clone() as HalfGenerator;
    const expected = draws(clone);
    expect(draws(generator)).toEqual(expected);
    expect(draws(clone)).toEqual(draws(generator));
  });

  test('only the count of a shape matters', () => {
    expect(seeded(3).normal([2, 3, 4])).toEqual(seeded(3).normal([24]));
    expect(seeded(3).normal([])).toEqual(seeded(3).normal([1]));
  });

  test('an empty draw is empty and leaves the state alone', () => {
    const generator = seeded(3);
    const before = generator.save();
    const empty = [generator.normal([4, 0]), generator.uniform([0]), generator.normal16([0])];
    expect(empty.map((numbers) => numbers.length)).toEqual([0, 0, 0]);
    expect(generator.save()).toEqual(before);
  });

  test('uniform numbers lie in [0, 1), normal ones are finite with mean 0 and variance 1', () => {
    const generator = seeded(3);
    const n = 40_000;
    for (const dtype of ['float32', 'float64'] as const) {
      const uniforms = Float64Array.from(dtype === 'float32' ? generator.uniform([n]) : generator.uniform([n], dtype));
      expect(uniforms.every((u) => u >= 0 && u < 1)).toBe(true);
      const normals = Float64Array.from(dtype === 'float32' ? generator.normal([n]) : generator.normal([n], dtype));
      const mean = normals.reduce((total, x) => total + x, 0) / n;
      const variance = normals.reduce((total, x) => total + (x - mean) ** 2, 0) / n;
      expect(Math.abs(mean)).toBeLessThan(5 / Math.sqrt(n)); // five standard errors
      expect(Math.abs(variance - 1)).toBeLessThan(5 * Math.sqrt(2 / n));
    }
  });

  test('negative seeds wrap around 2^64', () => {
    expect(draws(seeded(-1))).toEqual(draws(seeded(2n ** 64n - 1n)));
    expect(draws(seeded(-(2n ** 63n)))).toEqual(draws(seeded(2n ** 63n)));
  });

  test.each([NaN, Infinity, 0.5, 2 ** 53, -(2 ** 60), 2n ** 64n, -(2n ** 63n) - 1n, '1', null, undefined, true])(
    'the seed %s is refused',
    (seed) => expect(refusal(() => seeded(seed as number))).toBe('REQUEST_INVALID'),
  );

  test.each([[[-1]], [[1.5]], [[NaN]], [[2 ** 40, 2 ** 40]], [['3']]])('the shape %j is refused', (shape) => {
    const generator = seeded(0);
    expect(refusal(() => generator.normal(shape as number[]))).toBe('REQUEST_INVALID');
    expect(refusal(() => generator.uniform(shape as number[]))).toBe('REQUEST_INVALID');
    expect(refusal(() => generator.normal16(shape as number[]))).toBe('REQUEST_INVALID');
  });

  test('dtypes of the other method are refused and draw nothing', () => {
    const generator = seeded(0);
    const before = generator.save();
    expect(refusal(() => generator.normal([2], 'float16' as 'float32'))).toBe('DTYPE_UNSUPPORTED');
    expect(refusal(() => generator.uniform([2], 'int64' as 'float32'))).toBe('DTYPE_UNSUPPORTED');
    expect(refusal(() => generator.normal16([2], 'float32' as 'float16'))).toBe('DTYPE_UNSUPPORTED');
    expect(generator.save()).toEqual(before);
  });

  test('a state of the other stream, or a damaged one, is refused and changes nothing', () => {
    const generator = seeded(0);
    const good = generator.save() as Record<string, unknown>;
    const other = STREAMS.find(([, make]) => make !== seeded)![1](0).save();
    const damaged = Object.keys(good).map((key) => ({ ...good, [key]: 'x' }));
    for (const state of [other, ...damaged, {}, null, undefined, 7, 'state', []]) {
      expect(
        refusal(() => generator.restore(state)),
        JSON.stringify(state)?.slice(0, 60),
      ).toBe('REQUEST_INVALID');
    }
    expect(generator.save()).toEqual(good);
  });
});

describe('torch CPU', () => {
  test('only the low 32 bits of the seed count', () => {
    expect(draws(torchGenerator(2 ** 32 + 7))).toEqual(draws(torchGenerator(7)));
  });

  test('the saved engine must hold 624 unsigned words, at most all of them used', () => {
    const generator = torchGenerator(0);
    const { engine, ...rest } = generator.save();
    const engines = [
      { ...engine, used: 625 },
      { ...engine, used: -1 },
      { ...engine, words: engine.words.slice(1) },
      { ...engine, words: engine.words.map((word, i) => (i === 5 ? -1 : word)) },
      { ...engine, words: engine.words.map((word, i) => (i === 5 ? 0.5 : word)) },
    ];
    for (const broken of engines) {
      expect(refusal(() => generator.restore({ ...rest, engine: broken }))).toBe('REQUEST_INVALID');
    }
  });

  test.each([
    [1, 1],
    [2, 1],
    [0.5, 3],
    [0, NaN],
    [0, 2n ** 63n],
    [0, 2 ** 60],
  ])('randint from %s to %s is refused', (low, high) => {
    expect(refusal(() => torchGenerator(0).randint(low, high, [1]))).toBe('REQUEST_INVALID');
  });

  test('a permutation holds every index once', () => {
    const values = [...torchGenerator(0).randperm(1000)];
    expect(values.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    expect(refusal(() => torchGenerator(0).randperm(-1))).toBe('REQUEST_INVALID');
  });
});
