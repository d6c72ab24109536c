// The kernel kinds that work along an axis or on layout, as TensorFlow.js operations. Sizes are as core's kernel.ts lists them.

import {
  any,
  argMax,
  cast,
  concat,
  isNaN as isNaNs,
  max,
  min,
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
    const lines = reshape(x!, sizes.slice(0, 3));
    if (reduce === 'sum') return sizes[1] === 0 ? zeros([sizes[0]!, sizes[2]!], x!.dtype as 'float32') : sum(lines, 1);
    return extreme(lines, reduce === 'amax' ? max(lines, 1) : min(lines, 1));
  },
  argmax: ([x], sizes) => firstLargest(reshape(x!, sizes.slice(0, 3))),
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
    return transpose(reshape(x!, sizes.slice(0, rank)), sizes.slice(rank));
  },
};

/** The extreme of each line, or NaN where the line has one. */
function extreme(lines: Tensor, found: Tensor): Tensor {
  return lines.dtype === 'float32' ? where(any(isNaNs(lines), 1), scalar(NaN), found) : found;
}

/** NaN counts as the largest. */
function firstLargest(lines: Tensor): Tensor {
  const found = argMax(lines, 1);
  if (lines.dtype !== 'float32') return found;
  const bad = isNaNs(lines);
  return where(any(bad, 1), argMax(cast(bad, 'int32'), 1), found);
}
