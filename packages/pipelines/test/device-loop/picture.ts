// A drawn picture as plain data, to go between processes, and how far two of them are apart.

import type { Image } from '../../src/index.ts';

export interface Drawn {
  readonly pixels: readonly number[];
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly latents: readonly number[];
}

export async function plain({ data, width, height, channels, latents }: Image): Promise<Drawn> {
  return { pixels: [...data], width, height, channels, latents: [...(await latents.data())] };
}

export interface Apart {
  /** Largest difference of a pixel, of 255. */
  readonly pixels: number;
  /** Largest difference of the latents, as a part of their largest value. */
  readonly latents: number;
}

export function apart(a: Drawn, b: Drawn): Apart {
  const largest = Math.max(...b.latents.map(Math.abs));
  return { pixels: most(a.pixels, b.pixels), latents: most(a.latents, b.latents) / largest };
}

function most(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length || b.length === 0) return Infinity;
  const worst = a.reduce((so, value, i) => Math.max(so, Math.abs(value - b[i]!)), 0);
  return Number.isNaN(worst) ? Infinity : worst;
}
