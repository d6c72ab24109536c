// randnTensor against diffusers' randn_tensor: one generator, a list, and what is refused.
import { describe, expect, test } from 'vitest';
import { isDiffusionError } from '../../src/errors.ts';
import { philoxGenerator, randTensor, randnTensor, torchGenerator } from '../../src/random/index.ts';
import type { Generator, HalfDType, HalfGenerator } from '../../src/random/index.ts';
import { base64, distance, float64s, golden } from './golden.ts';
import type { Numbers } from './golden.ts';

interface Batch {
  readonly shape: readonly number[];
  readonly seeds: readonly string[];
  readonly list: boolean;
  readonly dtype: 'float32' | 'float64' | HalfDType;
  readonly raises?: string;
  readonly data?: string;
  readonly after?: readonly string[];
}

function noise(shape: readonly number[], generator: HalfGenerator | HalfGenerator[], dtype: Batch['dtype']): Numbers {
  if (dtype === 'float32') return randnTensor(shape, generator);
  return dtype === 'float64' ? randnTensor(shape, generator, dtype) : randnTensor(shape, generator, dtype);
}

const { cases } = golden<{ cases: readonly Batch[] }>('batches');
const taken = cases.filter((data) => data.raises === undefined);
const refused = cases.filter((data) => data.raises !== undefined);

test('the goldens hold both kinds', () => {
  expect([taken.length, refused.length]).toEqual([12, 4]);
});

test.each(taken)('shape $shape, seeds $seeds (list: $list), $dtype equals diffusers', (data) => {
  const generators = data.seeds.map((seed) => torchGenerator(BigInt(seed)));
  const out = noise(data.shape, data.list ? generators : generators[0]!, data.dtype);
  if (out instanceof Float64Array) expect(distance(out, float64s(data.data!)).ulps).toBeLessThanOrEqual(2);
  else expect(base64(out)).toBe(data.data);
  expect(generators.map((generator) => base64(generator.uniform([2])))).toEqual(data.after);
});

describe('refusals', () => {
  function code(action: () => unknown): string {
    try {
      action();
    } catch (error) {
      if (isDiffusionError(error)) return error.code;
      throw error;
    }
    return 'nothing was thrown';
  }

  test.each(refused)('shape $shape with $seeds: upstream $raises', ({ shape, seeds, list, dtype }) => {
    const generators = seeds.map((seed) => torchGenerator(BigInt(seed)));
    const before = generators.map((generator) => generator.save());
    expect(code(() => noise(shape, list ? generators : generators[0]!, dtype))).toBe('REQUEST_INVALID');
    expect(generators.map((generator) => generator.save())).toEqual(before);
  });

  test('a short list names both counts', () => {
    expect(() => randnTensor([3, 2], [torchGenerator(1), torchGenerator(2)])).toThrow(/batch of 3 got a list of 2/);
  });

  test('no generator, or a hole in the list, is GENERATOR_REQUIRED', () => {
    expect(code(() => randnTensor([2, 2], undefined as unknown as Generator))).toBe('GENERATOR_REQUIRED');
    const hole = null as unknown as Generator;
    expect(code(() => randnTensor([2, 2], [torchGenerator(1), hole]))).toBe('GENERATOR_REQUIRED');
  });

  test('16-bit noise from a stream without it is DTYPE_UNSUPPORTED', () => {
    const { normal, uniform, clone, save, restore } = torchGenerator(1);
    const plain: Generator = { normal, uniform, clone, save, restore };
    expect(code(() => randnTensor([2], plain as HalfGenerator, 'float16'))).toBe('DTYPE_UNSUPPORTED');
  });
});

test('item i depends on generator i alone, whatever the stream', () => {
  for (const make of [torchGenerator, philoxGenerator]) {
    const both = randnTensor([2, 3, 5], [make(1), make(2)]);
    expect(both.slice(15)).toEqual(make(2).normal([1, 3, 5]));
  }
});

test('randTensor splits a batch by the same rule', () => {
  const make = torchGenerator;
  expect(randTensor([2, 3], make(1))).toEqual(make(1).uniform([6]));
  expect(randTensor([2, 3], [make(1)], 'float64')).toEqual(make(1).uniform([6], 'float64'));
  expect([...randTensor([2, 3], [make(1), make(2)])]).toEqual([...make(1).uniform([3]), ...make(2).uniform([3])]);
});
