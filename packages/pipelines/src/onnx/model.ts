// A model folder with its denoiser opened in ONNX Runtime. How it is sampled is the pipeline's job.

import { inTurn } from '@unnoise/backend-ort';
import { DiffusionError } from '@unnoise/core';
import { Denoiser } from './denoiser.ts';
import { useHalfBits } from './half-bits.ts';
import type { ModelFiles, ModelLayout } from './layout.ts';
import { missingGraph, readLayout } from './layout.ts';
import type { TextTokenizer, TokenizerMaker } from '../text/tokenizer.ts';
import { ModelPart } from './part.ts';
import type { PartMetadata } from './part.ts';
import type { OnnxRuntime, OnnxSessionOptions } from './runtime.ts';

export interface OpenOptions {
  /** ONNX Runtime: onnxruntime-node, onnxruntime-web or another with its interface. */
  readonly runtime: OnnxRuntime;
  /** For InferenceSession.create: executionProviders, intraOpNumThreads, ... */
  readonly session?: OnnxSessionOptions;
  /** Inputs and outputs by part, for builds of ONNX Runtime that do not tell them. */
  readonly metadata?: Readonly<Record<string, PartMetadata>>;
  /** For models that read prompts in pieces of words: a tokenizer, or what makes one of the model's tokenizer.json. */
  readonly tokenizer?: TextTokenizer | TokenizerMaker;
}

/** An opened model; `dispose` gives its memory back. */
export class DiffusionModel {
  readonly layout: ModelLayout;
  readonly denoiser: Denoiser;

  constructor(layout: ModelLayout, denoiser: Denoiser) {
    this.layout = layout;
    this.denoiser = denoiser;
  }

  dispose(): Promise<void> {
    return this.denoiser.part.dispose();
  }
}

/** @throws DiffusionError FILE_NOT_FOUND, CONFIG_INVALID, MODEL_INVALID. */
export async function openModel(files: ModelFiles, options: OpenOptions): Promise<DiffusionModel> {
  const layout = await readLayout(files);
  const part = await openPart(files, layout, denoiserName(layout), options);
  return new DiffusionModel(layout, new Denoiser(part));
}

/** Opens one part of a model folder. */
export async function openPart(
  files: ModelFiles,
  layout: ModelLayout,
  name: string,
  options: OpenOptions,
): Promise<ModelPart> {
  const part = layout.parts.find((one) => one.name === name);
  const source = part?.graph && (await files.graph(part.graph));
  if (!part || !source) throw missingGraph(layout, name);
  const { runtime, session = {}, metadata } = options;
  try {
    useHalfBits(runtime);
    const { InferenceSession } = runtime;
    const opened = await inTurn(runtime, () =>
      typeof source === 'string' ? InferenceSession.create(source, session) : InferenceSession.create(source, session),
    );
    return new ModelPart(name, runtime, opened, part.config, metadata?.[name]);
  } catch (cause) {
    if (cause instanceof DiffusionError) throw cause;
    const message = `ONNX Runtime cannot open ${part.graph} of "${layout.name}": ${(cause as Error).message}`;
    throw new DiffusionError('MODEL_INVALID', message, { folder: layout.name, part: name }, cause);
  }
}

/** The part that predicts noise: the unet where there is one, else the transformer. */
export function denoiserName({ name, className, parts }: ModelLayout): string {
  const found = ['unet', 'transformer'].find((wanted) => parts.some((part) => part.name === wanted));
  if (found) return found;
  const have = parts.map((part) => part.name).join(', ') || 'none';
  const message = `"${name}" (${className}) has neither unet nor transformer; its parts: ${have}.`;
  throw new DiffusionError('MODEL_INVALID', message, { folder: name });
}
