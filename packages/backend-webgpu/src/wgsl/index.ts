// From a kernel to its shader.

import type { Kernel } from '@unnoise/core';

import { axisShader } from './axis.ts';
import { mapShader } from './map.ts';
import { moveShader } from './move.ts';
import type { Shader } from './shader.ts';

/** `native`: the device has shader-f16. `rank`: dimensions of a transpose, which its key does not tell. */
export function shaderOf(kernel: Kernel, native: boolean, rank: number): Shader {
  if (kernel.kind === 'map') return mapShader(kernel, native);
  return kernel.kind === 'reduce' || kernel.kind === 'argmax' ? axisShader(kernel) : moveShader(kernel, rank);
}
