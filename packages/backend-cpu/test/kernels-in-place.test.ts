import type { TypedArray } from '@unnoise/core';
import { runKernelOnArrays, storageOf } from '@unnoise/core/reference';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { FRAME_BYTES, inputLength, InPlaceKernel } from '../src/kernels.ts';
import { type Case, lincomb, mapCases } from './kernels.ts';

const FRAME = 128;

const MEMORIES = {
  'a memory': () => new WebAssembly.Memory({ initial: 1 }),
  'a shared memory': () => new WebAssembly.Memory({ initial: 1, maximum: 32_768, shared: true }),
} as const;

/** Lays arrays one after the other into the memory, which grows, and gives their offsets. */
function place(memory: WebAssembly.Memory, arrays: readonly TypedArray[]): number[] {
  let end = FRAME + FRAME_BYTES;
  const offsets = arrays.map(({ byteLength }) => {
    const start = end;
    end = start + Math.ceil((byteLength + 1) / 16) * 16;
    return start;
  });
  const missing = end - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / 65_536));
  arrays.forEach((array, i) => view(memory, array, offsets[i]!).set(array));
  return offsets;
}

function view(memory: WebAssembly.Memory, { length, constructor }: TypedArray, offset: number): TypedArray {
  return new (constructor as Float32ArrayConstructor)(memory.buffer, offset, length);
}

function runInPlace(memory: WebAssembly.Memory, { kernel, inputs, params, sizes }: Case): TypedArray[] {
  const compiled = InPlaceKernel.compile(kernel, memory)!;
  const length = sizes.reduce((a, b) => a * b, 1);
  const outputs = kernel.outputs.map(({ dtype }) => new (storageOf(dtype, 'float32'))(length));
  const pointers = place(memory, [...inputs, ...outputs]);
  compiled.run(FRAME, pointers, params, sizes);
  return outputs.map((output, i) => view(memory, output, pointers[inputs.length + i]!).slice());
}

/** NaN of every payload alike: which one an engine makes is its own affair. */
const values = (array: TypedArray): string => Array.from(array, (x) => (Object.is(x, -0) ? '-0' : String(x))).join();

describe.each(Object.entries(MEMORIES))('kernels run in place on %s', (_, make) => {
  test('with the bits of the interpreter, also after it has grown', () => {
    const memory = make();
    fc.assert(
      fc.property(mapCases(['float32', 'int32', 'bool']), (one) => {
        const expected = runKernelOnArrays(one.kernel, one.inputs, one.params, one.sizes, 'float32');
        expect(runInPlace(memory, one).map(values)).toEqual(expected.map(values));
      }),
      { numRuns: 60 },
    );
  });
});

test('what cannot be expressed is not compiled', () => {
  const kernel = { ...lincomb(1), kind: 'transpose' } as const;
  expect(InPlaceKernel.compile(kernel, new WebAssembly.Memory({ initial: 1 }))).toBeUndefined();
});

test('inputs of every kind of kernel have the length that its sizes say', () => {
  const of = (kind: 'map' | 'concat' | 'reduce' | 'transpose') => ({ ...lincomb(2), kind });
  expect(inputLength(of('map'), [6], 0)).toBe(6);
  expect(inputLength(of('concat'), [2, 3, 4, 5], 1)).toBe(30);
  expect(inputLength(of('reduce'), [2, 3, 4], 0)).toBe(24);
  expect(inputLength(of('transpose'), [2, 3, 1, 0], 0)).toBe(6);
});
