// What Brownian noise obeys, whatever its seed.
import { describe, expect, it } from 'vitest';
import { SeedSequence, brownianNoise, brownianPath, noiseSeed } from '../../src/brownian/index.ts';
import { philoxGenerator, torchGenerator } from '../../src/index.ts';

const path = (seed: number | bigint = 3, size = 20_000) => brownianPath({ start: 0.5, end: 10, size, seed });
const mean = (values: ArrayLike<number>) => Array.from(values).reduce((sum, x) => sum + x, 0) / values.length;
const product = (a: ArrayLike<number>, b: ArrayLike<number>) => mean(Array.from(a, (x, i) => x * b[i]!));

describe('a path', () => {
  it('gains in two halves what it gains in the whole', () => {
    const [left, right, whole] = [
      path(1, 9).increment(1, 2.5),
      path(1, 9).increment(2.5, 7),
      path(1, 9).increment(1, 7),
    ];
    whole.forEach((gain, i) => expect(left[i]! + right[i]!).toBeCloseTo(gain, 5));
  });

  it('answers the same, whatever was asked before', () => {
    const asked = path(7, 16);
    for (let i = 1; i < 90; i++) asked.increment(0.5 + i / 10, 0.55 + i / 10);
    const fresh = path(7, 16).increment(4, 4.1);
    asked.increment(4, 4.1).forEach((gain, i) => expect(gain).toBeCloseTo(fresh[i]!, 6));
  });

  it('gains normal numbers of variance to - from, apart from those of other times', () => {
    const [early, late] = [path().increment(1, 3), path().increment(3, 7.5)];
    for (const [gain, variance] of [
      [early, 2],
      [late, 4.5],
    ] as const) {
      expect(Math.abs(mean(gain))).toBeLessThan(5 * Math.sqrt(variance / 20_000));
      expect(product(gain, gain) / variance).toBeCloseTo(1, 1);
    }
    expect(Math.abs(product(early, late))).toBeLessThan(5 * Math.sqrt(9 / 20_000));
  });

  it('hands out arrays of its own', () => {
    const one = path(1, 4);
    const first = one.increment(0.5, 10);
    const kept = Array.from(first);
    first.fill(0);
    expect(Array.from(one.increment(0.5, 10))).toEqual(kept);
  });

  it('refuses no time at all, times that it cannot tell apart, and seeds that are none', () => {
    expect(() => brownianPath({ start: 2, end: 2, size: 1, seed: 0 })).toThrow(/cannot run from 2 to 2/);
    expect(() => path(0, 1).increment(1.0000001, 1.0000002)).toThrow(/whole millionths/);
    for (const seed of [-1, 0.5, Number.NaN, -1n]) expect(() => path(seed, 1)).toThrow(/whole number of at least 0/);
  });
});

describe('noise between levels', () => {
  const levels = { sigmaMin: 0.1, sigmaMax: 20 };

  it('has unit variance for steps of any size, upwards with the other sign', () => {
    const noise = brownianNoise({ ...levels, shape: [20_000], seed: 5 });
    for (const [from, to] of [
      [20, 0.1],
      [3, 2.9],
    ] as const) {
      const down = noise(from, to, [20_000]);
      expect(product(down, down)).toBeCloseTo(1, 1);
      expect(Array.from(noise(to, from, [20_000]).slice(0, 9))).toEqual(Array.from(down.slice(0, 9), (x) => -x));
    }
  });

  it('of an item depends on the seed of that item alone', () => {
    const both = brownianNoise({ ...levels, shape: [2, 16], seed: [8, 9] })(5, 1, [2, 16]);
    const alone = brownianNoise({ ...levels, shape: [1, 16], seed: 9 })(5, 1, [1, 16]);
    expect(both.slice(16)).toEqual(alone);
  });

  it('refuses equal levels and seeds that do not fit the batch', () => {
    expect(() => brownianNoise({ ...levels, shape: [1], seed: 1 })(2, 2, [1])).toThrow(/no noise between 2 and 2/);
    expect(() => brownianNoise({ ...levels, shape: [3, 2], seed: [1, 2] })).toThrow(/batch of 3/);
  });
});

describe('the seed of a run', () => {
  it('is what is given, else drawn once from the generator, or from each of a list', () => {
    expect(noiseSeed(7, {})).toBe(7);
    expect(noiseSeed(null, { generator: torchGenerator(1) })).toBe(
      torchGenerator(1).randint(0, 2n ** 63n - 1n, [1])[0],
    );
    expect(noiseSeed(null, { generator: [torchGenerator(1), philoxGenerator(1)] })).toHaveLength(2);
    expect(() => noiseSeed(null, {})).toThrow(expect.objectContaining({ code: 'GENERATOR_REQUIRED' }));
  });

  it('can be that of the generator itself', () => {
    const stream = torchGenerator(-1);
    stream.normal([5]);
    expect(stream.initialSeed).toBe(2n ** 64n - 1n);
    const other = torchGenerator(4);
    other.restore(stream.save());
    expect([other.initialSeed, stream.clone().initialSeed, philoxGenerator(6).initialSeed]).toEqual([
      2n ** 64n - 1n,
      2n ** 64n - 1n,
      6n,
    ]);
  });
});

it('a sequence of seeds refuses what is no entropy', () => {
  expect(() => SeedSequence.of(-5, 4)).toThrow(/at least 0/);
});
