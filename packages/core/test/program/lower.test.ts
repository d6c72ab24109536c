import { describe, expect, it } from 'vitest';
import type { Capabilities } from '../../src/backend.ts';
import { lower, type OpName } from '../../src/program/index.ts';
import { createReferenceBackend } from '../../src/reference/index.ts';
import { concat, linear, logSumExp, realize, type Tensor, tensor, where } from '../../src/tensor/index.ts';

const { capabilities } = createReferenceBackend();
const code = (expected: string) => expect.objectContaining({ code: expected });
const host = (...shape: number[]) => tensor(new Float32Array(shape.reduce((a, b) => a * b, 1)), shape);
const programOf = (roots: readonly Tensor[], limits: Partial<Capabilities> = {}) =>
  lower(
    roots.map((root) => root.node),
    { ...capabilities, ...limits },
  );
const keysOf = (roots: readonly Tensor[], limits?: Partial<Capabilities>) =>
  programOf(roots, limits).steps.map(({ kernel }) => kernel.key);

function ddim(x: Tensor, out: Tensor, alpha: number, clip?: number): readonly Tensor[] {
  let x0 = x.sub(out.mul(Math.sqrt(1 - alpha))).div(Math.sqrt(alpha));
  if (clip !== undefined) x0 = x0.clamp(-clip, clip);
  return [x0.mul(0.9).add(out.mul(0.3)), x0];
}

function euler(x: Tensor, out: Tensor, sigma: number): readonly Tensor[] {
  const x0 = x.sub(out.mul(sigma));
  return [x.add(x.sub(x0).div(sigma).mul(-0.1)), x0];
}

function dpmpp2m(x: Tensor, out: Tensor, old: Tensor): readonly Tensor[] {
  const x0 = x.sub(out.mul(0.6)).div(0.8);
  const d = x0.add(x0.sub(old).div(1.4));
  return [x.mul(0.7).sub(d.mul(0.5)), x0];
}

describe('keys', () => {
  const [x, out] = [host(1, 4, 8, 8), host(1, 4, 8, 8)];

  it('hold structure only: neither coefficients nor sizes', () => {
    const key = keysOf(ddim(x, out, 0.5));
    expect(keysOf(ddim(x, out, 0.25))).toEqual(key);
    expect(keysOf(ddim(host(3, 7), host(3, 7), 0.25))).toEqual(key);
    expect(keysOf(ddim(x, out, 0.5, 1))).not.toEqual(key);
    expect(keysOf(ddim(x, host(4, 1, 1), 0.5))).not.toEqual(key);
    expect(keysOf(ddim(x, out.cast('float16'), 0.5)).at(-1)).not.toEqual(key[0]);
  });

  it('that are equal mean the same kernel object, across backends', () => {
    const [a] = programOf(ddim(x, out, 0.5)).steps;
    const [b] = programOf(ddim(host(9), host(9), 0.3), { maxBuffers: 8 }).steps;
    expect(a!.kernel).toBe(b!.kernel);
  });

  it('of DDIM and Euler are one and the same', () => {
    expect(keysOf(euler(x, out, 2))).toEqual(keysOf(ddim(x, out, 0.5)));
  });
});

describe('fusion', () => {
  const [x, out, old] = [host(2, 3), host(2, 3), host(2, 3)];

  it('makes one kernel of a DDIM, Euler or DPM++ 2M step', () => {
    for (const step of [ddim(x, out, 0.5), ddim(x, out, 0.5, 1), euler(x, out, 2), dpmpp2m(x, out, old)]) {
      expect(programOf(step).steps).toHaveLength(1);
    }
    const [step] = programOf(dpmpp2m(x, out, old)).steps;
    expect(step!.kernel.ops.map(({ fn }) => fn)).toEqual(['linear', 'linear']);
    expect(step!.sizes).toEqual([6]);
    expect(step!.params).toHaveLength(5);
  });

  it('is cut to one operation each by maxOps 1', () => {
    const kernels = programOf(ddim(x, out, 0.5, 1), { maxOps: 1 }).steps.map(({ kernel }) =>
      kernel.ops.map(({ fn }) => fn),
    );
    expect(kernels).toEqual([['linear'], ['clamp'], ['linear']]);
  });

  it('never crosses a reduction, and joins what lies beside it', () => {
    const scores = host(4, 5);
    const z = logSumExp(scores, 1);
    const kinds = programOf([scores.sub(z.unsqueeze(1)).exp()]).steps.map(({ kernel }) => kernel.reduce ?? kernel.kind);
    expect(kinds).toEqual(['amax', 'map', 'map', 'sum', 'map', 'map']);
  });

  it('writes constants out where they are used', () => {
    const [step, ...rest] = programOf([where(x.eq(0), 1, 2).add(where(out.eq(0), 1, x))]).steps;
    expect(rest).toEqual([]);
    expect(step!.kernel.inputs).toHaveLength(2);
  });

  it('sees through views of buffers', () => {
    expect(programOf([x.exp(), host(6).reshape([2, 3]).exp()]).steps).toHaveLength(1);
  });

  it('does not wait for values of another level: no kernel needs its own result', () => {
    const a = x.exp();
    const b = a.sum(1).unsqueeze(1).add(a);
    const kinds = programOf([b.mul(a)]).steps.map(({ kernel }) => kernel.kind);
    expect(kinds).toEqual(['map', 'reduce', 'map']);
  });

  it('gives a buffer back after its last use', () => {
    const { steps, results } = programOf([x.exp().sum(0).exp().sum(0)]);
    expect(steps.map(({ frees }) => frees)).toEqual([[0], [1], [2], [3]]);
    expect(results).toEqual([4]);
  });
});

