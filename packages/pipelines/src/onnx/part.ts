// One ONNX graph of a model folder (unet, text_encoder, vae_decoder, ...), known by the names and types of its inputs.

import { inTurn } from '@unnoise/backend-ort';
import type { ConfigObject } from '@unnoise/core';
import { DiffusionError } from '@unnoise/core';
import { shapeText } from './encode.ts';
import type { OnnxArray } from './encode.ts';
import type { OnnxMetadata, OnnxRuntime, OnnxSession, OnnxTensor, OnnxValueInfo } from './runtime.ts';

/** What a graph takes and gives, for sessions that do not say it themselves. */
export interface PartMetadata {
  readonly inputs: readonly OnnxValueInfo[];
  readonly outputs: readonly OnnxValueInfo[];
}

export class ModelPart {
  /** The folder of the part: "unet". */
  readonly name: string;
  readonly inputs: readonly OnnxValueInfo[];
  readonly outputs: readonly OnnxValueInfo[];
  /** The part's config.json; empty where there is none. */
  readonly config: ConfigObject;
  readonly #runtime: OnnxRuntime;
  readonly #session: OnnxSession;

  constructor(
    name: string,
    runtime: OnnxRuntime,
    session: OnnxSession,
    config: ConfigObject = {},
    metadata?: PartMetadata,
  ) {
    this.name = name;
    this.config = config;
    this.inputs = metadata?.inputs ?? tensorsOf(name, 'inputMetadata', session.inputMetadata);
    this.outputs = metadata?.outputs ?? tensorsOf(name, 'outputMetadata', session.outputMetadata);
    this.#runtime = runtime;
    this.#session = session;
  }

  /** The input that has one of these names. */
  input(...names: readonly string[]): OnnxValueInfo | undefined {
    return this.inputs.find((input) => names.includes(input.name));
  }

  /** A value for `run`. The array is not copied. */
  tensor(type: string, data: OnnxArray, shape: readonly number[]): OnnxTensor {
    return new this.#runtime.Tensor(type as never, data as never, shape);
  }

  /** Runs the graph for one output, when the runtime is free. Throws MODEL_INVALID with the runtime's words. */
  async run(feeds: Readonly<Record<string, OnnxTensor>>, output: string): Promise<OnnxTensor> {
    try {
      return (await inTurn(this.#runtime, () => this.#session.run(feeds, [output])))[output]!;
    } catch (cause) {
      const given = Object.entries(feeds).map(([name, { type, dims }]) => `${name} ${type} ${shapeText(dims)}`);
      const message = `${this.name}: the ONNX graph failed on ${given.join(', ')}: ${(cause as Error).message}`;
      throw new DiffusionError('MODEL_INVALID', message, { part: this.name }, cause);
    }
  }

  async dispose(): Promise<void> {
    await this.#session.release?.();
  }
}

function tensorsOf(part: string, key: string, metadata: readonly OnnxMetadata[] | undefined): readonly OnnxValueInfo[] {
  if (metadata) return metadata.filter((value) => value.isTensor);
  throw new DiffusionError(
    'MODEL_INVALID',
    `${part}: this build of ONNX Runtime does not tell ${key}. Pass metadata: { ${part}: { inputs, outputs } } with name, type and shape.`,
    { part },
  );
}
