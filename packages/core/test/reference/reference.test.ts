import { describe, expect, it } from 'vitest';
import type { Kernel } from '../../src/program/index.ts';
import {
  createReferenceBackend,
  kernelLength,
  type Precision,
  runKernelOnArrays,
  storageOf,
} from '../../src/reference/index.ts';
import { floatToHalf, halfToFloat, tensor } from '../../src/tensor/index.ts';
import type { DType, TypedArray } from '../../src/tensor/types.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });

function layoutKernel(
  kind: Kernel['kind'],
  inputs: number,
  dtype: DType = 'float32',
  reduce?: Kernel['reduce'],
): Kernel {
  return {
    key: `${kind} ${reduce}`,
    kind,
    inputs: Array.from({ length: inputs }, () => ({ dtype, dims: [] })),
    outputs: [{ dtype: kind === 'argmax' ? 'int32' : dtype, value: 0 }],
    ops: [],
    ...(reduce && { reduce }),
  };
}

const run = (
  kernel: Kernel,
  arrays: readonly TypedArray[],
  sizes: readonly number[],
  params: readonly number[] = [],
  precision: Precision = 'float32',
) => runKernelOnArrays(kernel, arrays, Float64Array.from(params), sizes, precision);

const sixteen = Float32Array.from({ length: 12 }, (_, i) => i);

describe('kernel kinds', () => {
  it('reduce: [outer, axis, inner] to [outer, inner]', () => {
    expect(run(layoutKernel('reduce', 1, 'float32', 'sum'), [sixteen], [2, 3, 2])).toEqual([
      Float32Array.of(6, 9, 24, 27),
    ]);
    expect(run(layoutKernel('reduce', 1, 'float32', 'amax'), [sixteen], [2, 3, 2])).toEqual([
      Float32Array.of(4, 5, 10, 11),
    ]);
    expect(run(layoutKernel('reduce', 1, 'float32', 'amin'), [sixteen], [1, 12, 1])).toEqual([Float32Array.of(0)]);
    expect(run(layoutKernel('reduce', 1, 'float32', 'sum'), [new Float32Array(0)], [2, 0, 2])).toEqual([
      new Float32Array(4),
    ]);
  });

  it('argmax: int32, the first maximum', () => {
    expect(run(layoutKernel('argmax', 1), [Float32Array.of(1, 9, 3, 9, 5, 0)], [2, 3, 1])).toEqual([
      Int32Array.of(1, 0),
    ]);
    expect(run(layoutKernel('argmax', 1), [Float32Array.of(1, 9, 3, 0, 5, 0)], [1, 3, 2])).toEqual([
      Int32Array.of(2, 0),
    ]);
  });

  it('concat: [outer, inner, a1, ..., an]', () => {
    const parts = [Float32Array.of(1, 2, 3, 4), Float32Array.of(5, 6, 7, 8, 9, 10, 11, 12)];
    expect(run(layoutKernel('concat', 2), parts, [2, 2, 1, 2])).toEqual([
      Float32Array.of(1, 2, 5, 6, 7, 8, 3, 4, 9, 10, 11, 12),
    ]);
  });

  it('slice: [outer, axis, inner, start, length]', () => {
    expect(run(layoutKernel('slice', 1), [sixteen], [2, 3, 2, 1, 2])).toEqual([
      Float32Array.of(2, 3, 4, 5, 8, 9, 10, 11),
    ]);
  });

  it('transpose: [d1, ..., dr, p1, ..., pr]', () => {
    expect(run(layoutKernel('transpose', 1), [sixteen], [2, 3, 2, 2, 0, 1])).toEqual([
      Float32Array.of(0, 2, 4, 6, 8, 10, 1, 3, 5, 7, 9, 11),
    ]);
  });

  it('map: broadcasts by stride 0, across the borders of chunks', () => {
    const kernel: Kernel = {
      key: 'k',
      kind: 'map',
      inputs: [
        { dtype: 'float32', dims: [true, true] },
        { dtype: 'float32', dims: [true, false] },
        { dtype: 'float32', dims: [false, true] },
      ],
      outputs: [{ dtype: 'float32', value: 3 }],
      ops: [{ fn: 'linear', args: [0, 1, 2], params: [0, 1, 2, 3], dtype: 'float32' }],
    };
    const [rows, columns] = [7, 1001];
    const full = Float32Array.from({ length: rows * columns }, (_, i) => i);
    const column = Float32Array.from({ length: rows }, (_, i) => i);
    const row = Float32Array.from({ length: columns }, (_, i) => i);
    const [out] = run(kernel, [full, column, row], [rows, columns], [1, 2, 4, 1]);
    expect(out).toEqual(full.map((x, i) => x + 2 * Math.floor(i / columns) + 4 * (i % columns) + 1));
  });

  it('have as many elements as kernelLength says', () => {
    expect(kernelLength(layoutKernel('reduce', 1), [2, 3, 4])).toBe(8);
    expect(kernelLength(layoutKernel('argmax', 1), [2, 3, 4])).toBe(8);
    expect(kernelLength(layoutKernel('concat', 2), [2, 3, 4, 5])).toBe(54);
    expect(kernelLength(layoutKernel('slice', 1), [2, 9, 3, 4, 5])).toBe(30);
    expect(kernelLength(layoutKernel('transpose', 1), [2, 3, 1, 0])).toBe(6);
    expect(kernelLength(layoutKernel('transpose', 1), [])).toBe(1);
    expect(kernelLength(layoutKernel('map', 0), [2, 3])).toBe(6);
  });
});

