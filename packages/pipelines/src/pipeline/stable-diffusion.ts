// Text-to-image by latent diffusion, as diffusers' StableDiffusionPipeline; with a picture image-to-image, with a mask inpainting.
// The prompt becomes states of the text encoder; the loop runs on latents; the autoencoder leads from and to pixels.

import type { Tensor } from '@unnoise/core';
import { DiffusionError } from '@unnoise/core';
import { Autoencoder } from '../latent/autoencoder.ts';
import { guidanceEmbedding } from '../latent/guidance-embedding.ts';
import type { PictureKeys, PictureOptions } from './picture-start.ts';
import { pictureStart } from './picture-start.ts';
import type { Conditioning } from '../onnx/conditioning.ts';
import type { ModelFiles } from '../onnx/layout.ts';
import type { DiffusionModel, OpenOptions } from '../onnx/model.ts';
import { openPart } from '../onnx/model.ts';
import type { ModelPart } from '../onnx/part.ts';
import { TextEncoder } from '../text/text-encoder.ts';
import { openTokenizer } from '../text/tokenizer.ts';
import type { Condition, GenerateOptions, PipelineOptions } from './pipeline.ts';
import { DiffusionPipeline } from './pipeline.ts';
import { sampleShape } from './sample-shape.ts';
import { countOf, promptOf, PromptStyles, textsOf } from './prompts.ts';

export interface TextGenerateOptions extends Omit<GenerateOptions, PictureKeys>, PictureOptions {
  /** One for each picture, or one for all; "" draws anything. */
  readonly prompt?: string | readonly string[];
  /** What guidance steers away from; default: the empty prompt. */
  readonly negativePrompt?: string | readonly string[];
  /** Of `pipeline.styles`, one for all pictures or one for each; models that name none get "<prompt>, <style> style". */
  readonly style?: string | readonly string[];
  /** Classifier-free guidance; 1 and less: none. Default: `guidance_scale` of model_index.json, else 7.5. */
  readonly guidance?: number;
  /** Height and width in pixels. */
  readonly size?: number | readonly [height: number, width: number];
}

/** Upstream's class names, with the prefixes of ONNX exporters. One class serves them all: what is given decides. */
const CLASSES = /^(Onnx|ORT)?(StableDiffusion|LatentConsistencyModel)(Img2Img|Inpaint)?Pipeline$/;
const USUAL_GUIDANCE = 7.5;

/** The opened parts beside the denoiser. */
export interface StableDiffusionParts {
  readonly textEncoder: TextEncoder;
  readonly decoder: ModelPart;
  readonly openEncoder: () => Promise<ModelPart>;
}

export class StableDiffusionPipeline extends DiffusionPipeline<TextGenerateOptions> {
  static fits({ layout }: DiffusionModel): boolean {
    return CLASSES.test(layout.className);
  }

  /** Opens the text encoder and the decoder beside the denoiser; the encoder of pictures when there is one to encode. */
  static async open(
    model: DiffusionModel,
    files: ModelFiles,
    options: OpenOptions & PipelineOptions,
  ): Promise<StableDiffusionPipeline> {
    const part = (name: string): Promise<ModelPart> => openPart(files, model.layout, name, options);
    const opened: ModelPart[] = [];
    try {
      opened.push(await part('text_encoder'), await part('vae_decoder'));
      const [text, decoder] = opened as [ModelPart, ModelPart];
      const longest = text.config['max_position_embeddings'] as number | undefined;
      const textEncoder = new TextEncoder(text, await openTokenizer(files, options.tokenizer, longest));
      const parts = { textEncoder, decoder, openEncoder: () => part('vae_encoder') };
      return new StableDiffusionPipeline(model, parts, options);
    } catch (error) {
      for (const one of opened) await one.dispose();
      throw error;
    }
  }

  readonly textEncoder: TextEncoder;
  readonly autoencoder: Autoencoder;
  /** What a request without guidance gets. */
  readonly defaultGuidance: number;
  readonly #styles: PromptStyles;

