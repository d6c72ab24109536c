import { describe, expect, it } from 'vitest';
import { createReferenceBackend } from '../../src/reference/index.ts';
import {
  concat,
  type DType,
  iota,
  linear,
  logAddExp,
  logSumExp,
  type Tensor,
  tensor,
  where,
} from '../../src/tensor/index.ts';

const backend = createReferenceBackend();
const code = (expected: string) => expect.objectContaining({ code: expected });
const values = async (x: Tensor) => [...(await x.data())];

function t(data: readonly number[], shape: readonly number[] = [data.length], dtype: DType = 'float32'): Tensor {
  return tensor(data, shape, { backend, dtype });
}

describe('operations', () => {
  const x = t([1, -2, 3]);
  const y = t([4, 0.5, -1]);
  const matrix = t([1, 2, 3, 4, 7, 6], [2, 3]);

  it('compute elementwise what their names say', async () => {
    expect(await values(x.add(y))).toEqual([5, -1.5, 2]);
    expect(await values(x.sub(y))).toEqual([-3, -2.5, 4]);
    expect(await values(x.mul(y))).toEqual([4, -1, -3]);
    expect(await values(x.div(y))).toEqual([0.25, -4, -3]);
    expect(await values(x.div(2).add(1).neg())).toEqual([-1.5, 0, -2.5]);
    expect(await values(x.clamp(-1, 2))).toEqual([1, -1, 2]);
    expect(await values(x.maximum(0).minimum(y))).toEqual([1, 0, -1]);
    expect(await values(x.eq(-2))).toEqual([0, 1, 0]);
    expect(await values(where(x.eq(-2), y, 7))).toEqual([7, 0.5, 7]);
    expect(await values(x.exp())).toEqual([Math.E, Math.exp(-2), Math.exp(3)]);
    expect(await values(x.abs().log())).toEqual([0, Math.LN2, Math.log(3)]);
    expect(await values(x.abs().sqrt())).toEqual([1, Math.SQRT2, Math.sqrt(3)]);
    const terms = [[2, x] as const, [3, y] as const];
    expect(await values(linear(terms, 1))).toEqual([15, -1.5, 4]);
    expect(await values(where(x.eq(1), 2, 3))).toEqual([2, 3, 3]);
  });

  it('reduce an axis away, counted from either end', async () => {
    expect(await values(matrix.sum(0))).toEqual([5, 9, 9]);
    expect(await values(matrix.sum(-1))).toEqual([6, 17]);
    expect(await values(matrix.amax(1))).toEqual([3, 7]);
    expect(await values(matrix.amin(0))).toEqual([1, 2, 3]);
    expect(await values(matrix.argmax(1))).toEqual([2, 1]);
    expect(matrix.argmax(1).dtype).toBe('int32');
  });

  it('rearrange elements', async () => {
    expect(await values(concat([x, y, x], 0).slice(0, 2, 2))).toEqual([3, 4]);
    expect(await values(concat([matrix, matrix], 1))).toEqual([1, 2, 3, 1, 2, 3, 4, 7, 6, 4, 7, 6]);
    expect(await values(matrix.slice(1, 1, 2))).toEqual([2, 3, 7, 6]);
    expect(await values(matrix.transpose([1, 0]))).toEqual([1, 4, 2, 7, 3, 6]);
    expect(await values(matrix.transpose([-1, 0]).reshape([2, -1]))).toEqual([1, 4, 2, 7, 3, 6]);
    expect(matrix.unsqueeze(1).shape).toEqual([2, 1, 3]);
    expect(matrix.unsqueeze(-1).shape).toEqual([2, 3, 1]);
  });

  it('work on NaN and infinities as torch does', async () => {
    const odd = t([NaN, Infinity, -Infinity, 0]);
    expect(await values(odd.clamp(-1, 1))).toEqual([NaN, 1, -1, 0]);
    expect(await values(odd.maximum(0))).toEqual([NaN, Infinity, 0, 0]);
    expect(await values(t([1, 1]).minimum(t([NaN, 2])))).toEqual([NaN, 1]);
    expect(await values(odd.eq(odd))).toEqual([0, 1, 1, 1]);
    expect(await values(odd.amax(0).unsqueeze(0))).toEqual([NaN]);
    expect(await values(t([1, NaN, 5, NaN]).argmax(0))).toEqual([1]);
    expect(await values(t([3, 5, 5]).argmax(0))).toEqual([1]);
    expect(await values(t([-1, 0]).log())).toEqual([NaN, -Infinity]);
    expect(await values(t([1, 0]).div(t([0, 0])))).toEqual([Infinity, NaN]);
  });

  it('refuse what has no meaning', () => {
    expect(() => x.add(matrix.reshape([3, 2]))).toThrow(code('SHAPE_MISMATCH'));
    expect(() => x.sum(1)).toThrow(code('SHAPE_MISMATCH'));
    expect(() => x.slice(0, 2, 2)).toThrow(code('SHAPE_MISMATCH'));
    expect(() => matrix.transpose([0, 0])).toThrow(code('SHAPE_MISMATCH'));
    expect(() => matrix.reshape([4, 2])).toThrow(code('SHAPE_MISMATCH'));
    expect(() => matrix.reshape([4, -1])).toThrow(code('SHAPE_MISMATCH'));
    expect(() => concat([], 0)).toThrow(code('SHAPE_MISMATCH'));
    expect(() => concat([x, matrix], 0)).toThrow(code('SHAPE_MISMATCH'));
    expect(() => concat([matrix, t([1, 2], [1, 2])], 0)).toThrow(code('SHAPE_MISMATCH'));
    expect(() => tensor([1, 2], [3])).toThrow(/shape \[3\] has 3 elements, but there are 2/);
    expect(() => tensor([], [-1, 0])).toThrow(code('SHAPE_MISMATCH'));
    expect(() => where(x, x, y)).toThrow(code('DTYPE_UNSUPPORTED'));
    expect(() => x.clamp(NaN, 1)).toThrow(code('NUMERIC'));
  });
});