describe('precision', () => {
  const linear: Kernel = {
    key: 'l',
    kind: 'map',
    inputs: [
      { dtype: 'float32', dims: [true] },
      { dtype: 'float32', dims: [true] },
    ],
    outputs: [{ dtype: 'float32', value: 2 }],
    ops: [{ fn: 'linear', args: [0, 1], params: [0, 1, 2], dtype: 'float32' }],
  };
  const inputs = [0, 1].map((j) => Float32Array.from({ length: 100 }, (_, i) => Math.sin(i + 2 * j)));
  const [c, d, e] = [0.7, -1.9, 0.013];

  it('float32 rounds parameters, every product and every sum, in order', () => {
    const f = Math.fround;
    const expected = inputs[0]!.map((a, i) => f(f(f(f(c) * a) + f(f(d) * inputs[1]![i]!)) + f(e)));
    expect(run(linear, inputs, [100], [c, d, e])).toEqual([expected]);
  });

  it('float64 never rounds', async () => {
    const [a, b] = inputs.map((input) => Float64Array.from(input)) as [Float64Array, Float64Array];
    expect(run(linear, [a, b], [100], [c, d, e], 'float64')).toEqual([a.map((x, i) => c * x + d * b[i]! + e)]);
    const third = tensor([1 / 3], [1], { backend: createReferenceBackend() });
    expect(await third.mul(3).cast('float16').cast('float32').data()).toEqual(Float64Array.of(1));
  });

  it('stores each dtype in the class that storageOf names', () => {
    const dtypes = ['float32', 'float16', 'int32', 'bool'] as const;
    expect(dtypes.map((dtype) => storageOf(dtype, 'float32'))).toEqual([
      Float32Array,
      Uint16Array,
      Int32Array,
      Uint8Array,
    ]);
    expect(dtypes.map((dtype) => storageOf(dtype, 'float64'))).toEqual([
      Float64Array,
      Float64Array,
      Int32Array,
      Uint8Array,
    ]);
  });

  it('computes float16 in float32 and rounds when it stores', async () => {
    const backend = createReferenceBackend({ precision: 'float32' });
    const x = await tensor([1, 2 ** -11, 2 ** -11], [3], { backend, dtype: 'float16' }).realize();
    expect([...(await x.sum(0).data())].map(halfToFloat)).toEqual([1 + 2 ** -10]);
    const y = x.add(x.mul(x)).mul(1 / 3);
    const exact = (v: number) =>
      floatToHalf(
        Math.fround(Math.fround(Math.fround(1 / 3) * v) + Math.fround(Math.fround(1 / 3) * Math.fround(v * v))),
      );
    expect([...(await y.data())]).toEqual([1, 2 ** -11, 2 ** -11].map(exact));
  });

  it('float64 rounds float16 only when it is read', async () => {
    const x = tensor([1 / 3], [1], { backend: createReferenceBackend(), dtype: 'float16' });
    expect(await x.mul(2).data()).toEqual(Uint16Array.of(floatToHalf(2 * halfToFloat(floatToHalf(1 / 3)))));
  });
});

describe('handles', () => {
  it('are dead after release', () => {
    const backend = createReferenceBackend();
    const handle = backend.upload(Float32Array.of(1), 'float32');
    backend.release(handle);
    expect(() => backend.download(handle)).toThrow(code('DISPOSED'));
    expect(() => backend.release(handle)).toThrow(code('DISPOSED'));
    expect(() => backend.native!(handle)).toThrow(code('DISPOSED'));
    expect(backend.stats!().live).toBe(0);
  });

  it('hold a copy: neither the uploaded array nor the downloaded one is shared', async () => {
    const backend = createReferenceBackend({ precision: 'float32' });
    const mine = Float32Array.of(1);
    const handle = backend.upload(mine, 'float32');
    mine[0] = 2;
    (await backend.download(handle))[0] = 3;
    expect(await backend.download(handle)).toEqual(Float32Array.of(1));
  });
});
