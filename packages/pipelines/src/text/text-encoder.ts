// Prompts to the states that a UNet attends to: tokenizer and text encoder together.

import type { Backend, Tensor } from '@unnoise/core';
import { DiffusionError } from '@unnoise/core';
import type { ModelPart } from '../onnx/part.ts';
import { mapRows } from '../onnx/rows.ts';
import type { OnnxValueInfo } from '../onnx/runtime.ts';
import type { PromptTokenizer } from './tokenizer.ts';

const STATES = 'last_hidden_state';

export class TextEncoder {
  readonly part: ModelPart;
  readonly tokenizer: PromptTokenizer;
  readonly #ids: OnnxValueInfo;
  readonly #mask: OnnxValueInfo | undefined;

  /** @throws DiffusionError MODEL_INVALID for a graph that is no text encoder. */
  constructor(part: ModelPart, tokenizer: PromptTokenizer) {
    const ids = part.input('input_ids');
    if (!ids || !part.outputs.some(({ name }) => name === STATES)) throw notAnEncoder(part);
    this.part = part;
    this.tokenizer = tokenizer;
    this.#ids = ids;
    this.#mask = part.input('attention_mask');
  }

  /** [prompts, tokens, width], yours to dispose; on `backend`, which a graph that leaves its output on a device must share. */
  async encode(prompts: readonly string[], backend?: Backend): Promise<Tensor> {
    const encoded = prompts.map((prompt) => this.tokenizer.encode(prompt));
    const shape = [prompts.length, this.tokenizer.length];
    const ids = { data: encoded.flatMap((one) => one.ids), shape };
    const mask = { data: encoded.flatMap((one) => one.mask), shape };
    const values = [[this.#ids, ids] as const, ...(this.#mask ? [[this.#mask, mask] as const] : [])];
    return mapRows(this.part, values, STATES, backend);
  }
}

function notAnEncoder({ name, inputs, outputs }: ModelPart): DiffusionError {
  const list = (values: readonly OnnxValueInfo[]): string => values.map((value) => value.name).join(', ') || 'none';
  const message = `${name} is no text encoder: it must have the input input_ids and the output ${STATES}, and has ${list(inputs)} and ${list(outputs)}.`;
  return new DiffusionError('MODEL_INVALID', message, { part: name });
}
