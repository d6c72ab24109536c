// Pictures as PNG files. A file appears under its name only when it is whole.

import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DiffusionError } from '@unnoise/core';
import { convertIndexedToRgb, decode, encode } from 'fast-png';
import type { Pixels } from '../image/grid.ts';
import type { Picture } from '../latent/picture.ts';
import { resized } from './resize.ts';

/** `text`: what to note in the file, by key, in Latin-1. */
export function encodePng(
  { data, width, height, channels }: Pixels,
  text?: Readonly<Record<string, string>>,
): Uint8Array {
  return encode({ data, width, height, channels, ...(text && { text }) });
}

/** Writes a PNG under a temporary name beside `path`, whose folder is made if need be, and renames it. */
export async function savePng(path: string, image: Pixels, text?: Readonly<Record<string, string>>): Promise<void> {
  const partial = `${path}.${randomBytes(4).toString('hex')}.tmp`;
  await mkdir(dirname(path), { recursive: true });
  try {
    await writeFile(partial, encodePng(image, text), { flag: 'wx' });
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

export interface ReadOptions {
  /** Wanted width and height in pixels; default: as the file has it. */
  readonly size?: readonly [height: number, width: number];
}

/** Reads a PNG of any kind as RGBA bytes. @throws DiffusionError FILE_NOT_FOUND, or REQUEST_INVALID for what is no PNG. */
export async function readPng(path: string, { size }: ReadOptions = {}): Promise<Picture> {
  const bytes = await readFile(path).catch((cause: Error) => {
    const message = `"${path}" cannot be read: ${cause.message}.`;
    throw new DiffusionError('FILE_NOT_FOUND', message, { path }, cause);
  });
  const picture = rgba(decoded(bytes, path));
  return size && (size[0] !== picture.height || size[1] !== picture.width) ? resized(picture, size) : picture;
}

type Png = ReturnType<typeof decode>;

function decoded(bytes: Uint8Array, path: string): Png {
  try {
    return decode(bytes);
  } catch (cause) {
    const message = `"${path}" is no PNG that can be read: ${(cause as Error).message}. Save the picture as PNG.`;
    throw new DiffusionError('REQUEST_INVALID', message, { path }, cause);
  }
}

/** Palettes, grey, alpha and 16 bits become four bytes a pixel. */
function rgba(png: Png): Picture {
  const { width, height } = png;
  const { data, channels } = png.palette ? { data: convertIndexedToRgb(png), channels: png.palette[0]!.length } : png;
  const top = png.palette ? 255 : 2 ** png.depth - 1;
  const colours = channels > 2 ? 3 : 1;
  const out = new Uint8Array(4 * width * height).fill(255);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++)
      out[4 * i + c] = Math.round((255 * data[i * channels + (colours === 3 ? c : 0)]!) / top);
    if (channels > colours) out[4 * i + 3] = Math.round((255 * data[i * channels + colours]!) / top);
  }
  return { data: out, width, height, channels: 4 };
}
