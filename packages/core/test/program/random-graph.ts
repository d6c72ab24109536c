// Random expressions for properties: each step of a recipe extends a pool of tensors and, beside it, plain arrays that are
// computed directly, without folding, lowering or kernels. Not a test itself.

import fc from 'fast-check';
import type { Backend } from '../../src/backend.ts';
import { concat, type Tensor, tensor, where } from '../../src/tensor/index.ts';

export interface Plain {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

export interface Entry {
  readonly tensor: Tensor;
  readonly plain: Plain;
}

export interface Instruction {
  readonly op: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

export const recipes: fc.Arbitrary<Instruction[]> = fc.array(
  fc.record({ op: fc.nat(63), a: fc.nat(63), b: fc.nat(63), c: fc.nat(63) }),
  { minLength: 1, maxLength: 14 },
);

const count = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Coordinates of element `place` of `shape`. */
function coordinates(shape: readonly number[], place: number): number[] {
  const result: number[] = [];
  for (let d = shape.length - 1; d >= 0; d--) {
    result[d] = place % shape[d]!;
    place = Math.floor(place / shape[d]!);
  }
  return result;
}

/** The element at `at`, aligned at the last dimension; sizes of 1 stretch. */
function element({ shape, data }: Plain, at: readonly number[]): number {
  let place = 0;
  shape.forEach((size, d) => (place = place * size + (size === 1 ? 0 : at[at.length - shape.length + d]!)));
  return data[place]!;
}

function fits(a: readonly number[], b: readonly number[]): boolean {
  return [...a].reverse().every((size, i) => {
    const other = [...b].reverse()[i];
    return other === undefined || size === other || size === 1 || other === 1;
  });
}

function joined(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  const at = (s: readonly number[], d: number): number => s[d - rank + s.length] ?? 1;
  return Array.from({ length: rank }, (_, d) => (at(a, d) === 1 ? at(b, d) : at(a, d)));
}

function each(shape: readonly number[], parts: readonly Plain[], f: (...x: number[]) => number): Plain {
  const data = Array.from({ length: count(shape) }, (_, i) => {
    const at = coordinates(shape, i);
    return f(...parts.map((part) => element(part, at)));
  });
  return { shape, data };
}

/** Every line along an axis, replaced by one number. */
function lines({ shape, data }: Plain, axis: number, f: (line: number[]) => number): Plain {
  const out = shape.filter((_, d) => d !== axis);
  const values = Array.from({ length: count(out) }, (_, i) => {
    const at = coordinates(out, i);
    return f(Array.from({ length: shape[axis]! }, (_, k) => element({ shape, data }, at.toSpliced(axis, 0, k))));
  });
  return { shape: out, data: values };
}

const COEFFICIENTS = [1, -1, 2, 0.5, -0.5, 0, 3];

/** Runs a recipe. With `exact`, every operation is exact in float64 on small dyadic numbers, so results must be equal, not close. */
export function grow(
  recipe: readonly Instruction[],
  seed: readonly Plain[],
  backend: Backend,
  exact: boolean,
): Entry[] {
  const pool: Entry[] = seed.map((plain) => ({ tensor: tensor(plain.data, plain.shape, { backend }), plain }));
  const leaves = pool.length;
  for (const { op, a, b, c } of recipe) {
    const x = pool[a % pool.length]!;
    const partners = pool.filter((entry) => fits(entry.plain.shape, x.plain.shape));
    const y = partners[b % partners.length]!;
    const small = pool.slice(0, leaves).filter((entry) => fits(entry.plain.shape, x.plain.shape));
    const leaf = small[b % small.length];
    const made = leaf && apply(op, x, y, leaf, c, exact);
    if (made && count(made.plain.shape) <= 64) pool.push(made);
  }
  return pool;
}

function apply(op: number, x: Entry, y: Entry, leaf: Entry, c: number, exact: boolean): Entry | undefined {
  const [t, p] = [x.tensor, x.plain];
  const k = COEFFICIENTS[c % COEFFICIENTS.length]!;
  const both = joined(p.shape, y.plain.shape);
  const axis = p.shape.length ? c % p.shape.length : 0;
  const map2 = (made: Tensor, f: (a: number, b: number) => number): Entry => ({
    tensor: made,
    plain: each(both, [p, y.plain], f),
  });
  const map1 = (made: Tensor, f: (a: number) => number): Entry => ({ tensor: made, plain: each(p.shape, [p], f) });
  switch (op % 18) {
    case 0:
      return map2(t.add(y.tensor), (a, b) => a + b);
    case 1:
      return map2(t.sub(y.tensor), (a, b) => a - b);
    case 2:
      return map1(t.mul(k), (a) => a * k);
    case 3:
      return map1(t.add(k), (a) => a + k);
    case 4:
      return {
        tensor: t.mul(leaf.tensor),
        plain: each(joined(p.shape, leaf.plain.shape), [p, leaf.plain], (a, b) => a * b),
      };
    case 5:
      return map1(t.clamp(-2, 1.5), (a) => Math.min(Math.max(a, -2), 1.5));
    case 6:
      return map2(t.maximum(y.tensor), (a, b) => Math.max(a, b));
    case 7:
      return map2(t.minimum(y.tensor), (a, b) => Math.min(a, b));
    case 8:
      return map1(t.neg().abs(), (a) => Math.abs(a));
    case 9:
      return map2(where(t.eq(y.tensor), t, k), (a, b) => (a === b ? a : k));
    case 10:
      return map1(where(t.maximum(0).eq(t), 1, t), (a) => (Math.max(a, 0) === a ? 1 : a));
  }
  if (p.shape.length === 0) return undefined;
  const size = p.shape[axis]!;
  switch (op % 18) {
    case 11:
      return { tensor: t.sum(axis), plain: lines(p, axis, (line) => line.reduce((a, b) => a + b, 0)) };
    case 12:
      return { tensor: t.amax(axis), plain: lines(p, axis, (line) => Math.max(...line)) };
    case 13:
      return {
        tensor: t.argmax(axis).cast('float32'),
        plain: lines(p, axis, (line) => line.indexOf(Math.max(...line))),
      };
    case 14: {
      const length = 1 + (c % size);
      const shape = p.shape.with(axis, length);
      const data = Array.from({ length: count(shape) }, (_, i) => {
        const at = coordinates(shape, i);
        return element(p, at.with(axis, at[axis]! + size - length));
      });
      return { tensor: t.slice(axis, size - length, length), plain: { shape, data } };
    }
    case 15: {
      const order = p.shape.map((_, d) => (d + c) % p.shape.length);
      const shape = order.map((d) => p.shape[d]!);
      const data = Array.from({ length: count(shape) }, (_, i) => {
        const at = coordinates(shape, i);
        return element(
          p,
          p.shape.map((_, d) => at[order.indexOf(d)]!),
        );
      });
      return { tensor: t.transpose(order), plain: { shape, data } };
    }
    case 16: {
      const shape = [count(p.shape), 1];
      return { tensor: t.reshape(shape), plain: { shape, data: p.data } };
    }
    default: {
      if (!exact) return map1(t.abs().add(1).sqrt().log().exp().div(3), (a) => a);
      const shape = p.shape.with(axis, size * 3);
      const data = Array.from({ length: count(shape) }, (_, i) => {
        const at = coordinates(shape, i);
        return element(p, at.with(axis, at[axis]! % size));
      });
      return { tensor: concat([t, t, t], axis), plain: { shape, data } };
    }
  }
}
