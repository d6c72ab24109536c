// What a text-to-image request asks for, in words: prompts, styles, how many pictures.

import type { ConfigObject } from '@unnoise/core';
import { DiffusionError } from '@unnoise/core';

type Texts = string | readonly string[];

/** Prompts by style, with {} where the subject goes, as model_index.json may list them under `prompt_styles`. */
export class PromptStyles {
  readonly #templates: ReadonlyMap<string, string>;

  constructor(index: ConfigObject) {
    this.#templates = new Map(Object.entries((index['prompt_styles'] ?? {}) as Readonly<Record<string, string>>));
  }

  /** The styles that the model was trained on; empty where it names none. */
  get names(): readonly string[] {
    return [...this.#templates.keys()];
  }

  /** "red apple" in "fluent" style. Throws REQUEST_INVALID for a style that a model with styles does not have. */
  apply(prompt: string, style: string | undefined): string {
    if (style === undefined) return prompt;
    const name = style
      .toLowerCase()
      .replace(/[\s_-]+/g, ' ')
      .trim();
    const template = this.#templates.get(name) ?? (this.#templates.size === 0 ? `{}, ${style} style` : undefined);
    if (template !== undefined) return template.replace('{}', () => prompt);
    throw invalid(`The model has no style "${style}". It has: ${this.names.join(', ')}.`);
  }
}

/** One text for each of `batch` pictures. */
export function textsOf(texts: Texts, batch: number, what: string): readonly string[] {
  const list = typeof texts === 'string' ? [texts] : texts;
  for (const text of list)
    if (typeof text !== 'string') throw invalid(`${what} is ${String(text)}. Give a text, or a list of texts.`);
  if (list.length === 1) return Array.from({ length: batch }, () => list[0]!);
  if (list.length === batch) return list;
  throw invalid(`${list.length} ${what}s were given for ${batch} pictures. Give one, or one for each picture.`);
}

/** @throws DiffusionError REQUEST_INVALID for a request without a prompt. */
export function promptOf(prompt: Texts | undefined): Texts {
  if (prompt !== undefined) return prompt;
  throw invalid('No prompt was given. Pass prompt: "red apple"; "" draws anything.');
}

/** How many pictures: batchSize, else as many as there are prompts. */
export function countOf(prompt: Texts, batchSize: number | undefined): number {
  if (batchSize === undefined) return typeof prompt === 'string' ? 1 : prompt.length;
  if (Number.isInteger(batchSize) && batchSize > 0) return batchSize;
  throw invalid(`batchSize is ${batchSize}. Give a whole number of at least 1.`);
}

function invalid(message: string): DiffusionError {
  return new DiffusionError('REQUEST_INVALID', message);
}
