// The shape of the noise that a pipeline starts from: what the graph fixes, else what is asked for, else what the config says.

import type { Shape } from '@unnoise/core';
import { DiffusionError } from '@unnoise/core';
import type { Denoiser } from '../onnx/denoiser.ts';
import { isFree, shapeText } from '../onnx/encode.ts';

export type Size = number | readonly [height: number, width: number];

/** [batch, channels, height, width]. @throws DiffusionError SHAPE_MISMATCH for a size that the graph cannot take. */
export function sampleShape({ sample, part }: Denoiser, batch: number, size?: Size): Shape {
  const [, channels, ...spatial] = sample.shape;
  const { in_channels, sample_size } = part.config as { in_channels?: number; sample_size?: Size };
  const sides = pair(size) ?? pair(sample_size) ?? [undefined, undefined];
  const shape = [batch, known(channels, in_channels), ...spatial.map((fixed, i) => known(fixed, sides[i]))];
  const unfit = size !== undefined && spatial.some((fixed, i) => !isFree(fixed) && fixed !== sides[i]);
  if (!unfit && shape.every((side) => Number.isInteger(side) && side! > 0)) return shape as Shape;
  const asked =
    size === undefined
      ? `${part.name}/config.json does not tell in_channels and sample_size`
      : `the size asked for is ${sides.join(' x ')}`;
  const message = `${part.name} takes samples of ${shapeText(sample.shape)}, and ${asked}. Pass a size that fits, or latents.`;
  throw new DiffusionError('SHAPE_MISMATCH', message, { wanted: sample.shape, size });
}

function known(fixed: number | string | undefined, otherwise: number | undefined): number | undefined {
  return isFree(fixed) ? otherwise : (fixed as number);
}

function pair(size: Size | undefined): readonly [number, number] | undefined {
  return typeof size === 'number' ? [size, size] : size;
}
