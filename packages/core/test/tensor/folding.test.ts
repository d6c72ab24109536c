import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createReferenceBackend } from '../../src/reference/index.ts';
import { lower } from '../../src/program/index.ts';
import { linear, rounded, type Tensor, tensor } from '../../src/tensor/index.ts';

const backend = createReferenceBackend({ precision: 'float32' });
const vector = (...data: number[]) => tensor(Float32Array.from(data), [data.length], { backend });

describe('the linear normal form', () => {
  const x = vector(1, 2);
  const y = vector(3, 4);

  it('is one node for any affine expression, with terms merged', () => {
    const { op, args, params } = x.mul(2).sub(y.div(4)).add(x).neg().add(1).mul(3).node;
    expect({ op, args, params }).toEqual({ op: 'linear', args: [x.node, y.node], params: [-9, 0.75, 3] });
  });

  it('is the same for linear() and for methods', () => {
    const methods = x.mul(2).add(y.mul(-3)).add(5).node;
    const table = linear(
      [
        [2, x],
        [-3, y],
      ],
      5,
    ).node;
    expect(table.params).toEqual(methods.params);
    expect(table.args).toEqual(methods.args);
  });

  it('keeps its structure whatever the numbers are', () => {
    expect(x.sub(x).node).toMatchObject({ args: [x.node], params: [0] });
    expect(x.mul(0).add(y).node.args).toHaveLength(2);
    expect(x.add(0).node.params).toEqual([1, 0]);
    expect(x.mul(1).node.params).toEqual([1]);
  });

  it('ends at other operations and at realised tensors', async () => {
    const clamped = x.mul(2).clamp(0, 1);
    expect(clamped.mul(3).add(x).node.args).toEqual([clamped.node, x.node]);
    const realised = await x.mul(2).realize();
    expect(realised.mul(3).node).toMatchObject({ args: [realised.node], params: [3] });
  });

  it('takes a rounded piece as it is, in the same kernel', async () => {
    const part = x.mul(1 / 41);
    expect(await part.mul(41).sub(x).data()).toEqual(new Float32Array(2)); // multiplied out, its coefficient is 0
    const piece = rounded(part);
    const difference = piece.mul(41).sub(x);
    expect(difference.node).toMatchObject({ args: [piece.node, x.node], params: [41, -1] });
    expect(lower([difference.node], backend.capabilities).steps).toHaveLength(1);
    const once = Math.fround(41 * Math.fround(1 / 41));
    expect(await difference.data()).toEqual(Float32Array.of(once - 1, 2 * (once - 1)));
    expect(once).not.toBe(1);
    expect(piece.cast('float32').mul(2).node.args).toHaveLength(1); // a copy is as whole
  });

  it('does not change what is no sum', () => {
    expect(rounded(x).node).toMatchObject({ op: 'view', args: [x.node] });
    expect(rounded(x.exp()).node.op).toBe('exp');
  });

  it('shows the NaN of Infinity times 0 on the host', () => {
    expect(x.mul(Infinity).mul(0).node.params[0]).toBeNaN();
  });
});

type Step = readonly ['add' | 'sub' | 'mul' | 'div' | 'shift', number, number];

const chains = fc.array(
  fc.tuple(
    fc.constantFrom('add' as const, 'sub' as const, 'mul' as const, 'div' as const, 'shift' as const),
    fc.nat(2),
    fc.double({ min: 0.1, max: 3, noNaN: true }),
  ),
  { minLength: 1, maxLength: 12 },
);

/** What `chain` does to the tensor, and to its coefficients written out: one per leaf and a constant. */
function follow(chain: readonly Step[], leaves: readonly Tensor[]): { result: Tensor; weights: number[] } {
  let result = leaves[0]!;
  let weights = [1, 0, 0, 0];
  for (const [op, leaf, c] of chain) {
    const sign = op === 'sub' ? -1 : 1;
    if (op === 'add' || op === 'sub') {
      result = op === 'add' ? result.add(leaves[leaf]!) : result.sub(leaves[leaf]!);
      weights = weights.map((w, i) => (i === leaf ? w + sign : w));
    } else if (op === 'shift') {
      result = result.add(c);
      weights = weights.map((w, i) => (i === 3 ? w + c : w));
    } else {
      result = op === 'mul' ? result.mul(c) : result.div(c);
      weights = weights.map((w) => (op === 'mul' ? w * c : w / c));
    }
  }
  return { result, weights };
}

describe('folding', () => {
  it('stays within (n + 2) * 2^-24 * sum |c_i x_i| of the exact sum, in float32', async () => {
    const values = [1.7, -0.3, 0.9].map(Math.fround);
    const leaves = values.map((value) => vector(value));
    const law = fc.asyncProperty(chains, async (chain) => {
      const { result, weights } = follow(chain, leaves);
      const terms = weights.map((w, i) => w * (values[i] ?? 1));
      const exact = terms.reduce((a, b) => a + b, 0);
      const bound = (terms.length + 2) * 2 ** -24 * terms.reduce((a, b) => a + Math.abs(b), 0);
      expect(Math.abs((await result.mul(1).data())[0]! - exact)).toBeLessThanOrEqual(bound);
    });
    await fc.assert(law, { seed: 4, numRuns: 500 });
  });
});
