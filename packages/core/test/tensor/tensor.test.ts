import { describe, expect, it } from 'vitest';
import { createReferenceBackend } from '../../src/reference/index.ts';
import { concat, iota, linear, logAddExp, logSumExp, realize, Tensor, tensor, where } from '../../src/tensor/index.ts';

const backend = createReferenceBackend();
const t = (
  data: number[],
  shape: readonly number[] = [data.length],
  dtype?: 'float32' | 'int32' | 'bool' | 'float16',
) => tensor(data, shape, { backend, ...(dtype && { dtype }) });
const values = async (x: Tensor) => [...(await x.data())];

describe('operations', () => {
  it('compute what their names say', async () => {
    const x = t([1, -2, 3]);
    const y = t([4, 0.5, -1]);
    expect(await values(x.add(y))).toEqual([5, -1.5, 2]);
    expect(await values(x.sub(y))).toEqual([-3, -2.5, 4]);
    expect(await values(x.mul(y))).toEqual([4, -1, -3]);
    expect(await values(x.div(y))).toEqual([0.25, -4, -3]);
    expect(await values(x.div(2).add(1).neg())).toEqual([-1.5, 0, -2.5]);
    expect(await values(x.clamp(-1, 2))).toEqual([1, -1, 2]);
    expect(await values(x.maximum(0).minimum(y))).toEqual([1, 0, -1]);
    expect(await values(x.eq(-2))).toEqual([0, 1, 0]);
    expect(await values(where(x.eq(-2), y, 7))).toEqual([7, 0.5, 7]);
    expect(await values(x.abs().sqrt().log().exp())).toEqual([
      1,
      Math.exp(Math.log(Math.SQRT2)),
      Math.exp(Math.log(Math.sqrt(3))),
    ]);
    expect(
      await values(
        linear(
          [
            [2, x],
            [3, y],
          ],
          1,
        ),
      ),
    ).toEqual([15, -1.5, 4]);
    expect(await values(concat([x, y], 0).slice(0, 2, 2))).toEqual([3, 4]);
    expect(await values(t([1, 2, 3, 4, 5, 6], [2, 3]).transpose([1, 0]))).toEqual([1, 4, 2, 5, 3, 6]);
    expect(await values(t([1, 2, 3, 4, 5, 6], [2, 3]).sum(0))).toEqual([5, 7, 9]);
    expect(await values(t([1, 2, 3, 4, 7, 6], [2, 3]).argmax(1))).toEqual([2, 1]);
    expect(await values(iota([2, 3], 1).eq(t([1, 2], [2, 1], 'int32')))).toEqual([0, 1, 0, 0, 0, 1]);
    expect(await values(logSumExp(t([0, Math.log(3), -Infinity, -Infinity], [2, 2]), 1))).toEqual([
      Math.log(4),
      -Infinity,
    ]);
    expect(await values(logAddExp(t([0, -Infinity, -Infinity]), t([0, 1, -Infinity])))).toEqual([
      Math.log(2),
      1,
      -Infinity,
    ]);
  });
});
