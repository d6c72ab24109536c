// A picture, perhaps with a mask, as the beginning of a loop. The order of draws is upstream's: the latents of the picture, the noise,
// then, with a mask, the latents of the picture without the masked part, which networks with mask channels are given.

import type { Generator, Tensor } from '@unnoise/core';
import { DiffusionError, randnTensor, tensor } from '@unnoise/core';
import type { Autoencoder } from '../latent/autoencoder.ts';
import type { Picture, Planes } from '../latent/picture.ts';
import { maskOf, planesOf, repeated } from '../latent/picture.ts';
import { streamsOf } from '../loop/start.ts';
import type { GenerateOptions } from './pipeline.ts';

export interface PictureOptions {
  /** A picture to start from: bytes, a tensor [n, 3, height, width] in -1 to 1, or latents. One for all, or one for each. */
  readonly image?: Picture | readonly Picture[] | Tensor | undefined;
  /** Where to paint, beside `image`: light is painted, dark stays. Bytes of any size, or a tensor of the latent's height and width. */
  readonly mask?: Picture | Tensor | undefined;
  /** How far to go from the picture, in (0, 1]; default 0.8, with a mask 1. */
  readonly strength?: number | undefined;
}

/** What these options say in another way than those of the loop. */
export type PictureKeys = 'image' | 'mask' | 'noise' | 'strength';

type Rest = Omit<GenerateOptions, PictureKeys>;
type Streams = Generator | readonly Generator[] | undefined;

/** The request with what stands for the picture in the loop. Tensors of it are on the host. */
export async function pictureStart(
  autoencoder: Autoencoder,
  { image, mask, strength, ...rest }: Rest & PictureOptions,
  batch: number,
): Promise<GenerateOptions> {
  if (!image) {
    if (!mask && strength === undefined) return rest;
    if (!mask) return { ...rest, strength: strength! };
    throw new DiffusionError('REQUEST_INVALID', 'A mask was given without an image.');
  }
  const { seed: _, generator: __, ...others } = rest;
  const streams = streamsOf(rest);
  const encoded = await latentsOf(autoencoder, image, streams, batch);
  const { data, shape } = repeated(encoded, batch, 'picture');
  const start = { ...others, ...(streams && { generator: streams }), image: tensor(data, shape) };
  if (!mask) return { ...start, strength: strength ?? 0.8 };
  const noise = streams && tensor(randnTensor(shape, streams), shape);
  if (streams && !isLatent(image, autoencoder) && (await autoencoder.draws())) randnTensor(encoded.shape, streams);
  const [, , height, width] = shape as readonly [number, number, number, number];
  return { ...start, mask: maskTensor(mask, [height, width]), ...(noise && { noise }), strength: strength ?? 1 };
}

/** Encoded once for all, or, where each picture has a stream of its own, once for each. */
async function latentsOf(
  autoencoder: Autoencoder,
  image: NonNullable<PictureOptions['image']>,
  streams: Streams,
  batch: number,
): Promise<Planes> {
  if (isLatent(image, autoencoder)) return { data: Float32Array.from(await image.data()), shape: image.shape };
  const planes = isTensor(image)
    ? { data: Float32Array.from(await image.data()), shape: image.shape }
    : planesOf(isList(image) ? image : [image]);
  autoencoder.checkPicture(planes.shape);
  const each = Array.isArray(streams) ? repeated(planes, batch, 'picture') : planes;
  const latents = await autoencoder.encode(each, streams);
  return { data: Float32Array.from(await latents.data()), shape: latents.shape };
}

function maskTensor(mask: Picture | Tensor, size: readonly [number, number]): Tensor {
  if (!isTensor(mask)) {
    const { data, shape } = maskOf(mask, size);
    return tensor(data, shape);
  }
  const [height, width] = mask.shape.slice(-2);
  if (mask.shape.length === 4 && height === size[0] && width === size[1]) return mask;
  const message = `The mask has the shape [${mask.shape.join(', ')}], and the latents are ${size.join(' x ')}. Give [1, 1, ${size.join(', ')}], or a picture.`;
  throw new DiffusionError('SHAPE_MISMATCH', message, { wanted: size, shape: mask.shape });
}

const isTensor = (value: object): value is Tensor => 'dtype' in value;

const isList = (value: Picture | readonly Picture[]): value is readonly Picture[] => Array.isArray(value);

/** As upstream: a tensor that has the channels of latents is not encoded. */
function isLatent(image: NonNullable<PictureOptions['image']>, { channels }: Autoencoder): image is Tensor {
  return isTensor(image) && image.shape[1] === channels && channels !== 3;
}
