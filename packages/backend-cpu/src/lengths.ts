// How many elements each input of a kernel has, by the layout that core's kernel.ts gives for each kind. Adopted arrays are
// checked against it: they may have been transferred to a worker, or never have fitted their tensor.

import { DiffusionError, type Kernel } from '@unnoise/core';

import type { CpuBuffer } from './buffer.ts';

/** Elements of input `index` of a kernel run with `sizes`. */
export function inputLength({ kind, inputs }: Kernel, sizes: readonly number[], index: number): number {
  if (kind === 'map') return product(sizes.filter((_, d) => inputs[index]!.dims[d] ?? true));
  if (kind === 'concat') return product([...sizes.slice(0, 2), sizes[2 + index]!]);
  return product(sizes.slice(0, kind === 'transpose' ? sizes.length / 2 : 3));
}

/** Throws SHAPE_MISMATCH where an input is longer or shorter than its kernel reads. */
export function checkLength(input: CpuBuffer, expected: number): void {
  const { length } = input.array;
  if (length === expected) return;
  throw new DiffusionError(
    'SHAPE_MISMATCH',
    `an adopted array has ${length} elements and its tensor ${expected}. Adopt arrays of the tensor's size; do not transfer ` +
      'them, and do not keep the array of an allocation while the memory grows.',
    { length, expected },
  );
}

const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);
