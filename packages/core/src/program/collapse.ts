// Fewer dimensions for the same elements: sizes of 1 vanish, and neighbours merge wherever every input treats them alike.

import type { Shape } from '../tensor/types.ts';

export interface Collapsed {
  readonly sizes: readonly number[];
  /** For each input, whether it extends along each of `sizes`; else it is broadcast. */
  readonly dims: readonly (readonly boolean[])[];
}

/** The dimensions of a map kernel of `shape` whose inputs have the shapes `inputs`; at least one. */
export function collapse(shape: Shape, inputs: readonly Shape[]): Collapsed {
  const sizes: number[] = [];
  const dims: boolean[][] = inputs.map(() => []);
  shape.forEach((size, d) => {
    if (size === 1) return;
    const extends_ = inputs.map((input) => (input[d - shape.length + input.length] ?? 1) !== 1);
    const merges = sizes.length > 0 && extends_.every((yes, i) => yes === dims[i]!.at(-1));
    if (merges) sizes[sizes.length - 1]! *= size;
    else {
      sizes.push(size);
      extends_.forEach((yes, i) => dims[i]!.push(yes));
    }
  });
  return sizes.length ? { sizes, dims } : { sizes: [1], dims: inputs.map(() => [true]) };
}