  constructor(
    model: DiffusionModel,
    { textEncoder, decoder, openEncoder }: StableDiffusionParts,
    options?: PipelineOptions,
  ) {
    super(model, options);
    this.textEncoder = textEncoder;
    this.autoencoder = new Autoencoder(decoder, openEncoder, latentChannels(model), this.backend);
    this.#styles = new PromptStyles(model.layout.index);
    this.defaultGuidance = Number(model.layout.index['guidance_scale'] ?? USUAL_GUIDANCE);
  }

  /** Style names for requests; empty for models that name none. */
  get styles(): readonly string[] {
    return this.#styles.names;
  }

  /** Height and width in pixels of what is drawn where a request does not tell. */
  get pictureSize(): readonly [height: number, width: number] {
    const [, , height, width] = sampleShape(this.model.denoiser, 1) as readonly [number, number, number, number];
    return [height * this.autoencoder.scale, width * this.autoencoder.scale];
  }

  protected override async condition(options: TextGenerateOptions): Promise<Condition> {
    const { negativePrompt = '', style, image, mask, strength, size, prompt: _, ...others } = options;
    const prompt = promptOf(options.prompt);
    const batch = countOf(prompt, others.batchSize);
    const styles = style === undefined ? [] : textsOf(style, batch, 'style');
    const texts = textsOf(prompt, batch, 'prompt').map((text, i) => this.#styles.apply(text, styles[i]));
    const { guidance, conditioning } = this.#guidance(options.guidance ?? this.defaultGuidance, batch);
    const states = async (of: readonly string[]): Promise<Conditioning> => ({
      [this.#statesInput]: await this.textEncoder.encode(of, this.backend),
      ...conditioning,
    });
    const start = await pictureStart(this.autoencoder, { ...others, image, mask, strength }, batch);
    const latentSize = size === undefined ? {} : { size: this.autoencoder.latentSize(size) };
    const told = await states(texts);
    const free =
      guidance === 1 ? {} : { unconditional: await states(textsOf(negativePrompt, batch, 'negative prompt')) };
    return { batch, rest: { ...start, ...latentSize, guidance }, conditioning: told, ...free };
  }

  protected override decode(latents: Tensor): Promise<Tensor> {
    return this.autoencoder.decode(latents);
  }

  override async dispose(): Promise<void> {
    await this.textEncoder.part.dispose();
    await this.autoencoder.dispose();
    await super.dispose();
  }

  get #statesInput(): string {
    const known = ['encoder_hidden_states', 'context'];
    return this.model.denoiser.conditions.find(({ name }) => known.includes(name))?.name ?? known[0]!;
  }

  /** Models that are told their guidance are not guided from outside. */
  #guidance(guidance: number, batch: number): { readonly guidance: number; readonly conditioning: Conditioning } {
    const input = this.model.denoiser.conditions.find(({ name }) => name === 'timestep_cond');
    if (!input) return { guidance: guidance <= 1 ? 1 : guidance, conditioning: {} };
    const width = Number(this.model.denoiser.part.config['time_cond_proj_dim'] ?? input.shape[1]);
    return { guidance: 1, conditioning: { [input.name]: guidanceEmbedding(guidance, width, batch) } };
  }
}

/** @throws DiffusionError MODEL_INVALID for a network that wants mask channels beside the latent's. */
function latentChannels({ denoiser, layout }: DiffusionModel): number {
  const { in_channels, out_channels } = denoiser.part.config as { in_channels?: number; out_channels?: number };
  const [, fixed] = denoiser.sample.shape;
  const channels = typeof fixed === 'number' && fixed > 0 ? fixed : (in_channels ?? 4);
  if (out_channels === undefined || out_channels === channels) return channels;
  const message = `"${layout.name}" takes ${channels} channels and predicts ${out_channels}: it was trained for inpainting with the mask as input. Use the model that it was made from; inpainting needs no mask channels here.`;
  throw new DiffusionError('MODEL_INVALID', message, { channels, out_channels });
}
