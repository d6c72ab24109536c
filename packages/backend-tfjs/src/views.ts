// The shapes under which tf sees the tensors of a kernel. Kernels have merged dimensions; tf tensors keep the shape they came with
// wherever all of a kernel are alike and no GPU stumbles over it, so that models and steps hand them on as they are.

import type { Tensor } from '@tensorflow/tfjs-core';
import type { Kernel } from '@unnoise/core';

type Sizes = readonly number[];

export interface Views {
  readonly inputs: readonly Sizes[];
  readonly output: Sizes;
}

/** Dimensions for which every TensorFlow.js backend has every operation. */
const MOST_DIMENSIONS = 4;

/** For a map kernel. Inputs that broadcast have size 1 where they do. */
export function viewsOf({ inputs }: Kernel, tensors: readonly Tensor[], sizes: Sizes): Views {
  if (inputs.some(({ dims }) => dims.includes(false))) {
    return { inputs: inputs.map(({ dims }) => sizes.map((size, d) => (dims[d] ? size : 1))), output: sizes };
  }
  const [first] = tensors;
  const small = first !== undefined && first.shape.length <= MOST_DIMENSIONS;
  const alike = small && tensors.every(({ shape }) => sameSizes(shape, first.shape));
  const output = alike ? first.shape : [sizes.reduce((a, b) => a * b, 1)];
  return { inputs: tensors.map(() => output), output };
}

export const sameSizes = (a: Sizes, b: Sizes): boolean => a.length === b.length && a.every((size, d) => size === b[d]);
