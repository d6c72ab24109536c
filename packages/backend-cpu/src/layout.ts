// Where the buffers of a map kernel lie against one another: lengths and strides for given sizes. No memory is touched here.

import type { Kernel } from '@unnoise/core';

/** Where each buffer of a kernel goes as the dimensions of `sizes` advance; all in elements, indexed [buffer][dimension]. */
export class Layout {
  readonly sizes: readonly number[];
  /** Elements of each buffer. */
  readonly lengths: readonly number[];
  /** What one step along the dimension skips; 0 where the buffer is broadcast. */
  readonly strides: readonly (readonly number[])[];
  /** Elements below one step: the buffer's part of all later dimensions. */
  readonly below: readonly (readonly number[])[];
  /** Elements of the result below one step. */
  readonly rows: readonly number[];

  constructor(kernel: Kernel, sizes: readonly number[]) {
    this.sizes = sizes.length > 0 ? sizes : [1];
    const full = this.sizes.map(() => true);
    const dims = [
      ...kernel.inputs.map((input) => (input.dims.length > 0 ? input.dims : full)),
      ...kernel.outputs.map(() => full),
    ];
    this.below = dims.map((along) => suffixProducts(this.sizes.map((size, d) => (along[d] ? size : 1))));
    this.strides = dims.map((along, b) => this.sizes.map((_, d) => (along[d] ? this.below[b]![d]! : 0)));
    this.rows = suffixProducts(this.sizes);
    this.lengths = this.below.map((below, b) => below[0]! * (dims[b]![0] ? this.sizes[0]! : 1));
  }

  matches(sizes: readonly number[]): boolean {
    return sizes.length === this.sizes.length && sizes.every((size, d) => size === this.sizes[d]);
  }
}

/** For each position the product of all later values. */
function suffixProducts(values: readonly number[]): number[] {
  const products = values.map(() => 1);
  for (let d = values.length - 2; d >= 0; d--) products[d] = products[d + 1]! * values[d + 1]!;
  return products;
}
