// Pictures brought to the size of a model. The resampling is pica's, with the window of Lanczos, which diffusers takes too.

import { Pica } from 'pica';
import type { Picture } from '../latent/picture.ts';

/** RGBA bytes at another size. */
export async function resized(
  { data, width, height }: Picture,
  [toHeight, toWidth]: readonly [height: number, width: number],
): Promise<Picture> {
  const pica = new Pica({ features: ['js'] });
  const src = Uint8Array.from(data);
  const out = await pica.resizeBuffer({ src, width, height, toWidth, toHeight, filter: 'lanczos3' });
  return { data: out, width: toWidth, height: toHeight, channels: 4 };
}
