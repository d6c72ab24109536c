// From a decoded sample to pixels, as diffusers' image processor does it. Writing files is not its job.

import type { Shape, Tensor } from '@unnoise/core';
import { DiffusionError, tensor } from '@unnoise/core';
import { shapeText } from '../onnx/encode.ts';

/** One picture. */
export interface Image {
  /** Rows from the top; `channels` bytes a pixel. */
  readonly data: Uint8ClampedArray<ArrayBuffer>;
  readonly width: number;
  readonly height: number;
  /** 1: grey. 4: RGBA, opaque, as ImageData takes it. */
  readonly channels: 1 | 4;
  /** The final sample that it was decoded from, [1, ...], on the host. */
  readonly latents: Tensor;
}

const f = Math.fround;

/** round(clamp(x / 2 + 0.5, 0, 1) * 255) in float32, halves to even. */
export function toByte(x: number): number {
  const scaled = f(Math.min(Math.max(f(f(x / 2) + 0.5), 0), 1) * 255);
  const floor = Math.floor(scaled);
  const rest = scaled - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}

/** The pictures of a batch [batch, channels, height, width] in -1 to 1; `latents` is what they were decoded from. */
export async function toImages(decoded: Tensor, latents: Tensor): Promise<readonly Image[]> {
  const shape = checkedShape(decoded.shape);
  const [batch, channels, height, width] = shape;
  const values = await decoded.data();
  const finals = decoded === latents ? values : await latents.data();
  checkFinite(values);
  const size = channels * height * width;
  return Array.from({ length: batch }, (_, i) => ({
    data: pixels(values.subarray(i * size, (i + 1) * size), channels, height * width),
    width,
    height,
    channels: channels === 1 ? 1 : 4,
    latents: item(finals, latents.shape, i),
  }));
}

/** Planes to pixels; three planes become RGBA. */
function pixels(planes: ArrayLike<number>, channels: number, count: number): Uint8ClampedArray<ArrayBuffer> {
  const each = channels === 1 ? 1 : 4;
  const out = new Uint8ClampedArray(count * each).fill(255);
  for (let c = 0; c < channels; c++) for (let i = 0; i < count; i++) out[i * each + c] = toByte(planes[c * count + i]!);
  return out;
}

function item(values: { slice(begin: number, end: number): ArrayLike<number> }, [, ...rest]: Shape, i: number): Tensor {
  const size = rest.reduce((a, b) => a * b, 1);
  return tensor(Float32Array.from(values.slice(i * size, (i + 1) * size)), [1, ...rest]);
}

function checkedShape(shape: Shape): readonly [number, number, number, number] {
  const [batch, channels, height, width] = shape;
  const known = channels === 1 || channels === 3 || channels === 4;
  if (shape.length === 4 && known) return [batch!, channels, height!, width!];
  const message = `A sample of shape ${shapeText(shape)} is no picture: it must be [batch, 1, 3 or 4, height, width].`;
  throw new DiffusionError('SHAPE_MISMATCH', message, { shape });
}

function checkFinite(values: ArrayLike<number>): void {
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i])) continue;
    throw new DiffusionError(
      'NUMERIC',
      `The final sample holds ${values[i]} at element ${i}. The model overflowed (float16?) or the scheduler's config does not fit it.`,
      { index: i },
    );
  }
}
