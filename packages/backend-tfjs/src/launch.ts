// A kernel ready to run on tf tensors. Where it comes from, a fast path or plain operations, is for ./backend.ts to choose.

import type { Tensor } from '@tensorflow/tfjs-core';
import type { Kernel } from '@unnoise/core';

import type { TfDType } from './dtypes.ts';
import type { HostValues } from './values.ts';

/** Runs on inputs of the right lengths and gives a new tensor per output. No output is empty. */
export type Launch = (inputs: readonly Tensor[], params: Float64Array, sizes: readonly number[]) => Tensor[];

/** A way into one TensorFlow.js backend. */
export interface FastPath {
  /** Inputs plus outputs of one kernel. */
  readonly maxBuffers: number;
  /** The kernel fused; undefined where this path cannot. `plain` is the kernel as operations, for sizes that it cannot take. */
  compile(kernel: Kernel, plain: Launch): Launch | undefined;
  /** A tensor with a copy of these elements, where that can be done better than by TensorFlow.js. */
  upload?(values: HostValues, dtype: TfDType): Tensor;
}
