import type { Kernel, MapOp, TypedArray } from '@unnoise/core';
import { floatsToHalves, floatToHalf, halfToFloat } from '@unnoise/core';
import { runKernelOnArrays } from '@unnoise/core/reference';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { type CpuBackend, createCpuBackend } from '../src/index.ts';
import { canGenerate } from '../src/codegen.ts';
import { type Case, lincomb, mapCases } from './kernels.ts';

/** Where the inputs of a run lie. */
const HOMES = {
  'ordinary arrays': (input: TypedArray) => input,
  'views into larger arrays': (input: TypedArray) => {
    const Type = input.constructor as Float32ArrayConstructor;
    const larger = new Type(input.length + 8);
    larger.set(input, 3);
    return larger.subarray(3, 3 + input.length);
  },
  'shared memory': (input: TypedArray) => {
    const Type = input.constructor as Float32ArrayConstructor;
    const shared = new Type(new SharedArrayBuffer(input.byteLength) as unknown as ArrayBuffer);
    shared.set(input);
    return shared;
  },
} as const;

/** One bit pattern per number; every NaN is the same, because their payloads are the engine's affair. */
function bitsOf(values: TypedArray): Uint32Array {
  const floats = values instanceof Uint16Array ? Float32Array.from(values, halfToFloat) : Float32Array.from(values);
  for (let i = 0; i < floats.length; i++) if (floats[i] !== floats[i]) floats[i] = NaN;
  return new Uint32Array(floats.buffer);
}

function expectSameBits(actual: readonly TypedArray[], expected: readonly TypedArray[]): void {
  expect(actual.length).toBe(expected.length);
  actual.forEach((array, i) => {
    expect(array.constructor).toBe(expected[i]!.constructor);
    expect(Buffer.from(bitsOf(array).buffer).equals(Buffer.from(bitsOf(expected[i]!).buffer))).toBe(true);
  });
}

function interpret({ kernel, inputs, params, sizes }: Case): TypedArray[] {
  return [...runKernelOnArrays(kernel, inputs, params, sizes, 'float32')];
}

/** Runs a case on the backend with the given inputs, and gives everything back. */
function execute(cpu: CpuBackend, { kernel, inputs, params, sizes }: Case, natives: readonly unknown[]): TypedArray[] {
  const handles = natives.map((native, i) => cpu.adopt(native, kernel.inputs[i]!.dtype)!);
  const results = cpu.run(kernel, handles, params, sizes);
  const arrays = results.map((result) => cpu.download(result));
  for (const handle of [...results, ...handles]) cpu.release(handle);
  expect(inputs.length).toBe(handles.length);
  return arrays;
}

function executeInArena(cpu: CpuBackend, one: Case): TypedArray[] {
  const rooms = one.inputs.map((input, i) => cpu.allocate(input.length, one.kernel.inputs[i]!.dtype));
  rooms.forEach((room, i) => room.array.set(one.inputs[i]!));
  const results = execute(cpu, one, rooms);
  for (const room of rooms) room.free();
  return results;
}

const SPECIAL = [
  0,
  -0,
  1,
  -1,
  3.5,
  Infinity,
  -Infinity,
  NaN,
  1e-45,
  -1e-45,
  1.1754944e-38,
  3.4028235e38,
  -3.4028235e38,
];
const PAIRS = [
  Float32Array.from(SPECIAL.flatMap((a) => SPECIAL.map(() => a))),
  Float32Array.from(SPECIAL.flatMap(() => SPECIAL)),
] as const;
const SPECIAL_OPS: readonly (readonly [MapOp, readonly number[]])[] = [
  ...(['linear', 'mul', 'div', 'max', 'min', 'eq'] as const).map((fn) => [fn, [0, 1]] as const),
  ...(['clamp', 'sqrt', 'abs', 'exp', 'log', 'cast'] as const).map((fn) => [fn, [0]] as const),
];

function pairKernel(fn: MapOp, args: readonly number[]): Kernel {
  const params = fn === 'linear' || fn === 'clamp' ? [0, 1] : [];
  return {
    key: `pairs ${fn}`,
    kind: 'map',
    inputs: PAIRS.map(() => ({ dtype: 'float32', dims: [true] })),
    outputs: [{ dtype: fn === 'eq' ? 'bool' : 'float32', value: 2 }],
    ops: [{ fn, args, params, dtype: fn === 'eq' ? 'bool' : 'float32' }],
  };
}

describe.each([
  { dtypes: ['float32'], numRuns: 100 },
  { dtypes: ['float32', 'float16'], numRuns: 30 }, // the interpreter converts float16 slowly
  { dtypes: ['float32', 'int32', 'bool'], numRuns: 100 },
  { dtypes: ['float32', 'float16', 'int32', 'bool'], numRuns: 30 },
] as const)('a random kernel on $dtypes gives the bits of the interpreter', ({ dtypes, numRuns }) => {
  const wasm = createCpuBackend();
  const plain = createCpuBackend({ wasm: false });

  test('and WebAssembly can express it', () => {
    fc.assert(fc.property(mapCases(dtypes), ({ kernel }) => canGenerate(kernel)));
  });

  test.each(Object.entries(HOMES))('on %s', (_, place) => {
    fc.assert(
      fc.property(mapCases(dtypes), (one) => expectSameBits(execute(wasm, one, one.inputs.map(place)), interpret(one))),
      { numRuns },
    );
  });

  test('on buffers in its own memory', () => {
    fc.assert(
      fc.property(mapCases(dtypes), (one) => expectSameBits(executeInArena(wasm, one), interpret(one))),
      { numRuns },
    );
  });

  test('on inputs of which one is in its own memory and the others are not', () => {
    fc.assert(
      fc.property(mapCases(dtypes), (one) => {
        const room = wasm.allocate(one.inputs[0]!.length, one.kernel.inputs[0]!.dtype);
        room.array.set(one.inputs[0]!);
        expectSameBits(execute(wasm, one, [room, ...one.inputs.slice(1)]), interpret(one));
        room.free();
      }),
      { numRuns: numRuns / 2 },
    );
  });

  test('without WebAssembly', () => {
    fc.assert(
      fc.property(mapCases(dtypes), (one) => expectSameBits(execute(plain, one, one.inputs), interpret(one))),
      { numRuns: numRuns / 2 },
    );
  });
});

