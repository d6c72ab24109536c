// The kernel kinds that work along an axis or on layout, as TensorFlow.js operations. Sizes are as core's kernel.ts lists them.

import {
  any,
  argMax,
  cast,
  concat,
  gather,
  getBackend,
  isNaN as isNaNs,
  max,
  min,
  mul,
  neg,
  reshape,
  scalar,
  slice,
  sum,
  type Tensor,
  transpose,
  where,
  zeros,
} from '@tensorflow/tfjs-core';
import type { Kernel, KernelKind } from '@unnoise/core';

import type { Launch } from '../launch.ts';

type Sizes = readonly number[];

/** Computes a kernel of any kind but map; to be called within a tidy. */
export function alongAxis(kernel: Kernel): Launch {
  const run = KINDS[kernel.kind as Exclude<KernelKind, 'map'>];
  return (tensors, _, sizes) => [run(tensors, sizes, kernel)];
}

type Run = (tensors: readonly Tensor[], sizes: Sizes, kernel: Kernel) => Tensor;

const KINDS: Readonly<Record<Exclude<KernelKind, 'map'>, Run>> = {
  reduce: ([x], sizes, { reduce }) => {
    if (sizes[1] === 0) return zeros([sizes[0]! * sizes[2]!], x!.dtype as 'float32'); // only sums may be empty
    const lines = linesOf(x!, sizes);
    if (reduce === 'sum') return sum(lines, 1);
    return reduce === 'amax' ? extreme(lines, max) : extreme(lines, min);
  },
  argmax: ([x], sizes) => firstLargest(linesOf(x!, sizes)),
  concat: (parts, [outer, inner, ...lengths]) =>
    concat(
      parts.map((part, i) => reshape(part, [outer!, lengths[i]!, inner!])),
      1,
    ),
  slice: ([x], sizes) => {
    const [outer, axis, inner, start, length] = sizes as [number, number, number, number, number];
    return slice(reshape(x!, [outer, axis, inner]), [0, start, 0], [outer, length, inner]);
  },
  transpose: ([x], sizes) => {
    const rank = sizes.length / 2;
    return transposed(reshape(x!, sizes.slice(0, rank)), sizes.slice(rank));
  },
};

/** One row per line along the axis: the layout on which all backends reduce without rearranging, at which webgpu (4.22.0) fails. */
function linesOf(x: Tensor, [outer, axis, inner]: Sizes): Tensor {
  if (inner === 1) return reshape(x, [outer!, axis!]);
  return reshape(transposed(reshape(x, [outer!, axis!, inner!]), [0, 2, 1]), [-1, axis!]);
}

/**
 * The webgpu backend (4.22.0) transposes float32 alone: for other types its shader does not compile, and results are garbage. A cast
 * to float32 is only a label there, a product is a number.
 */
function transposed(x: Tensor, order: number[]): Tensor {
  if (x.dtype === 'float32' || getBackend() !== 'webgpu') return transpose(x, order);
  const numbers = mul(cast(x, 'float32'), scalar(1));
  return cast(transpose(numbers, order), x.dtype);
}

/** The extreme of each line, or NaN where the line has one. */
function extreme(lines: Tensor, of: typeof max): Tensor {
  if (lines.dtype !== 'float32') return of(lines, 1);
  if (getBackend() === 'webgl') return of === max ? largestByPlace(lines) : neg(largestByPlace(neg(lines)));
  return where(any(isNaNs(lines), 1), scalar(NaN), of(lines, 1));
}

/** For the webgl backend (4.22.0), whose `max` knows nothing below -1e20, not even -Infinity. */
function largestByPlace(lines: Tensor): Tensor {
  const places = reshape(firstLargest(lines), [-1, 1]);
  return gather(lines, places as Tensor<never>, 1, 1);
}

/** NaN counts as the largest. */
function firstLargest(lines: Tensor): Tensor {
  const found = argMax(lines, 1);
  if (lines.dtype !== 'float32') return found;
  const bad = isNaNs(lines);
  return where(any(bad, 1), argMax(cast(bad, 'int32'), 1), found);
}
