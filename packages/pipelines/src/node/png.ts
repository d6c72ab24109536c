// Pictures as PNG files. A file appears under its name only when it is whole.

import { randomBytes } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { encode } from 'fast-png';
import type { Pixels } from '../image/grid.ts';

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
