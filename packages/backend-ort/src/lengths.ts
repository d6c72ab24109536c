// How many elements each input of a kernel has, by the layout that core's kernel.ts gives for each kind.

import { DiffusionError, type Kernel } from '@unnoise/core';

/** Throws SHAPE_MISMATCH where an input, which may be a tensor from elsewhere, is longer or shorter than its kernel reads. */
export function checkLengths(kernel: Kernel, sizes: readonly number[], lengths: readonly number[]): void {
  lengths.forEach((length, i) => {
    const expected = inputLength(kernel, sizes, i);
    if (length === expected) return;
    const message = `an adopted ORT tensor has ${length} elements and its tensor ${expected}. Adopt tensors of the same size.`;
    throw new DiffusionError('SHAPE_MISMATCH', message, { length, expected });
  });
}

function inputLength({ kind, inputs }: Kernel, sizes: readonly number[], index: number): number {
  if (kind === 'map') return product(sizes.filter((_, d) => inputs[index]!.dims[d] ?? true));
  if (kind === 'concat') return product([...sizes.slice(0, 2), sizes[2 + index]!]);
  return product(sizes.slice(0, kind === 'transpose' ? sizes.length / 2 : 3));
}

const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);