describe('dimensions', () => {
  const sizesAndDims = (root: Tensor) => {
    const { kernel, sizes } = programOf([root]).steps[0]!;
    return { sizes, dims: kernel.inputs.map(({ dims }) => dims.map(Number).join('')) };
  };

  it('merge wherever all inputs agree', () => {
    expect(sizesAndDims(host(2, 3, 4).add(host(2, 3, 4)))).toEqual({ sizes: [24], dims: ['1', '1'] });
    expect(sizesAndDims(host(2, 3, 4).add(host(4)))).toEqual({ sizes: [6, 4], dims: ['11', '01'] });
    expect(sizesAndDims(host(2, 3, 4, 5).add(host(3, 1, 1)))).toEqual({ sizes: [2, 3, 20], dims: ['111', '010'] });
    expect(sizesAndDims(host(2, 1, 4).add(host(2, 1, 1)))).toEqual({ sizes: [2, 4], dims: ['11', '10'] });
    expect(sizesAndDims(host(2, 3).mul(host(1, 1)))).toEqual({ sizes: [6], dims: ['1', '0'] });
    expect(sizesAndDims(host(1, 1).mul(host()))).toEqual({ sizes: [1], dims: ['1', '1'] });
    expect(sizesAndDims(host(2, 1).mul(host(1, 3)))).toEqual({ sizes: [2, 3], dims: ['10', '01'] });
    expect(sizesAndDims(host(0, 3).mul(host(3)))).toEqual({ sizes: [0, 3], dims: ['11', '01'] });
  });
});

