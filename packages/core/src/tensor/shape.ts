// Shapes: validation, numpy broadcasting and axes. Numbers only; no tensors here.

import { DiffusionError } from '../errors.ts';
import type { Shape } from './types.ts';

/** Elements of a tensor of this shape. */
export function lengthOf(shape: Shape): number {
  let length = 1;
  for (const size of shape) length *= size;
  return length;
}

export function sameShape(a: Shape, b: Shape): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let d = 0; d < a.length; d++) if (a[d] !== b[d]) return false;
  return true;
}

/** The shape of `a` combined with `b` by numpy's rule: aligned at the last dimension, a size of 1 stretches. */
export function broadcast(a: Shape, b: Shape): Shape {
  if (sameShape(a, b)) return a;
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, d) => {
    const m = a[d - rank + a.length] ?? 1;
    const n = b[d - rank + b.length] ?? 1;
    if (m !== n && m !== 1 && n !== 1) throw mismatch(a, b);
    return m === 1 ? n : m;
  });
}

function mismatch(a: Shape, b: Shape): DiffusionError {
  return new DiffusionError(
    'SHAPE_MISMATCH',
    `shapes ${text(a)} and ${text(b)} do not broadcast: sizes must be equal or 1, aligned at the last dimension`,
    { a, b },
  );
}

/** A copy of `shape`, checked: whole sizes, none negative, and `length` elements if that is given. */
export function checkedShape(shape: Shape, length?: number): Shape {
  const valid = shape.every((size) => Number.isSafeInteger(size) && size >= 0);
  if (!valid)
    throw new DiffusionError('SHAPE_MISMATCH', `${text(shape)} is not a shape: sizes are whole numbers from 0`, {
      shape,
    });
  if (length === undefined || length === lengthOf(shape)) return [...shape];
  throw new DiffusionError(
    'SHAPE_MISMATCH',
    `shape ${text(shape)} has ${lengthOf(shape)} elements, but there are ${length}; pass a shape that holds them all`,
    { shape, length },
  );
}

/** The axis counted from the front; negative ones count from the back. `extra` allows the place after the last (unsqueeze). */
export function axisOf(shape: Shape, axis: number, extra = 0): number {
  const rank = shape.length + extra;
  const positive = axis < 0 ? axis + rank : axis;
  if (Number.isInteger(axis) && positive >= 0 && positive < rank) return positive;
  throw new DiffusionError('SHAPE_MISMATCH', `axis ${axis} is outside a tensor of shape ${text(shape)}`, {
    shape,
    axis,
  });
}

/** `shape` with one -1 replaced by what is left of `length`. */
export function inferShape(shape: Shape, length: number): Shape {
  const open = shape.indexOf(-1);
  if (open < 0) return checkedShape(shape, length);
  const rest = shape.filter((_, d) => d !== open);
  const known = lengthOf(rest);
  const size = known === 0 ? 0 : Math.floor(length / known);
  return checkedShape(
    shape.map((given, d) => (d === open ? size : given)),
    length,
  );
}

/** Sizes before, at and after an axis: how kernels see a tensor that is cut along it. */
export function aroundAxis(shape: Shape, axis: number): [outer: number, size: number, inner: number] {
  return [lengthOf(shape.slice(0, axis)), shape[axis] ?? 1, lengthOf(shape.slice(axis + 1))];
}

/** The dimensions of an elementwise computation. */
export interface Collapsed {
  readonly sizes: readonly number[];
  /** For each input, whether it extends along each of `sizes`; else it is broadcast. */
  readonly dims: readonly (readonly boolean[])[];
}

/**
 * `shape` in fewer dimensions, for inputs that broadcast to it: sizes of 1 vanish, and neighbours merge wherever every input
 * treats them alike. At least one dimension remains.
 */
export function collapse(shape: Shape, inputs: readonly Shape[]): Collapsed {
  const sizes: number[] = [];
  const dims: boolean[][] = inputs.map(() => []);
  shape.forEach((size, d) => {
    if (size === 1) return;
    const extent = inputs.map((input) => (input[d - shape.length + input.length] ?? 1) !== 1);
    const merges = sizes.length > 0 && extent.every((yes, i) => yes === dims[i]!.at(-1));
    if (merges) sizes[sizes.length - 1]! *= size;
    else {
      sizes.push(size);
      extent.forEach((yes, i) => dims[i]!.push(yes));
    }
  });
  return sizes.length ? { sizes, dims } : { sizes: [1], dims: inputs.map(() => [true]) };
}

export const text = (shape: Shape): string => `[${shape.join(', ')}]`;
