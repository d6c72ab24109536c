// Where pictures go: one PNG, or a folder of them. Whether they can go there is found out before they are computed.

import { mkdtemp, mkdir, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { DiffusionError } from '@unnoise/core';
import type { GridOptions } from '../image/grid.ts';
import { toGrid } from '../image/grid.ts';
import type { Image } from '../image/image.ts';
import { savePng } from '../node/png.ts';

export interface Target {
  /** Absolute. */
  readonly path: string;
  /** One file for each picture. */
  readonly isFolder: boolean;
}

/** Makes the folder, and makes sure that files can be written there. @throws DiffusionError FILE_NOT_FOUND where they cannot. */
export async function prepareTarget(output: string): Promise<Target> {
  const path = resolve(output);
  const isFolder = /[/\\]$/.test(output) || (await isDirectory(path)) || !/\.png$/i.test(output);
  const folder = isFolder ? path : dirname(path);
  try {
    await mkdir(folder, { recursive: true });
    await rm(await mkdtemp(join(folder, '.unnoise-')), { recursive: true });
  } catch (cause) {
    const message = `cannot write to "${folder}": ${(cause as Error).message}. Choose another --output.`;
    throw new DiffusionError('FILE_NOT_FOUND', message, { output }, cause);
  }
  return { path, isFolder };
}

async function isDirectory(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
}

/** Small pictures are enlarged to about this width. */
const COMFORTABLE = 112;

/** How many pixels a pixel of the model becomes, across and down. */
export function scaleOf({ size }: { readonly size: number | undefined }, { width }: Image): number {
  return size ?? Math.max(1, Math.round(COMFORTABLE / width));
}

export interface Picture {
  readonly image: Image;
  /** For the file's name: "007-sneaker". */
  readonly name: string;
  readonly text: Readonly<Record<string, string>>;
}

/** Writes the pictures and says what was written. */
export async function write(target: Target, pictures: readonly Picture[], layout: GridOptions): Promise<string> {
  if (target.isFolder) {
    const { scale = 1 } = layout;
    for (const { image, name, text } of pictures) {
      await savePng(join(target.path, `${name}.png`), toGrid([image], { columns: 1, scale }), text);
    }
    return `${target.path} (${pictures.length} files)`;
  }
  const images = pictures.map(({ image }) => image);
  const grid = toGrid(images, layout);
  await savePng(target.path, grid, pictures[0]!.text);
  return `${target.path} (${grid.width} x ${grid.height})`;
}