describe('kernels at the edges', () => {
  const cpu = createCpuBackend();

  test.each(SPECIAL_OPS)('%s agrees on every pair of special numbers', (fn, args) => {
    for (const lo of SPECIAL) {
      const params = Float64Array.of(lo, 1);
      const one: Case = { kernel: pairKernel(fn, args), sizes: [PAIRS[0].length], params, inputs: PAIRS };
      expectSameBits(execute(cpu, one, one.inputs), interpret(one));
    }
  });

  test('one buffer may be several inputs', () => {
    const x = Float32Array.from({ length: 4097 }, (_, i) => Math.sin(i));
    const one: Case = { kernel: lincomb(3), sizes: [4097], params: Float64Array.of(0.1, -2, 1e-3), inputs: [x, x, x] };
    const handle = cpu.adopt(x, 'float32')!;
    expectSameBits(
      [cpu.download(cpu.run(one.kernel, [handle, handle, handle], one.params, one.sizes)[0]!)],
      interpret(one),
    );
  });

  test('a kernel without inputs fills its result with the constant', () => {
    const one: Case = {
      kernel: {
        key: 'constant',
        kind: 'map',
        inputs: [],
        outputs: [{ dtype: 'float32', value: 0 }],
        ops: [{ fn: 'linear', args: [], params: [0], dtype: 'float32' }],
      },
      sizes: [19],
      params: Float64Array.of(0.1),
      inputs: [],
    };
    expectSameBits(execute(cpu, one, []), [new Float32Array(19).fill(0.1)]);
  });

  test('a scalar result needs no dimension', () => {
    const kernel = { ...lincomb(1), key: 'scalar', inputs: [{ dtype: 'float32', dims: [] } as const] };
    const one: Case = { kernel, sizes: [], params: Float64Array.of(3), inputs: [Float32Array.of(7)] };
    expectSameBits(execute(cpu, one, one.inputs), [Float32Array.of(21)]);
  });

  test('a kernel too long to unroll, and one with more parameters than the frame holds, are still exact', () => {
    for (const length of [120, 5000]) {
      const ops = Array.from(
        { length },
        (_, i) => ({ fn: 'linear', args: [i], params: [2 * i, 2 * i + 1], dtype: 'float32' }) as const,
      );
      const kernel = {
        ...lincomb(1),
        key: `chain ${length}`,
        ops,
        outputs: [{ dtype: 'float32', value: length } as const],
      };
      const params = Float64Array.from({ length: 2 * length }, (_, i) => (i % 2 ? 0.01 : 0.999));
      const one: Case = { kernel, sizes: [37], params, inputs: [Float32Array.from({ length: 37 }, (_, i) => i - 18)] };
      expectSameBits(execute(cpu, one, one.inputs), interpret(one));
    }
  });
});

describe('float16 storage', () => {
  const cpu = createCpuBackend();
  const copy = (from: 'float16' | 'float32', to: 'float16' | 'float32') => ({
    ...lincomb(1),
    key: `copy ${from} ${to}`,
    inputs: [{ dtype: from, dims: [true] }],
    outputs: [{ dtype: to, value: 1 }],
  });
  const bits = Uint16Array.from({ length: 65536 }, (_, i) => i);

  test('every float16 pattern widens exactly', () => {
    const one: Case = {
      kernel: copy('float16', 'float32'),
      sizes: [65536],
      params: Float64Array.of(1),
      inputs: [bits],
    };
    expectSameBits(execute(cpu, one, one.inputs), [Float32Array.from(bits, halfToFloat)]);
  });

  test('numbers at, just below and just above each rounding boundary narrow to the nearest, ties to even', () => {
    const finite = Array.from({ length: 0x7bff }, (_, i) => i);
    const middles = finite.map((i) => (halfToFloat(i) + halfToFloat(i + 1)) / 2);
    const around = middles.flatMap((x) => [x, x * (1 - 2 ** -23), x * (1 + 2 ** -23)]);
    const x = Float32Array.from([
      ...around,
      ...around.map((v) => -v),
      65519.996,
      65520,
      1e30,
      Infinity,
      -Infinity,
      NaN,
      0,
      -0,
      1e-45,
    ]);
    const one: Case = {
      kernel: copy('float32', 'float16'),
      sizes: [x.length],
      params: Float64Array.of(1),
      inputs: [x],
    };
    expectSameBits(execute(cpu, one, one.inputs), [floatsToHalves(x)]);
    expect(floatToHalf(65520)).toBe(0x7c00);
  });
});
