// Pictures side by side, each pixel enlarged without smoothing.

import type { Image } from './image.ts';

export type Pixels = Pick<Image, 'data' | 'width' | 'height' | 'channels'>;

export interface GridOptions {
  readonly columns: number;
  /** Each pixel becomes scale x scale. Default 1. */
  readonly scale?: number;
  /** Pixels between two pictures, in white. Default 2. */
  readonly gap?: number;
}

/** All pictures, which have one size, row by row; places without a picture stay white. */
export function toGrid(images: readonly (Pixels | undefined)[], { columns, scale = 1, gap = 2 }: GridOptions): Pixels {
  const first = images.find((image) => image !== undefined);
  if (!first) return { data: new Uint8ClampedArray(1).fill(255), width: 1, height: 1, channels: 1 };
  const { channels } = first;
  const across = Math.min(columns, images.length);
  const [cellWidth, cellHeight] = [first.width * scale + gap, first.height * scale + gap];
  const width = across * cellWidth - gap;
  const height = Math.ceil(images.length / across) * cellHeight - gap;
  const data = new Uint8ClampedArray(width * height * channels).fill(255);
  for (const [i, image] of images.entries()) {
    const origin = Math.floor(i / across) * cellHeight * width + (i % across) * cellWidth;
    if (image) draw(image, data, { origin, width, scale });
  }
  return { data, width, height, channels };
}

interface Place {
  /** Index of the upper left pixel. */
  readonly origin: number;
  /** Pixels in a row of the whole. */
  readonly width: number;
  readonly scale: number;
}

function draw(image: Pixels, data: Uint8ClampedArray, { origin, width, scale }: Place): void {
  const { channels } = image;
  const line = new Uint8ClampedArray(image.width * scale * channels);
  for (let y = 0; y < image.height; y++) {
    for (let x = 0; x < image.width * scale; x++) {
      const from = (y * image.width + Math.floor(x / scale)) * channels;
      line.set(image.data.subarray(from, from + channels), x * channels);
    }
    for (let i = 0; i < scale; i++) data.set(line, (origin + (y * scale + i) * width) * channels);
  }
}
