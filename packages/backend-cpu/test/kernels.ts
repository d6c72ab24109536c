// Random map kernels and buffers for the tests of this package.

import type { InputSpec, Kernel, KernelOp, MapOp, OutputSpec } from '@unnoise/core';
import { floatsToHalves } from '@unnoise/core';
import * as fc from 'fast-check';

/** A kernel with everything that a run needs. */
export interface Case {
  readonly kernel: Kernel;
  readonly sizes: readonly number[];
  readonly params: Float64Array;
  readonly inputs: readonly (Float32Array | Uint16Array)[];
}

const ARITY: Partial<Record<MapOp, number>> = { mul: 2, div: 2, max: 2, min: 2, clamp: 1, sqrt: 1, abs: 1, cast: 1 };
const GENERATED: readonly MapOp[] = ['linear', 'mul', 'div', 'clamp', 'max', 'min', 'sqrt', 'abs', 'cast'];

/** Numbers that make trouble: zeros of both signs, infinities, NaN, subnormals, and ordinary ones. */
const troublesome = fc.oneof(
  { weight: 8, arbitrary: fc.float({ min: -4, max: 4, noNaN: true }) },
  { weight: 1, arbitrary: fc.float() },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      0,
      -0,
      1,
      -1,
      Infinity,
      -Infinity,
      NaN,
      1e-42,
      -1e-42,
      65504,
      65519,
      65520,
      6e-8,
      2.9e-8,
    ),
  },
);

/** The sizes at which vectors, unrolled loops and staging blocks begin and end. */
export const LENGTHS: readonly number[] = [0, 1, 3, 4, 5, 15, 16, 17, 63, 64, 65, 4095, 4097, 16384];

const shapes = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...LENGTHS).map((n) => [n]) },
  { weight: 2, arbitrary: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 4 }) },
  { weight: 1, arbitrary: fc.constantFrom([3, 4097], [1, 70_001], [40_001, 2], [3, 20_000], [4001, 3, 5]) },
);

/** Extends the elements over a large buffer by repeating them with a growing factor, which keeps their special values. */
function fill(elements: readonly number[], length: number): Float32Array {
  return Float32Array.from(
    { length },
    (_, i) => elements[i % elements.length]! * (1 + Math.floor(i / elements.length)),
  );
}

export const volume = (sizes: readonly number[], dims: readonly boolean[] = []): number =>
  sizes.reduce((product, size, d) => (dims[d] === false ? product : product * size), 1);

function ops(
  inputs: number,
  dtype: fc.Arbitrary<'float32' | 'float16'>,
): fc.Arbitrary<{ ops: KernelOp[]; params: number[] }> {
  const raw = fc.record({
    dtype,
    fn: fc.constantFrom(...GENERATED),
    args: fc.array(fc.nat(1000), { minLength: 4, maxLength: 4 }),
    terms: fc.integer({ min: 0, max: 4 }),
    bias: fc.boolean(),
    params: fc.array(troublesome, { minLength: 5, maxLength: 5 }),
  });
  return fc.array(raw, { minLength: 1, maxLength: 7 }).map((list) => {
    const params: number[] = [];
    const result = list.map(({ dtype, fn, args, terms, bias, params: numbers }, i): KernelOp => {
      const arity = ARITY[fn] ?? terms;
      const count = fn === 'clamp' ? 2 : fn === 'linear' ? terms + (bias || terms === 0 ? 1 : 0) : 0;
      const own = numbers.slice(0, count);
      if (fn === 'clamp') own.sort((a, b) => a - b);
      const indices = own.map((number) => params.push(number) - 1);
      return { fn, args: args.slice(0, arity).map((arg) => arg % (inputs + i)), params: indices, dtype };
    });
    return { ops: result, params };
  });
}

/** A random kernel that WebAssembly can express. `float16` mixes that storage type with float32. */
export function mapCases(storage: 'float32' | 'float16'): fc.Arbitrary<Case> {
  const dtype = storage === 'float32' ? fc.constant(storage) : fc.constantFrom('float32' as const, storage);
  const arity = fc.record({ inputs: fc.integer({ min: 1, max: 4 }), outputs: fc.integer({ min: 1, max: 3 }) });
  return fc.tuple(arity, shapes).chain(([{ inputs, outputs }, sizes]) => {
    const dims = exactly(sizes.length, fc.boolean());
    const parts = fc.record({
      body: ops(inputs, dtype),
      inputs: exactly(inputs, fc.record({ dtype, dims })),
      outputs: exactly(outputs, fc.record({ dtype, value: fc.nat(1000) })),
      elements: exactly(inputs, fc.array(troublesome, { minLength: 1, maxLength: 40 })),
    });
    return parts.map((chosen) => build(sizes, chosen));
  });
}

const exactly = <T>(count: number, item: fc.Arbitrary<T>): fc.Arbitrary<T[]> =>
  fc.array(item, { minLength: count, maxLength: count });

interface Parts {
  readonly body: { readonly ops: readonly KernelOp[]; readonly params: readonly number[] };
  readonly inputs: readonly InputSpec[];
  readonly outputs: readonly OutputSpec[];
  readonly elements: readonly (readonly number[])[];
}

function build(sizes: readonly number[], { body, inputs, outputs: picks, elements }: Parts): Case {
  const { ops, params } = body;
  const outputs = picks.map(({ dtype, value }) => ({ dtype, value: value % (inputs.length + ops.length) }));
  return {
    kernel: { key: JSON.stringify({ inputs, outputs, ops }), kind: 'map', inputs, outputs, ops },
    sizes,
    params: Float64Array.from(params),
    inputs: inputs.map(({ dtype, dims }, i) => {
      const array = fill(elements[i]!, volume(sizes, dims));
      return dtype === 'float16' ? floatsToHalves(array) : array;
    }),
  };
}

/** y = c0*x0 + c1*x1 + ... over whole rows. */
export function lincomb(terms: number): Kernel {
  const indices = Array.from({ length: terms }, (_, i) => i);
  return {
    key: `linear ${terms}`,
    kind: 'map',
    inputs: indices.map(() => ({ dtype: 'float32', dims: [true] })),
    outputs: [{ dtype: 'float32', value: terms }],
    ops: [{ fn: 'linear', args: indices, params: indices, dtype: 'float32' }],
  };
}
