// Pictures in the terminal: each character is two pixels, the upper as foreground and the lower as background of a half block.

import type { Pixels } from '../image/grid.ts';
import { toGrid } from '../image/grid.ts';

const RESET = '\u001B[0m';

/** As many of the pictures as fit side by side into `columns` characters, as lines with ANSI colours. */
export function ansiPreview(images: readonly Pixels[], columns: number): string {
  const [first] = images;
  if (!first) return '';
  const fitting = Math.max(1, Math.floor((columns + 1) / (first.width + 1)));
  const grid = toGrid(images.slice(0, fitting), { columns: fitting, gap: 1 });
  const stride = Math.ceil(grid.width / columns);
  const lines: string[] = [];
  for (let y = 0; y < grid.height; y += 2 * stride) lines.push(line(grid, y, stride));
  return lines.join('\n');
}

function line(grid: Pixels, y: number, stride: number): string {
  let text = '';
  for (let x = 0; x < grid.width; x += stride) {
    text += `\u001B[38;2;${colour(grid, x, y)};48;2;${colour(grid, x, y + stride)}m▀`;
  }
  return text + RESET;
}

/** Red, green and blue; black below the picture. */
function colour({ data, width, height, channels }: Pixels, x: number, y: number): string {
  if (y >= height) return '0;0;0';
  const at = (y * width + x) * channels;
  return channels === 1 ? `${data[at]};${data[at]};${data[at]}` : `${data[at]};${data[at + 1]};${data[at + 2]}`;
}

/** Draws frames over each other on a terminal, one after the other elsewhere. */
export class Screen {
  #height = 0;

  show(frame: string): void {
    const back = process.stdout.isTTY && this.#height > 0 ? `\u001B[${this.#height}A\u001B[J` : '';
    process.stdout.write(`${back}${frame}\n`);
    this.#height = frame.split('\n').length;
  }
}
