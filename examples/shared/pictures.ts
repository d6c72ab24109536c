// Real pictures for the examples, and where they put theirs. A picture is its pixels, row by row, from -1 (black) to 1.
import { fileURLToPath } from 'node:url';
import '@unnoise/backend-cpu/register';
import { type Tensor, tensor } from '@unnoise/core';
import { toByte, toGrid } from '@unnoise/pipelines';
import { readPng, savePng } from '@unnoise/pipelines/node';

export type Picture = Float32Array<ArrayBuffer>;

/** The squares of a sheet, row by row: ten of fashion.png (28 pixels), two hundred of digits.png (8 pixels). */
export async function readSheet(name: 'fashion' | 'digits'): Promise<readonly Picture[]> {
  const size = name === 'fashion' ? 28 : 8;
  const { data, width, height } = await readPng(path(`../pictures/${name}.png`));
  const [columns, rows] = [width / size, height / size];
  const grey = (x: number, y: number) => data[4 * (y * width + x)]! / 127.5 - 1;
  return Array.from({ length: columns * rows }, (_, i) =>
    Float32Array.from({ length: size * size }, (_, j) =>
      grey((i % columns) * size + (j % size), Math.floor(i / columns) * size + Math.floor(j / size)),
    ),
  );
}

/** Pictures as one tensor, [batch, 1, size, size]. */
export function batchOf(pictures: readonly Picture[]): Tensor {
  const size = Math.sqrt(pictures[0]!.length);
  return tensor(joined(pictures), [pictures.length, 1, size, size]);
}

export function joined(pictures: readonly ArrayLike<number>[]): Picture {
  return Float32Array.from(pictures.flatMap((picture) => Array.from(picture)));
}

/** The pictures of a tensor or of a long array, of `size` x `size` pixels each. */
export async function picturesOf(x: Tensor | ArrayLike<number>, size: number): Promise<readonly Picture[]> {
  const values = Float32Array.from('data' in x ? await x.data() : x);
  const area = size * size;
  return Array.from({ length: values.length / area }, (_, i) => values.slice(i * area, (i + 1) * area));
}

/** Writes rows of pictures to out/examples/<name>.png and says so. */
export async function show(name: string, rows: readonly (readonly Picture[])[]): Promise<void> {
  const size = Math.sqrt(rows[0]![0]!.length);
  const images = rows.flat().map((picture) => ({
    data: Uint8ClampedArray.from(picture, toByte),
    width: size,
    height: size,
    channels: 1 as const,
  }));
  const file = path(`../../out/examples/${name}.png`);
  await savePng(file, toGrid(images, { columns: rows[0]!.length, scale: Math.ceil(56 / size) }));
  console.log(`wrote out/examples/${name}.png`);
}

/** Root of the mean square difference. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Math.sqrt(Array.from(a).reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0) / a.length);
}

function path(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}
