// Random map kernels and buffers for the tests of this package.

import type { DType, InputSpec, Kernel, KernelOp, MapOp } from '@unnoise/core';
import { floatsToHalves } from '@unnoise/core';
import fc from 'fast-check';

/** A kernel with everything that a run needs. */
export interface Case {
  readonly kernel: Kernel;
  readonly sizes: readonly number[];
  readonly params: Float64Array;
  readonly inputs: readonly (Float32Array | Uint16Array)[];
}

const ARITY: Partial<Record<MapOp, number>> = { mul: 2, div: 2, max: 2, min: 2, clamp: 1, sqrt: 1, abs: 1 };
const GENERATED: readonly MapOp[] = ['linear', 'mul', 'div', 'clamp', 'max', 'min', 'sqrt', 'abs'];

/** Numbers that make trouble: zeros of both signs, infinities, NaN, subnormals, and ordinary ones. */
const troublesome = fc.oneof(
  { weight: 8, arbitrary: fc.float({ min: -4, max: 4, noNaN: true }) },
  { weight: 1, arbitrary: fc.float() },
  { weight: 2, arbitrary: fc.constantFrom(0, -0, 1, -1, Infinity, -Infinity, NaN, 1e-42, -1e-42, 65504, 65519, 65520, 6e-8, 2.9e-8) },
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
  return Float32Array.from({ length }, (_, i) => elements[i % elements.length]! * (1 + Math.floor(i / elements.length)));
}

export const volume = (sizes: readonly number[], dims: readonly boolean[] = []): number =>
  sizes.reduce((product, size, d) => (dims[d] === false ? product : product * size), 1);

function ops(inputs: number, dtype: DType): fc.Arbitrary<{ ops: KernelOp[]; params: number[] }> {
  const raw = fc.record({
    fn: fc.constantFrom(...GENERATED),
    args: fc.array(fc.nat(1000), { minLength: 4, maxLength: 4 }),
    terms: fc.integer({ min: 0, max: 4 }),
    bias: fc.boolean(),
    params: fc.array(troublesome, { minLength: 5, maxLength: 5 }),
  });
  return fc.array(raw, { minLength: 1, maxLength: 7 }).map((list) => {
    const params: number[] = [];
    const result = list.map(({ fn, args, terms, bias, params: numbers }, i): KernelOp => {
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

/** A random kernel that WebAssembly can express, of one float type throughout. */
export function mapCases(dtype: 'float32' | 'float16' = 'float32'): fc.Arbitrary<Case> {
  const arity = fc.record({ inputs: fc.integer({ min: 1, max: 4 }), outputs: fc.integer({ min: 1, max: 3 }) });
  return fc.tuple(arity, shapes).chain(([{ inputs, outputs }, sizes]) =>
    fc
      .record({
        body: ops(inputs, dtype),
        dims: fc.array(fc.array(fc.boolean(), { minLength: sizes.length, maxLength: sizes.length }), {
          minLength: inputs,
          maxLength: inputs,
        }),
        values: fc.array(fc.nat(1000), { minLength: outputs, maxLength: outputs }),
        elements: fc.array(fc.array(troublesome, { minLength: 1, maxLength: 40 }), { minLength: inputs, maxLength: inputs }),
      })
      .map(({ body, dims, values, elements }) => build(dtype, sizes, body, dims, values, elements)),
  );
}

function build(
  dtype: 'float32' | 'float16',
  sizes: readonly number[],
  { ops, params }: { ops: readonly KernelOp[]; params: readonly number[] },
  dims: readonly (readonly boolean[])[],
  picks: readonly number[],
  elements: readonly (readonly number[])[],
): Case {
  const inputs: InputSpec[] = dims.map((along) => ({ dtype, dims: along }));
  const outputs = picks.map((pick) => ({ dtype, value: pick % (inputs.length + ops.length) }));
  const arrays = inputs.map((input, i) => fill(elements[i]!, volume(sizes, input.dims)));
  return {
    kernel: { key: JSON.stringify({ inputs, outputs, ops }), kind: 'map', inputs, outputs, ops },
    sizes,
    params: Float64Array.from(params),
    inputs: dtype === 'float16' ? arrays.map(floatsToHalves) : arrays,
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
