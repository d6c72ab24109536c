// Random map kernels and buffers for the tests of this package.

import {
  type DType,
  floatsToHalves,
  type InputSpec,
  type Kernel,
  type KernelOp,
  type MapOp,
  type OutputSpec,
  type TypedArray,
} from '@unnoise/core';
import * as fc from 'fast-check';

/** A kernel with everything that a run needs. */
export interface Case {
  readonly kernel: Kernel;
  readonly sizes: readonly number[];
  readonly params: Float64Array;
  readonly inputs: readonly TypedArray[];
}

/** Zeros of both signs, infinities, NaN, subnormals, the limits of float16, whole numbers beyond float32's. */
const TROUBLE = [
  [0, -0, 1, -1, 2, 255, Infinity, -Infinity, Number.NaN, 1e-42, -1e-42],
  [65504, 65519, 65520, 6e-8, 2.9e-8, 16777217, -16777219, 2147483647],
].flat();

const troublesome = fc.oneof(
  { weight: 8, arbitrary: fc.float({ min: -4, max: 4, noNaN: true }) },
  { weight: 1, arbitrary: fc.float() },
  {
    weight: 3,
    arbitrary: fc.constantFrom(...TROUBLE),
  },
);

/** The sizes at which vectors, unrolled loops and staging blocks begin and end. */
const LENGTHS: readonly number[] = [0, 1, 3, 4, 5, 15, 16, 17, 63, 64, 65, 4095, 4097, 16384];

const shapes = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...LENGTHS).map((n) => [n]) },
  { weight: 2, arbitrary: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 4 }) },
  { weight: 1, arbitrary: fc.constantFrom([3, 4097], [1, 70_001], [40_001, 2], [3, 20_000], [4001, 3, 5]) },
);

/** An operation before its arguments are known: choices among the values there will be. */
const draft = (dtypes: readonly DType[]) =>
  fc.record({
    fn: fc.constantFrom(...(dtypes.includes('bool') ? [...FLOAT_OPS, ...OTHER_OPS] : [...FLOAT_OPS, 'cast' as const])),
    dtype: fc.constantFrom(...dtypes),
    picks: exactly(4, fc.nat(1000)),
    terms: fc.integer({ min: 0, max: 4 }),
    bias: fc.boolean(),
    numbers: exactly(5, troublesome),
  });
type Draft = ReturnType<typeof draft> extends fc.Arbitrary<infer T> ? T : never;

const FLOAT_OPS: readonly MapOp[] = ['linear', 'mul', 'div', 'clamp', 'max', 'min', 'sqrt', 'abs', 'exp', 'log'];
const OTHER_OPS: readonly MapOp[] = ['cast', 'cast', 'eq', 'eq', 'where', 'where'];
const isFloat = (dtype: DType): boolean => dtype === 'float32' || dtype === 'float16';

/** Turns drafts into operations one by one. An operation that has no suitable argument becomes a constant. */
class Body {
  readonly ops: KernelOp[] = [];
  readonly params: number[] = [];
  readonly #types: DType[];

  constructor(inputs: readonly InputSpec[], drafts: readonly Draft[]) {
    this.#types = inputs.map(({ dtype }) => dtype);
    for (const one of drafts) this.#add(one);
  }

