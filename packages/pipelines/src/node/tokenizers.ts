// @huggingface/tokenizers, which is optional: only models that read prompts in pieces of words need it.

import { DiffusionError } from '@unnoise/core';
import type { TextTokenizer } from '../text/tokenizer.ts';

const NAME: string = '@huggingface/tokenizers';

interface Tokenizers {
  readonly Tokenizer: new (json: object, config: object) => TextTokenizer;
}

/** @throws DiffusionError DEPENDENCY_MISSING, with the line that installs it. */
export async function makeTokenizer(json: object, config: object): Promise<TextTokenizer> {
  const { Tokenizer } = await importTokenizers();
  return new Tokenizer(json, config);
}

async function importTokenizers(): Promise<Tokenizers> {
  try {
    return (await import(NAME)) as Tokenizers;
  } catch (cause) {
    const message = `This model reads prompts in pieces of words, which needs ${NAME}. Run "npm install ${NAME}", or pass { tokenizer }.`;
    throw new DiffusionError('DEPENDENCY_MISSING', message, { package: NAME }, cause);
  }
}
