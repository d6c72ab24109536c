// What webgl and webgpu have in common: a program writes one tensor, so a kernel is one program per output, all on the same inputs.

import { engine, type TensorInfo } from '@tensorflow/tfjs-core';
import type { Kernel } from '@unnoise/core';

import type { Launch } from '../launch.ts';
import { viewsOf } from '../views.ts';

/** Runs the program for one output. Inputs have the shape under which the program sees them, which need not be their own. */
export type RunProgram = (
  value: number,
  inputs: readonly TensorInfo[],
  shape: readonly number[],
  params: readonly number[],
) => TensorInfo;

/** Dimensions that shaders of TensorFlow.js can tell apart. */
const MOST_DIMENSIONS = 6;

export function launchOf(kernel: Kernel, plain: Launch, runProgram: RunProgram): Launch {
  return (tensors, params, sizes) => {
    const views = viewsOf(kernel, tensors, sizes);
    if (views.output.length > MOST_DIMENSIONS) return plain(tensors, params, sizes);
    const inputs = tensors.map(({ dataId, dtype }, i) => ({ dataId, dtype, shape: shapeOf(views.inputs[i]!) }));
    const numbers = Array.from(params);
    return kernel.outputs.map(({ value }) => {
      const output = runProgram(value, inputs, shapeOf(views.output), numbers);
      return engine().makeTensorFromTensorInfo({ ...output, shape: [...views.output] });
    });
  };
}

/** Shaders know no scalars. */
const shapeOf = (sizes: readonly number[]): number[] => (sizes.length > 0 ? [...sizes] : [1]);