  #add(one: Draft): void {
    const { fn, args, dtype, numbers } = this.#resolved(one);
    const params = numbers.map((number) => this.params.push(number) - 1);
    this.#types.push(dtype);
    this.ops.push({ fn, args, params, dtype });
  }

  #resolved({ fn, dtype, picks, terms, bias, numbers }: Draft) {
    const some = (suits: (type: DType) => boolean, count: number): number[] => {
      const suitable = this.#types.flatMap((type, value) => (suits(type) ? [value] : []));
      return suitable.length > 0 ? picks.slice(0, count).map((pick) => suitable[pick % suitable.length]!) : [];
    };
    const float = isFloat(dtype) ? dtype : 'float32';
    const constant = {
      fn: 'linear' as MapOp,
      args: [] as number[],
      dtype: float,
      numbers: numbers.slice(0, 1),
    };
    if (fn === 'linear') {
      const args = some(isFloat, terms);
      return { ...constant, args, numbers: numbers.slice(0, args.length + (bias || args.length === 0 ? 1 : 0)) };
    }
    if (fn === 'cast') {
      const args = some((type) => dtype !== 'int32' || !isFloat(type), 1);
      return args.length > 0 ? { ...constant, fn, args, dtype, numbers: [] } : constant;
    }
    if (fn === 'eq') {
      const args = some((type) => isFloat(type) === isFloat(dtype), 2);
      return args.length > 0 ? { ...constant, fn, args, dtype: 'bool' as DType, numbers: [] } : constant;
    }
    if (fn === 'where') {
      const args = [...some((type) => type === 'bool', 1), ...some((type) => type === dtype, 2)];
      return args.length === 3 ? { ...constant, fn, args, dtype, numbers: [] } : constant;
    }
    const arity = ['mul', 'div', 'max', 'min'].includes(fn) ? 2 : 1;
    const args = some(isFloat, arity);
    const bounds = fn === 'clamp' ? numbers.slice(0, 2).sort((a, b) => a - b) : [];
    return args.length > 0 ? { ...constant, fn, args, numbers: bounds } : constant;
  }
}

/** A random kernel that WebAssembly can express, on buffers of the given types. */
export function mapCases(dtypes: readonly DType[]): fc.Arbitrary<Case> {
  const dtype = fc.constantFrom(...dtypes);
  const arity = fc.record({ inputs: fc.integer({ min: 1, max: 4 }), outputs: fc.integer({ min: 1, max: 3 }) });
  return fc.tuple(arity, shapes).chain(([{ inputs, outputs }, sizes]) =>
    fc
      .record({
        drafts: fc.array(draft(dtypes), { minLength: 1, maxLength: 7 }),
        inputs: exactly(inputs, fc.record({ dtype, dims: exactly(sizes.length, fc.boolean()) })),
        outputs: exactly(outputs, fc.record({ dtype, value: fc.nat(1000) })),
        elements: exactly(inputs, fc.array(troublesome, { minLength: 1, maxLength: 40 })),
      })
      .map((parts) => build(sizes, parts)),
  );
}

const exactly = <T>(count: number, item: fc.Arbitrary<T>): fc.Arbitrary<T[]> =>
  fc.array(item, { minLength: count, maxLength: count });

interface Parts {
  readonly drafts: readonly Draft[];
  readonly inputs: readonly InputSpec[];
  readonly outputs: readonly OutputSpec[];
  readonly elements: readonly (readonly number[])[];
}

function build(sizes: readonly number[], { drafts, inputs, outputs: wanted, elements }: Parts): Case {
  const { ops, params } = new Body(inputs, drafts);
  const types = [...inputs, ...ops].map(({ dtype }) => dtype);
  const outputs = wanted.map(({ dtype, value: pick }) => {
    const value = pick % types.length;
    return { dtype: isFloat(dtype) && isFloat(types[value]!) ? dtype : types[value]!, value };
  });
  return {
    kernel: { key: JSON.stringify({ inputs, outputs, ops }), kind: 'map', inputs, outputs, ops },
    sizes,
    params: Float64Array.from(params),
    inputs: inputs.map(({ dtype, dims }, i) => STORE[dtype](fill(elements[i]!, volume(sizes, dims)))),
  };
}

const STORE: Readonly<Record<DType, (values: Float32Array) => TypedArray>> = {
  float32: (values) => values,
  float16: (values) => floatsToHalves(values),
  int32: (values) => Int32Array.from(values),
  bool: (values) => Uint8Array.from(values, (value) => Number(value > 0)),
};

/** Extends the elements over a large buffer by repeating them with a growing factor, which keeps their special values. */
function fill(elements: readonly number[], length: number): Float32Array {
  return Float32Array.from(
    { length },
    (_, i) => elements[i % elements.length]! * (1 + Math.floor(i / elements.length)),
  );
}

const volume = (sizes: readonly number[], dims: readonly boolean[]): number =>
  sizes.reduce((product, size, d) => (dims[d] === false ? product : product * size), 1);

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