describe('broadcasting', () => {
  it('follows numpy: aligned at the last dimension, sizes of 1 stretch', async () => {
    const column = t([10, 20], [2, 1]);
    const row = t([1, 2, 3]);
    expect(column.add(row).shape).toEqual([2, 3]);
    expect(await values(column.add(row))).toEqual([11, 12, 13, 21, 22, 23]);
    expect(await values(t([5], []).mul(row))).toEqual([5, 10, 15]);
    expect(await values(t([5], []).add(1))).toEqual([6]);
    const cube = t([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2]);
    expect(await values(cube.sub(t([1, 5], [2, 1, 1])))).toEqual([0, 1, 2, 3, 0, 1, 2, 3]);
    expect(await values(cube.mul(t([1, 0, 0, 1], [2, 1, 2])))).toEqual([1, 0, 3, 0, 0, 6, 0, 8]);
    expect(await values(where(column.eq(10), row, 0))).toEqual([1, 2, 3, 0, 0, 0]);
  });

  it('needs no copy of coordinates: iota has sizes of 1 beside its axis', async () => {
    expect(iota([2, 3], 1).shape).toEqual([1, 3]);
    expect(await values(iota([2, 3], 1).eq(t([1, 2], [2, 1], 'int32')))).toEqual([0, 1, 0, 0, 0, 1]);
    expect(await values(iota([4, 9], 0))).toEqual([0, 1, 2, 3]);
  });
});

describe('logSumExp and logAddExp', () => {
  const inf = Infinity;

  it('are exact where nothing can overflow or vanish', async () => {
    expect(await values(logSumExp(t([0, Math.log(3), 1000, 1000], [2, 2]), 1))).toEqual([Math.log(4), 1000 + Math.LN2]);
    expect(await values(logAddExp(t([0, 1000, -1000]), t([0, 1000, -1000])))).toEqual([
      Math.LN2,
      1000 + Math.LN2,
      -1000 + Math.LN2,
    ]);
  });

  it('keep -Infinity and never make NaN of it, as torch', async () => {
    expect(await values(logSumExp(t([-inf, -inf, -inf, 2, inf, 0], [3, 2]), -1))).toEqual([-inf, 2, inf]);
    expect(await values(logAddExp(t([-inf, -inf, 0, inf, NaN]), t([-inf, 3, -inf, -inf, 0])))).toEqual([
      -inf,
      3,
      0,
      inf,
      NaN,
    ]);
    expect(await values(logAddExp(t([-inf, 0]), -inf))).toEqual([-inf, 0]);
    expect(await values(logAddExp(0, t([0])))).toEqual([Math.LN2]);
  });

  it('hold in float32 and float16 storage, one operation at a time', async () => {
    const eager = createReferenceBackend({ precision: 'float32', maxOps: 1 });
    for (const dtype of ['float32', 'float16'] as const) {
      const x = tensor([-inf, -inf, -inf, 2], [2, 2], { backend: eager, dtype });
      const z = logSumExp(x, 1);
      expect(z.dtype).toBe(dtype);
      expect(await values(z.cast('float32'))).toEqual([-inf, 2]);
      expect(await values(logAddExp(x, -inf).cast('float32'))).toEqual([-inf, -inf, -inf, 2]);
      expect(logAddExp(x, 0).dtype).toBe(dtype);
    }
  });
});

