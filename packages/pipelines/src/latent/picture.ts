// Pictures and masks of bytes as the numbers that networks take, as diffusers' image processor makes them.

import { DiffusionError } from '@unnoise/core';

/** A picture to start from, or a mask: rows from the top, 1 (grey), 3 (RGB) or 4 (RGBA) bytes a pixel. An `Image` is one. */
export interface Picture {
  readonly data: ArrayLike<number>;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

/** Host numbers [n, channels, height, width]. */
export interface Planes {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

const f = Math.fround;

/** Pictures of one size as [n, 3, height, width] in -1 to 1. What is transparent lies on white. */
export function planesOf(pictures: readonly Picture[]): Planes {
  const { width, height } = pictures[0]!;
  const size = width * height;
  const data = new Float32Array(pictures.length * 3 * size);
  for (const [n, picture] of pictures.entries()) {
    checkSize(picture, width, height);
    for (let c = 0; c < 3; c++)
      for (let i = 0; i < size; i++) data[(3 * n + c) * size + i] = f(2 * f(onWhite(picture, i, c) / 255) - 1);
  }
  return { data, shape: [pictures.length, 3, height, width] };
}

/** A byte of a channel; grey serves for all three. */
function onWhite({ data, channels }: Picture, pixel: number, channel: number): number {
  const at = pixel * channels;
  if (channels !== 4) return data[at + (channels === 1 ? 0 : channel)]!;
  const alpha = data[at + 3]! / 255;
  return alpha === 1 ? data[at + channel]! : 255 + (data[at + channel]! - 255) * alpha;
}

/**
 * A mask as [1, 1, height, width] of a latent: 1 where the picture is light (grey 128 and above), which is where the model paints.
 * Sampled at the nearest pixel, as torch does it.
 */
export function maskOf(mask: Picture, [height, width]: readonly [number, number]): Planes {
  const data = new Float32Array(height * width);
  for (let y = 0; y < height; y++) {
    const row = Math.floor((y * mask.height) / height);
    for (let x = 0; x < width; x++) {
      const pixel = row * mask.width + Math.floor((x * mask.width) / width);
      data[y * width + x] = Number(grey(mask, pixel) >= 128);
    }
  }
  return { data, shape: [1, 1, height, width] };
}

/** Luma of ITU-R 601 in whole numbers of 1/65536, as Pillow computes it. */
function grey(mask: Picture, pixel: number): number {
  const [r, g, b] = [0, 1, 2].map((channel) => Math.round(onWhite(mask, pixel, channel))) as [number, number, number];
  return (r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16;
}

/** Repeats what was given once. Throws REQUEST_INVALID for a count that is neither one nor `batch`. */
export function repeated({ data, shape: [count, ...item] }: Planes, batch: number, what: string): Planes {
  if (count === batch) return { data, shape: [count, ...item] };
  if (count === 1) {
    const all = new Float32Array(batch * data.length);
    for (let i = 0; i < batch; i++) all.set(data, i * data.length);
    return { data: all, shape: [batch, ...item] };
  }
  const message = `${count} ${what}s were given for ${batch} pictures. Give one, or one for each picture.`;
  throw new DiffusionError('REQUEST_INVALID', message, { count, batch });
}

function checkSize(picture: Picture, width: number, height: number): void {
  const known = picture.channels === 1 || picture.channels === 3 || picture.channels === 4;
  const fits = known && picture.data.length === picture.width * picture.height * picture.channels;
  if (fits && picture.width === width && picture.height === height) return;
  const message = `A picture of ${picture.width} x ${picture.height} pixels with ${picture.channels} channels in ${picture.data.length} bytes is not ${width} x ${height} of 1, 3 or 4 channels. All pictures must have one size.`;
  throw new DiffusionError('SHAPE_MISMATCH', message, { wanted: [width, height] });
}
