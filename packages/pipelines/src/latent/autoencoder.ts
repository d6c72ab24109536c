// The two halves of a variational autoencoder: pictures to latents and back, with the scaling that its config asks for.

import type { Backend, ConfigObject, Generator, Shape, Tensor } from '@unnoise/core';
import { DiffusionError, randnTensor, tensor, warn } from '@unnoise/core';
import type { HostArray } from '../onnx/encode.ts';
import { shapeText } from '../onnx/encode.ts';
import type { ModelPart } from '../onnx/part.ts';
import { mapRows } from '../onnx/rows.ts';
import type { OnnxValueInfo } from '../onnx/runtime.ts';

type Streams = Generator | readonly Generator[];

/** As upstream clamps log variances. */
const LOG_VARIANCE: readonly [number, number] = [-30, 20];

export class Autoencoder {
  readonly decoder: ModelPart;
  /** Of a latent. */
  readonly channels: number;
  /** Pixels across one element of a latent. */
  readonly scale: number;
  readonly #scaling: number;
  readonly #shift: number;
  readonly #openEncoder: () => Promise<ModelPart>;
  readonly #backend: Backend | undefined;
  #encoder: Promise<ModelPart> | undefined;

  /** The encoder is opened when a picture is first encoded. */
  constructor(decoder: ModelPart, openEncoder: () => Promise<ModelPart>, channels: number, backend?: Backend) {
    const { config } = decoder;
    this.decoder = decoder;
    this.channels = channels;
    this.#openEncoder = openEncoder;
    this.#backend = backend;
    this.scale = 2 ** (((config['block_out_channels'] as readonly number[] | undefined)?.length ?? 4) - 1);
    this.#scaling = scalingFactor(config, channels);
    this.#shift = (config['shift_factor'] as number | null | undefined) ?? 0;
  }

  /** Latents [batch, c, h, w] to pixels in about -1 to 1, [batch, 3, H, W]. */
  async decode(latents: Tensor): Promise<Tensor> {
    const unscaled = await latents.cast('float32').div(this.#scaling).add(this.#shift).realize();
    try {
      const output = outputOf(this.decoder, 'sample');
      return await mapRows(this.decoder, [[only(this.decoder), unscaled]], output, this.#backend);
    } finally {
      unscaled.dispose();
    }
  }

  /** Pixels to latents, drawn from the law that the encoder gives: one draw for all, or one from each stream, as upstream. */
  async encode(pixels: HostArray, streams: Streams | undefined): Promise<Tensor> {
    const encoder = await this.#openedEncoder();
    const draws = await this.draws();
    const output = draws ? outputOf(encoder, 'latent_parameters') : 'latent_sample';
    const rows = await mapRows(encoder, [[only(encoder), pixels]], output, this.#backend);
    if (!draws) warn(`${encoder.name} draws its latents by itself: the same seed may not give the same picture again.`);
    const drawn = draws ? sampled(rows, streams) : rows;
    const scaled = await drawn.sub(this.#shift).mul(this.#scaling).realize();
    try {
      return tensor(Float32Array.from(await scaled.data()), scaled.shape);
    } finally {
      for (const one of [scaled, rows]) one.dispose();
    }
  }

  /** False for encoders of older exports, which draw inside the graph. */
  async draws(): Promise<boolean> {
    return !(await this.#openedEncoder()).outputs.some(({ name }) => name === 'latent_sample');
  }

  /** Height and width of latents for a size in pixels. @throws DiffusionError REQUEST_INVALID for one that is not whole. */
  latentSize(size: number | readonly [number, number]): readonly [number, number] {
    const pixels = typeof size === 'number' ? ([size, size] as const) : size;
    const [height, width] = [pixels[0] / this.scale, pixels[1] / this.scale];
    if (Number.isInteger(height) && Number.isInteger(width) && height > 0 && width > 0) return [height, width];
    const message = `The size is ${pixels.join(' x ')} pixels. Give multiples of ${this.scale}.`;
    throw new DiffusionError('REQUEST_INVALID', message, { size: pixels, scale: this.scale });
  }

  /** @throws DiffusionError SHAPE_MISMATCH for what is not [n, 3, height, width], REQUEST_INVALID for a size that does not fit. */
  checkPicture(shape: Shape): void {
    const [, planes, height = 0, width = 0] = shape;
    if (shape.length === 4 && planes === 3) return void this.latentSize([height, width]);
    const message = `image has the shape ${shapeText(shape)}. Give [n, 3, height, width] in -1 to 1, or latents with ${this.channels} channels.`;
    throw new DiffusionError('SHAPE_MISMATCH', message, { shape });
  }

  async dispose(): Promise<void> {
    await this.decoder.dispose();
    await (await this.#encoder)?.dispose();
  }

  #openedEncoder(): Promise<ModelPart> {
    return (this.#encoder ??= this.#openEncoder());
  }
}

/** mean + exp(logvar / 2) noise, not yet computed. */
function sampled(parameters: Tensor, streams: Streams | undefined): Tensor {
  if (!streams) throw new DiffusionError('GENERATOR_REQUIRED', 'Encoding a picture draws noise. Pass seed: 42.');
  const [batch, both, height, width] = parameters.shape as readonly [number, number, number, number];
  const channels = both / 2;
  const shape = [batch, channels, height, width];
  const deviation = parameters
    .slice(1, channels, channels)
    .clamp(...LOG_VARIANCE)
    .mul(0.5)
    .exp();
  return parameters.slice(1, 0, channels).add(deviation.mul(tensor(randnTensor(shape, streams), shape)));
}

/** The factor of Stable Diffusion 1 and 2, whose older exports have no config for the autoencoder. */
const USUAL = 0.18215;

function scalingFactor({ scaling_factor }: ConfigObject, channels: number): number {
  if (typeof scaling_factor === 'number' && scaling_factor > 0) return scaling_factor;
  if (channels === 4) return USUAL;
  const message = `vae_decoder/config.json has no scaling_factor, without which its ${channels} channels cannot be decoded.`;
  throw new DiffusionError('CONFIG_INVALID', message, { scaling_factor });
}

function only({ name, inputs }: ModelPart): OnnxValueInfo {
  const [first, ...others] = inputs;
  if (first && others.length === 0) return first;
  const have = inputs.map((input) => input.name).join(', ') || 'none';
  throw new DiffusionError('MODEL_INVALID', `${name} must have one input, and has: ${have}.`, { part: name });
}

function outputOf({ name, outputs }: ModelPart, wanted: string): string {
  if (outputs.some((output) => output.name === wanted)) return wanted;
  if (outputs.length === 1) return outputs[0]!.name;
  const have = outputs.map((output) => output.name).join(', ');
  throw new DiffusionError('MODEL_INVALID', `${name} has no output ${wanted}; it has: ${have}.`, { part: name });
}
