// Who owns a buffer, and that nothing is left when a kernel fails or two computations overlap.
import { describe, expect, it } from 'vitest';
import type { Backend } from '../../src/backend.ts';
import { createReferenceBackend } from '../../src/reference/index.ts';
import { adopt, iota, nativeOf, realize, realizeStep, tensor, type Tensor } from '../../src/tensor/index.ts';
import { code, live, vector } from './vectors.ts';

/** A backend whose kernels finish later, and which can be told to fail at its n-th kernel. */
function laterBackend(failAt = Infinity): Backend {
  const inner = createReferenceBackend();
  let runs = 0;
  return {
    ...inner,
    run: async (kernel, inputs, params, sizes) => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      if (runs++ === failAt) throw new Error('device fell over');
      return inner.run(kernel, inputs, params, sizes);
    },
  };
}

describe('buffers', () => {
  it('of a step are its results only', async () => {
    const backend = createReferenceBackend({ maxOps: 1 });
    const x = await vector(backend, 1, 2).realize();
    const prev = x.mul(x).clamp(0, 3).mul(2);
    await prev.realize();
    expect(live(backend)).toBe(2);
    x.dispose();
    prev.dispose();
    expect(live(backend)).toBe(0);
  });

  it('are shared by roots of one node and freed by the last owner', async () => {
    const backend = createReferenceBackend();
    const sum = vector(backend, 1, 2).add(1);
    const twin = sum.clone();
    const view = sum.reshape([2, 1]);
    await realize(sum, twin, view);
    expect(live(backend)).toBe(1);
    sum.dispose();
    sum.dispose();
    twin.dispose();
    expect(live(backend)).toBe(1);
    expect(view.shape).toEqual([2, 1]);
    expect([...(await view.data())]).toEqual([2, 3]);
    view.dispose();
    expect(live(backend)).toBe(0);
  });

  it('of clones made before the computation belong to all of them', async () => {
    const backend = createReferenceBackend();
    const sum = vector(backend, 1, 2).add(1);
    const twin = sum.clone();
    await sum.realize();
    sum.dispose();
    expect([...(await twin.data())]).toEqual([2, 3]);
    twin.dispose();
    expect(live(backend)).toBe(0);
  });

  it('of host data in an expression live for that computation only', async () => {
    const backend = createReferenceBackend();
    const mask = iota([2, 3], 1).eq(1).cast('float32');
    const x = await tensor([1, 2, 3], [3], { backend }).realize();
    const y = x.add(mask).add(tensor([1, 1, 1], [3]));
    await y.realize();
    expect(live(backend)).toBe(2);
    expect([...(await y.data())]).toEqual([2, 4, 4]);
  });

  it('stay away for a root that is a leaf already, and for no roots', async () => {
    const backend = createReferenceBackend();
    const x = await vector(backend, 1, 2).realize();
    await realize(x, x);
    await realize();
    expect(backend.stats!()).toMatchObject({ live: 1, dispatches: 0 });
  });

  it('are adopted without a copy where the backend can', async () => {
    const backend = createReferenceBackend({ precision: 'float32' });
    const mine = Float32Array.of(1, 2);
    const x = adopt(mine, [2], 'float32', backend);
    expect(nativeOf(x)).toBe(mine);
    const host = await tensor(mine, [2], { backend }).realize();
    expect(nativeOf(host)).toBe(mine);
    expect(nativeOf(x.add(1))).toBeUndefined();
    expect(() => adopt(Int32Array.of(1), [1], 'float32', backend)).toThrow(code('BACKEND_MISMATCH'));
    x.dispose();
    host.dispose();
    expect(live(backend)).toBe(0);
  });

  it('may be one input twice', async () => {
    const backend = createReferenceBackend();
    const x = await vector(backend, 1, 2, 3).realize();
    expect([...(await x.mul(x.reshape([3, 1])).data())]).toEqual([1, 2, 3, 2, 4, 6, 3, 6, 9]);
    expect([...(await x.mul(x).data())]).toEqual([1, 4, 9]);
  });

  it('of no elements pass through every kind of kernel', async () => {
    const backend = createReferenceBackend();
    const x = tensor([], [0, 3], { backend });
    expect((await x.add(1).mul(x).data()).length).toBe(0);
    expect([...(await x.sum(0).data())]).toEqual([0, 0, 0]);
    expect((await x.amax(1).data()).length).toBe(0);
    expect((await x.argmax(1).data()).length).toBe(0);
    expect((await x.transpose([1, 0]).data()).length).toBe(0);
    expect((await x.slice(1, 1, 2).data()).length).toBe(0);
    expect(x.reshape([3, -1]).shape).toEqual([3, 0]);
    expect(() => x.amax(0)).toThrow(code('SHAPE_MISMATCH'));
  });
});

