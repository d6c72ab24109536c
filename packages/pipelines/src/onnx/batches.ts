// The batch axis of a graph: free, or fixed by its export, in which case the rows go through in groups of that size.

import { DiffusionError } from '@unnoise/core';
import { isFree } from './encode.ts';
import type { OnnxValueInfo } from './runtime.ts';

/** Rows [start, start + count) of a batch, which the graph takes at once. */
export interface RowGroup {
  readonly start: number;
  readonly count: number;
}

/** How `rows` rows are put through a graph with this input. Guidance doubles the rows: the null half first. */
export function rowGroups(sample: OnnxValueInfo, rows: number, part: string): readonly RowGroup[] {
  const [fixed] = sample.shape;
  if (isFree(fixed)) return [{ start: 0, count: rows }];
  const size = fixed as number;
  if (rows % size === 0) return Array.from({ length: rows / size }, (_, i) => ({ start: i * size, count: size }));
  throw new DiffusionError(
    'SHAPE_MISMATCH',
    `${part} was exported for a batch of exactly ${size}, and ${rows} ${rows === 1 ? 'row is' : 'rows are'} to be computed. ` +
      `Use guidance (which computes two rows an image), or a batch size that makes a multiple of ${size}.`,
    { part, batch: size, rows },
  );
}

/** The rows of one group out of the elements of all. */
export function rowsOf<A extends { subarray(begin: number, end: number): A; readonly length: number }>(
  elements: A,
  { start, count }: RowGroup,
  rows: number,
): A {
  const each = elements.length / rows;
  return elements.subarray(start * each, (start + count) * each);
}
