// The CUDA stream: the cipher against its authors' known answers, the numbers against what torch printed on GPUs in
// public documents (torch.manual_seed(0), device='cuda'), the layout against the kernel's definition.
import { describe, expect, test } from 'vitest';
import { isDiffusionError } from '../../src/errors.ts';
import { philoxGenerator } from '../../src/random/index.ts';
import { philox4x32 } from '../../src/random/philox.ts';

function cipher(counter: readonly number[], key: readonly number[]): number[] {
  const out = new Uint32Array(4);
  const [c0, c1, c2, c3] = counter as [number, number, number, number];
  const [k0, k1] = key as [number, number];
  philox4x32(c0, c1, c2, c3, k0, k1, out);
  return [...out];
}

const ONES = 0xffffffff;

test.each([
  [
    [0, 0, 0, 0],
    [0, 0],
    [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
  ],
  [
    [ONES, ONES, ONES, ONES],
    [ONES, ONES],
    [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  ],
  [
    [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    [0xa4093822, 0x299f31d0],
    [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  ],
])('Random123: counter %j under key %j', (counter, key, expected) => {
  expect(cipher(counter, key)).toEqual(expected);
});

describe('seed 0 gives what torch printed on GPUs', () => {
  test('randn(8, 8), to the four printed decimals', () => {
    const printed = [
      -0.9247, -0.4253, -2.6438, 0.1452, -0.1209, -0.5797, -0.6229, -0.3284, -1.0745, -0.3631, -1.6711, 2.2655, 0.3117,
      -0.1842, 1.2866, 1.182, -0.1271, 1.2169, 1.4353, 1.0605, -0.4941, -1.4244, -0.7244, -1.2973, 0.0697, -0.0074,
      1.8969, 0.6878, -0.0779, -0.8373, 1.3506, -0.2879, -0.5965, -0.3283, -0.9086, -0.8059, -0.7407, -0.0504, 0.5435,
      1.515, 0.0141, 0.4532, 1.6349, 0.7124, -0.1806, 1.0252, -1.4622, -0.7554, -0.1836, 0.3824, 0.3918, -0.083, 0.8971,
      -1.1123, 0.1116, 0.4863, -0.5499, -0.3231, -0.5469, 0.9049, 0.2837, 0.121, 0.473, -1.0823,
    ];
    const normals = philoxGenerator(0).normal([8, 8]);
    printed.forEach((value, i) => expect(Math.abs(normals[i]! - value)).toBeLessThan(5.2e-5));
  });

  test('randn(3, 4), to the eight printed decimals within 1e-6', () => {
    const printed = [
      -0.92466259, -0.42534415, -2.6438457, 0.14518388, -0.12086647, -0.57972564, -0.62285122, -0.32838709, -1.07454231,
      -0.36314407, -1.67105067, 2.26550497,
    ];
    const normals = philoxGenerator(0).normal([3, 4]);
    printed.forEach((value, i) => expect(Math.abs(normals[i]! - value)).toBeLessThan(1e-6));
  });

  test('rand(3, 3) twice: the second draw starts where the first one ended', () => {
    const generator = philoxGenerator(0);
    const printed = [
      [0.399, 0.5167, 0.0249, 0.9401, 0.9459, 0.7967, 0.415, 0.8203, 0.229],
      [0.9722, 0.791, 0.469, 0.33, 0.3345, 0.3783, 0.764, 0.6405, 0.1103],
    ];
    for (const values of printed) {
      const uniforms = generator.uniform([3, 3]);
      values.forEach((value, i) => expect(Math.abs(uniforms[i]! - value)).toBeLessThan(5.1e-5));
    }
  });
});

describe('the layout over threads', () => {
  const SEED = 0x123456789abcdef0n;
  const KEY = [0x9abcdef0, 0x12345678];
  /** One multiprocessor of 256 threads. */
  const small = { multiprocessors: 1, maxThreadsPerMultiprocessor: 256 };
  const uniform = (word: number): number => Math.fround(Math.fround(word) * 2 ** -32 + 2 ** -33);

  test('up to as many numbers as threads, each thread gives its first word', () => {
    const values = philoxGenerator(SEED).uniform([1000]);
    for (const thread of [0, 1, 255, 256, 999]) {
      expect(values[thread]).toBe(uniform(cipher([0, 0, thread, 0], KEY)[0]!));
    }
  });

  test('beyond, a thread strides through four words and then counts on', () => {
    const values = philoxGenerator(SEED, small).uniform([2500]);
    for (const i of [0, 255, 256, 600, 1023, 1024, 1500, 2047, 2048, 2499]) {
      const call = Math.floor(i / 1024);
      const lane = Math.floor((i % 1024) / 256);
      expect(values[i], `element ${i}`).toBe(uniform(cipher([call, 0, i % 256, 0], KEY)[lane]!));
    }
  });

  test('a word that rounds to the end 1 of (0, 1] becomes 0', () => {
    const seed = 16390493;
    expect(uniform(cipher([0, 0, 0, 0], [seed, 0])[0]!)).toBe(1);
    expect(philoxGenerator(seed).uniform([1])[0]).toBe(0);
  });

  test('float64 takes 53 bits of each half, two numbers a call', () => {
    const values = philoxGenerator(SEED, small).uniform([600], 'float64');
    for (const i of [0, 255, 256, 511, 512, 599]) {
      const words = cipher([Math.floor(i / 512), 0, i % 256, 0], KEY).map(BigInt);
      const lane = Math.floor((i % 512) / 256);
      const bits = words[2 * lane]! ^ (words[2 * lane + 1]! << 21n);
      expect(values[i], `element ${i}`).toBe(Number(bits) * 2 ** -53 + 2 ** -54);
    }
  });

  test('the offset grows by four for each call of a thread', () => {
    const generator = philoxGenerator(SEED, small);
    const after = (n: number): number => {
      generator.uniform([n]);
      return generator.save().offset;
    };
    expect([1, 1024, 1025, 2048, 2049].map(after)).toEqual([4, 8, 16, 24, 36]);
  });

  test('counters past 32 bits carry into the second word', () => {
    const generator = philoxGenerator(SEED);
    generator.restore({ ...generator.save(), offset: 4 * (2 ** 32 + 3) });
    expect(generator.uniform([1])[0]).toBe(uniform(cipher([3, 1, 0, 0], KEY)[0]!));
  });

  test('float64 normals are Box-Muller of the two 53-bit integers, sine first', () => {
    const values = philoxGenerator(SEED, small).normal([512], 'float64');
    const words = cipher([0, 0, 7, 0], KEY).map(BigInt);
    const [u, v] = [0, 1].map((k) => Number(words[2 * k]! ^ (words[2 * k + 1]! << 21n)) * 2 ** -53 + 2 ** -54);
    const radius = Math.sqrt(-2 * Math.log(u!));
    expect(values[7]).toBeCloseTo(radius * Math.sin(2 * Math.PI * v!), 12);
    expect(values[7 + 256]).toBeCloseTo(radius * Math.cos(2 * Math.PI * v!), 12);
  });
});

const NO_GPU = [
  { multiprocessors: 0 },
  { multiprocessors: 1.5 },
  { multiprocessors: NaN },
  { maxThreadsPerMultiprocessor: 128 },
];
test.each(NO_GPU)('the GPU %j is refused', (options) => {
  let thrown: unknown;
  try {
    philoxGenerator(0, options);
  } catch (error) {
    thrown = error;
  }
  expect(isDiffusionError(thrown, 'REQUEST_INVALID')).toBe(true);
});