describe('a failing kernel', () => {
  it.each([0, 1, 2])('number %i leaves no buffer behind, and the roots can be tried again', async (failAt) => {
    const backend = laterBackend(failAt);
    const x = tensor([1, 2, 3, 4], [2, 2], { backend });
    const y = x.mul(x).sum(0).add(1).amax(0).add(2);
    await expect(y.realize()).rejects.toThrow('device fell over');
    expect(live(backend)).toBe(0);
    expect([...(await y.data())]).toEqual([23]);
    y.dispose();
    expect(live(backend)).toBe(0);
  });

  it('that throws at once leaves no buffer behind', () => {
    const inner = createReferenceBackend();
    const backend: Backend = {
      ...inner,
      run: () => {
        throw new Error('no');
      },
    };
    expect(() => realizeStep([vector(backend, 1).add(1)])).toThrow('no');
    expect(live(backend)).toBe(0);
  });

  it('is not even reached when an upload fails', () => {
    const inner = createReferenceBackend();
    let uploads = 0;
    const backend: Backend = {
      ...inner,
      adopt: () => undefined,
      upload: (data, dtype) => (uploads++ ? fail() : inner.upload(data, dtype)),
    };
    expect(() => realizeStep([vector(backend, 1).add(vector(backend, 2))])).toThrow('full');
    expect(live(backend)).toBe(0);
  });
});

function fail(): never {
  throw new Error('full');
}

describe('overlapping computations', () => {
  it('of one expression keep one buffer', async () => {
    const backend = laterBackend();
    const y = vector(backend, 1, 2).add(1);
    await Promise.all([y.realize(), y.realize(), y.data()]);
    expect(live(backend)).toBe(1);
    y.dispose();
    expect(live(backend)).toBe(0);
  });

  it('keep an input alive that is disposed meanwhile', async () => {
    const backend = laterBackend();
    const x = await vector(backend, 1, 2).realize();
    const y = x.mul(x).sum(0);
    const running = y.realize();
    x.dispose();
    await running;
    expect([...(await y.data())]).toEqual([5]);
    expect(live(backend)).toBe(1);
  });

  it('drop a result that is disposed meanwhile', async () => {
    const backend = laterBackend();
    const y = vector(backend, 1, 2).add(1);
    const running = y.realize();
    y.dispose();
    await running;
    expect(live(backend)).toBe(0);
  });

  it('do not exist on a synchronous backend: realizeStep is over when it returns', () => {
    const backend = createReferenceBackend();
    const y = vector(backend, 1, 2).add(1);
    expect(realizeStep([y])).toBeUndefined();
    expect(live(backend)).toBe(1);
  });
});

describe('an operation that changes nothing', () => {
  const operations = {
    cast: (x: Tensor) => x.cast('float32'),
    reshape: (x: Tensor) => x.reshape([2]),
    slice: (x: Tensor) => x.slice(0, 0, 2),
  };

  it.each(Object.entries(operations))(
    '%s: its result does not keep the buffer of its argument alive',
    async (_, same) => {
      const backend = createReferenceBackend();
      const x = await vector(backend, 1, 2).realize();
      const y = same(x);
      x.dispose();
      expect(live(backend)).toBe(0);
      await expect(y.realize()).rejects.toEqual(code('DISPOSED'));
    },
  );

  it.each(Object.entries(operations))('%s of an expression: one dispose frees the result', async (_, same) => {
    const backend = createReferenceBackend();
    const x = await vector(backend, 1, 2).realize();
    const y = await same(x.mul(2)).realize();
    x.dispose();
    expect(Array.from(await y.data())).toEqual([2, 4]);
    y.dispose();
    expect(live(backend)).toBe(0);
  });

  it.each(Object.entries(operations))('%s: once realised, it has a share of its own', async (_, same) => {
    const backend = createReferenceBackend();
    const x = await vector(backend, 1, 2).realize();
    const y = await same(x).realize();
    x.dispose();
    expect(Array.from(await y.data())).toEqual([1, 2]);
    y.dispose();
    expect(live(backend)).toBe(0);
  });
});