describe('limits', () => {
  it('on buffers cut a long sum into partial sums', async () => {
    for (const dtype of ['float32', 'float16'] as const) {
      const [narrow, wide] = [8, Infinity].map((maxBuffers) => longSum(maxBuffers, dtype)) as [Tensor, Tensor];
      const { steps } = lower([narrow.node], { ...capabilities, maxBuffers: 8 });
      expect(steps.map(({ kernel }) => kernel.inputs.length)).toEqual([7, 7, 7, 2]);
      expect(steps.every(({ kernel }) => kernel.inputs.length + kernel.outputs.length <= 8)).toBe(true);
      expect(await narrow.data()).toEqual(await wide.data());
    }
  });

  function longSum(maxBuffers: number, dtype: 'float32' | 'float16'): Tensor {
    const backend = createReferenceBackend({ precision: 'float32', maxBuffers });
    const part = (i: number) =>
      tensor(
        Array.from({ length: 50 }, (_, j) => Math.sin(7 * i + j)),
        [50],
        { backend, dtype },
      );
    return linear(
      Array.from({ length: 20 }, (_, i) => [i + 0.3, part(i)] as const),
      3,
    );
  }

  it('on buffers cut a wide concat', async () => {
    const backend = createReferenceBackend({ maxBuffers: 4 });
    const parts = Array.from({ length: 9 }, (_, i) => tensor([i, -i], [2, 1], { backend }));
    const joined = concat(parts, 1);
    expect(lower([joined.node], backend.capabilities).steps.every(({ inputs }) => inputs.length <= 3)).toBe(true);
    expect([...(await joined.slice(0, 0, 1).data())]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(backend.stats!().live).toBe(1);
  });

  it('let a longer kernel through when it needs fewer buffers than a shorter one', () => {
    const [x, y] = [host(3), host(3)];
    const a = x.exp();
    const sum = a.mul(y).add(a.mul(a)); // two intermediate values are alive in the middle, one at the end
    expect(programOf([sum], { maxBuffers: 3 }).steps).toHaveLength(1);
  });

  it('that not even one operation respects are an error', () => {
    const root = where(host(3).eq(1), host(3), host(3));
    expect(() => programOf([root], { maxBuffers: 3, maxOps: 1 })).toThrow(/'where' alone needs/);
    const { steps } = programOf([root], { maxBuffers: 4, maxOps: 1 });
    expect(steps.map(({ kernel }) => kernel.ops[0]!.fn)).toEqual(['linear', 'eq', 'where']);
  });

  it('on graph size do not exist: a chain of 20000 operations is lowered without recursion', async () => {
    const backend = createReferenceBackend();
    let x = tensor([3], [1], { backend });
    for (let i = 0; i < 20_000; i++) x = x.clamp(-i, i + 1);
    expect([...(await x.data())]).toEqual([1]);
  });
});

describe('capabilities', () => {
  const x = host(3);
  const declared = (ops: readonly OpName[]) => ({ ...capabilities, ops });

  it('that are not declared are refused by name, before anything runs', async () => {
    const roots: readonly (readonly [OpName, Tensor])[] = [
      ['exp', x.exp()],
      ['max', x.maximum(0)],
      ['where', where(x.eq(0).eq(x.eq(0)), x, 0)],
      ['sum', x.sum(0)],
      ['argmax', x.argmax(0)],
      ['concat', concat([x, x], 0)],
      ['slice', x.slice(0, 0, 1)],
      ['transpose', x.transpose([0])],
      ['cast', x.cast('int32')],
    ];
    for (const [op, root] of roots) {
      const others = capabilities.ops.filter((name) => name !== op);
      expect(() => lower([root.node], declared(others))).toThrow(code('OP_UNSUPPORTED'));
      expect(() => lower([root.node], declared(others))).toThrow(`'${op}'`);
      expect(lower([root.node], capabilities).steps.length).toBeGreaterThan(0);
    }
    const small = createReferenceBackend({ ops: [] });
    await expect(realize(tensor([1], [1], { backend: small }).exp())).rejects.toEqual(code('OP_UNSUPPORTED'));
    expect(small.stats!()).toMatchObject({ live: 0, dispatches: 0 });
  });

  it('always include linear, mul, div and clamp', () => {
    expect(lower([x.mul(x).div(x).add(1).clamp(0, 1).node], declared([])).steps).toHaveLength(1);
  });

  it('include dtypes', () => {
    const floats = { ...capabilities, dtypes: ['float32' as const] };
    expect(() => lower([x.cast('float16').node], floats)).toThrow(code('DTYPE_UNSUPPORTED'));
    expect(() => lower([x.eq(0).node], floats)).toThrow(code('DTYPE_UNSUPPORTED'));
  });
});

describe('programs', () => {
  it('are found again: the same structure is lowered once per backend', async () => {
    const backend = createReferenceBackend();
    for (const alpha of [0.5, 0.25, 0.125]) {
      const x = tensor([1, 2], [2], { backend });
      const out = tensor([3, 4], [2], { backend });
      const [prev, x0] = ddim(x, out, alpha, 1) as [Tensor, Tensor];
      await realize(prev, x0);
      expect((await x0.data())[0]).toBe(Math.max(-1, (1 - 3 * Math.sqrt(1 - alpha)) / Math.sqrt(alpha)));
    }
    expect(backend.stats!()).toMatchObject({ dispatches: 3, compiles: 1 });
  });

  it('differ where only wiring, shape or layout numbers differ', async () => {
    const backend = createReferenceBackend();
    const x = await tensor([1, 2, 3, 4, 5, 6], [2, 3], { backend }).realize();
    const y = await tensor([6, 5, 4, 3, 2, 1], [2, 3], { backend }).realize();
    expect([...(await x.div(y).sum(0).data())]).toEqual([1 / 6 + 4 / 3, 2 / 5 + 5 / 2, 3 / 4 + 6]);
    expect([...(await y.div(x).sum(0).data())]).toEqual([6 + 3 / 4, 5 / 2 + 2 / 5, 4 / 3 + 1 / 6]);
    expect([...(await x.sum(1).data())]).toEqual([6, 15]);
    expect([...(await x.slice(1, 0, 2).data())]).toEqual([1, 2, 4, 5]);
    expect([...(await x.slice(1, 1, 2).data())]).toEqual([2, 3, 5, 6]);
    const square = x.mul(x);
    await realize(square.add(1), square);
    expect([...(await square.data())]).toEqual([1, 4, 9, 16, 25, 36]);
  });

  it('differ where only the dtypes or the roots differ', async () => {
    const backend = createReferenceBackend();
    const half = (dtype: 'float32' | 'int32') =>
      tensor([1, 2], [2], { backend, dtype }).mul(tensor([3, 4], [2], { backend, dtype }));
    expect(await half('float32').data()).toEqual(Float64Array.of(3, 8));
    expect(await half('int32').data()).toEqual(Int32Array.of(3, 8));
    await half('float32').exp().realize();
    const again = half('float32');
    await realize(again.exp(), again);
    expect(await again.data()).toEqual(Float64Array.of(3, 8));
  });

  it('survive many changing shapes', async () => {
    const backend = createReferenceBackend();
    for (let n = 1; n < 1200; n++) {
      const sum = tensor(new Float32Array(n).fill(1), [n], { backend }).sum(0);
      expect((await sum.data())[0]).toBe(n);
      sum.dispose();
    }
    expect(backend.stats!()).toMatchObject({ live: 0, compiles: 1 });
  });
});
