// torch's CPU stream against torch itself: every number of every dtype must be equal bit for bit.
import { describe, expect, test } from 'vitest';
import { torchGenerator } from '../../src/random/index.ts';
import type { TorchGenerator } from '../../src/random/index.ts';
import { base64, digest, distance, float64s, golden, sha256OfFile } from './golden.ts';
import type { Digest } from './golden.ts';

type Case = Record<string, string>;
interface Short {
  readonly sizes: readonly number[];
  readonly cases: readonly Case[];
}
interface LargeCase {
  readonly seed: string;
  readonly size: number;
  readonly 'normal float32': Digest;
  readonly 'normal float64': Digest;
  readonly 'uniform float32': Digest;
  readonly 'uniform float64': Digest;
  readonly 'normal float16': Digest;
  readonly 'normal bfloat16': Digest;
}
interface Large {
  readonly cases: readonly LargeCase[];
  readonly huge: LargeCase;
  readonly whole: { readonly seed: string; readonly size: number; readonly 'normal float64': string };
}
interface Step {
  readonly op: 'normal' | 'uniform' | 'randint' | 'randperm';
  readonly dtype?: 'float32' | 'float64' | 'float16' | 'bfloat16';
  readonly n: number;
  readonly low?: string;
  readonly high?: string;
  readonly data: string | readonly unknown[];
}
interface Sequences {
  readonly cases: readonly { readonly seed: string; readonly programme: string; readonly steps: readonly Step[] }[];
}
interface Integers {
  readonly randint: readonly { seed: string; low: string; high: string; data: string[] }[];
  readonly randperm: readonly { seed: string; n: number; data: number[] }[];
  readonly large: Digest & { seed: string; n: number };
}

/** The bits of all arrays, one after another. */
function joined(arrays: readonly (Float32Array | Uint16Array)[]): string {
  return Buffer.concat(arrays.map((a) => Buffer.from(a.buffer, a.byteOffset, a.byteLength))).toString('base64');
}

test('the goldens come from the recipe that is in the tree', () => {
  const { recipe, sha256 } = golden<Record<'recipe' | 'sha256', string>>('recipe');
  expect(sha256OfFile(recipe)).toBe(sha256);
});

describe('draws of 1 to 100 numbers from a fresh generator', () => {
  const { sizes, cases } = golden<Short>('short');
  test.each(cases)('seed $seed equals torch', (data) => {
    const of = <T>(draw: (generator: TorchGenerator, shape: number[]) => T): T[] =>
      sizes.map((n) => draw(torchGenerator(BigInt(data['seed']!)), [n]));
    expect(joined(of((g, shape) => g.normal(shape)))).toBe(data['normal float32']);
    expect(joined(of((g, shape) => g.normal16(shape)))).toBe(data['normal float16']);
    expect(joined(of((g, shape) => g.normal16(shape, 'bfloat16')))).toBe(data['normal bfloat16']);

    const doubles = Float64Array.from(of((g, shape) => [...g.normal(shape, 'float64')]).flat());
    expect(base64(doubles)).toBe(data['normal float64']);

    const fresh = (): TorchGenerator => torchGenerator(BigInt(data['seed']!));
    expect(base64(fresh().uniform([20]))).toBe(data['uniform float32']);
    expect(base64(fresh().uniform([20], 'float64'))).toBe(data['uniform float64']);
  });
});

describe('draws of a latent size', () => {
  const { cases, huge, whole } = golden<Large>('large');
  test('100 seeds equal torch bit for bit in float32 normals and in uniforms', () => {
    expect(cases).toHaveLength(100);
    for (const data of cases) {
      const fresh = (): TorchGenerator => torchGenerator(BigInt(data.seed));
      const shape = [1, 4, 64, data.size / 256];
      expect(digest(fresh().normal(shape)), `seed ${data.seed}`).toEqual(data['normal float32']);
      expect(digest(fresh().uniform(shape)), `seed ${data.seed}`).toEqual(data['uniform float32']);
      expect(digest(fresh().uniform(shape, 'float64')), `seed ${data.seed}`).toEqual(data['uniform float64']);
    }
  });

  test('100 seeds equal torch bit for bit in float64 normals', () => {
    for (const data of cases) {
      const normals = torchGenerator(BigInt(data.seed)).normal([data.size], 'float64');
      expect(digest(normals, 16), `seed ${data.seed}`).toEqual(data['normal float64']);
    }
    const all = torchGenerator(BigInt(whole.seed)).normal([whole.size], 'float64');
    expect(distance(all, float64s(whole['normal float64']))).toEqual({ ulps: 0, equal: 1 });
  });

  test('a million numbers with an odd tail equal torch in float32, float16 and bfloat16', () => {
    const fresh = (): TorchGenerator => torchGenerator(BigInt(huge.seed));
    expect(digest(fresh().normal([huge.size]))).toEqual(huge['normal float32']);
    expect(digest(fresh().normal16([huge.size]))).toEqual(huge['normal float16']);
    expect(digest(fresh().normal16([huge.size], 'bfloat16'))).toEqual(huge['normal bfloat16']);
  });
});

describe('mixed draws from one generator', () => {
  test.each(golden<Sequences>('sequences').cases)('seed $seed: $programme', ({ seed, steps }) => {
    const generator = torchGenerator(BigInt(seed));
    steps.forEach((step, i) => expectStep(generator, step, `step ${i}: ${step.op} ${step.dtype ?? ''} ${step.n}`));
  });

  function expectStep(generator: TorchGenerator, { op, dtype, n, low, high, data }: Step, label: string): void {
    if (op === 'randperm') return expect([...generator.randperm(n)], label).toEqual(data);
    if (op === 'randint') {
      return expect([...generator.randint(BigInt(low!), BigInt(high!), [n])].map(String), label).toEqual(data);
    }
    if (dtype === 'float16' || dtype === 'bfloat16') {
      return expect(base64(generator.normal16([n], dtype)), label).toBe(data);
    }
    const values = dtype === 'float64' ? generator[op]([n], 'float64') : generator[op]([n]);
    expect(base64(values), label).toBe(data);
  }
});

describe('integers', () => {
  const { randint, randperm, large } = golden<Integers>('integers');
  test.each(randint)('randint from $low to $high, seed $seed', ({ seed, low, high, data }) => {
    const values = torchGenerator(BigInt(seed)).randint(BigInt(low), BigInt(high), [data.length]);
    expect([...values].map(String)).toEqual(data);
  });
  test.each(randperm)('randperm of $n', ({ seed, n, data }) => {
    expect([...torchGenerator(BigInt(seed)).randperm(n)]).toEqual(data);
  });
  test('randperm of 100,000', () => {
    const { seed, n, ...expected } = large;
    expect(digest(torchGenerator(BigInt(seed)).randperm(n))).toEqual(expected);
  });
});