describe('dtypes', () => {
  const of = (dtype: DType) => t([1, 0], [2], dtype);

  it('of results: numbers never promote, float16 stays where every float is float16', () => {
    const [f32, f16, i32, bool] = (['float32', 'float16', 'int32', 'bool'] as const).map(of) as [
      Tensor,
      Tensor,
      Tensor,
      Tensor,
    ];
    expect([f16.mul(2), f16.add(f16), f16.mul(i32), f16.exp(), where(bool, f16, 1)].map((x) => x.dtype)).toEqual(
      Array(5).fill('float16'),
    );
    expect([f16.add(f32), i32.mul(f32), i32.div(i32), i32.exp(), bool.mul(f32)].map((x) => x.dtype)).toEqual(
      Array(5).fill('float32'),
    );
    expect([i32.mul(2), i32.add(bool), bool.add(1), i32.abs(), i32.argmax(0), bool.sum(0)].map((x) => x.dtype)).toEqual(
      Array(6).fill('int32'),
    );
    expect(
      [f32.eq(0), bool.eq(bool), i32.eq(f32), where(bool, bool, bool), i32.cast('bool')].map((x) => x.dtype),
    ).toEqual(Array(5).fill('bool'));
    expect(concat([f16, f32], 0).dtype).toBe('float32');
  });

  it('of whole numbers take whole numbers only', () => {
    const i32 = of('int32');
    expect(() => i32.mul(0.5)).toThrow(code('DTYPE_UNSUPPORTED'));
    expect(() => i32.add(2 ** 25)).toThrow(code('DTYPE_UNSUPPORTED'));
    expect(() => i32.eq(0.5)).toThrow(code('DTYPE_UNSUPPORTED'));
    expect(() => i32.clamp(0, Infinity)).toThrow(code('DTYPE_UNSUPPORTED'));
    expect(i32.div(2).node.dtype).toBe('float32');
  });

  it('compute whole numbers exactly', async () => {
    const big = t([16777217, -5], [2], 'int32');
    expect(await values(big.mul(2).add(1))).toEqual([33554435, -9]);
    expect(await values(big.mul(big.clamp(-3, 3)).maximum(-100))).toEqual([50331651, 15]);
    expect(await values(big.div(2))).toEqual([8388608.5, -2.5]);
    expect(await values(of('bool').mul(t([0.5, 0.5])))).toEqual([0.5, 0]);
    expect(await values(of('bool').sum(0).add(of('bool')))).toEqual([2, 1]);
  });

  it('convert by truncation, and to bool by comparison with 0', async () => {
    expect(await values(t([1.9, -1.9, 0.5]).cast('int32'))).toEqual([1, -1, 0]);
    expect(await values(t([0.5, 0, NaN, -0]).cast('bool'))).toEqual([1, 0, 1, 0]);
    expect(await values(t([7, 0], [2], 'int32').cast('bool').cast('float32'))).toEqual([1, 0]);
    const float32 = createReferenceBackend({ precision: 'float32' });
    const third = tensor([1 / 3], [1], { backend: float32 });
    expect(await values(third.cast('float16').cast('float32'))).toEqual([0.333251953125]);
    expect(await values(third.cast('float16'))).toEqual([0x3555]);
  });
});

describe('host data', () => {
  it('keeps its dtype by the kind of array', () => {
    const kinds = [[1], Float32Array.of(1), Float64Array.of(1), Uint16Array.of(1), Int32Array.of(1), Uint8Array.of(1)];
    const dtypes = ['float32', 'float32', 'float32', 'float16', 'int32', 'bool'];
    expect(kinds.map((data) => tensor(data, [1]).dtype)).toEqual(dtypes);
    expect(() => tensor(new BigInt64Array(1) as never, [1])).toThrow(code('DTYPE_UNSUPPORTED'));
    expect(() => tensor(new Int16Array(1) as never, [1])).toThrow(/Int16Array/);
  });

  it('is converted to the dtype that is asked for', async () => {
    expect(await values(tensor([1.5, 2], [2], { dtype: 'float16' }))).toEqual([0x3e00, 0x4000]);
    expect(await values(tensor(Int32Array.of(0, 3), [2], { dtype: 'bool' }))).toEqual([0, 1]);
    expect(await values(tensor(Uint8Array.of(255), [1], { dtype: 'float32' }))).toEqual([255]);
    expect(() => tensor(Uint16Array.of(0x3c00), [1], { dtype: 'float32' })).toThrow(code('DTYPE_UNSUPPORTED'));
  });

  it('may be a Float16Array where the runtime has one', async () => {
    const bits = Uint16Array.of(0, 0x3c00, 0x4000);
    const half = { [Symbol.toStringTag]: 'Float16Array' as const, buffer: bits.buffer, byteOffset: 2, length: 2 };
    const x = tensor(half, [2], { backend });
    expect(x.dtype).toBe('float16');
    expect(await values(x.cast('float32'))).toEqual([1, 2]);
  });

  it('is read back without a backend, numbers as Float32Array', async () => {
    const mine = Float32Array.of(1, 2);
    expect(await tensor(mine, [2]).data()).toBe(mine);
    expect(await tensor([1 / 3], [1]).data()).toEqual(Float32Array.of(1 / 3));
    const shape = [2];
    const x = tensor(mine, shape);
    shape[0] = 5;
    expect(x.shape).toEqual([2]);
  });

  it('keeps float64 on the float64 reference', async () => {
    expect(await values(t([1 / 3]).mul(3))).toEqual([1]);
    expect(await values(t([1 / 3]))).toEqual([1 / 3]);
  });
});
