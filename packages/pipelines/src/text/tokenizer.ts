// From a prompt to the ids that a text encoder takes: which tokenizer a model folder has, and the length that all prompts are
// brought to. Splitting into sub-words is the work of a library, which is handed in.

import type { ConfigObject } from '@unnoise/core';
import { DiffusionError, parseConfig, warn } from '@unnoise/core';
import type { ModelFiles } from '../onnx/layout.ts';
import { clipTokenizerJson } from './clip.ts';
import type { TokenizerJson } from './word-level.ts';
import { wordLevelTokenizer } from './word-level.ts';

/** What a tokenizer must do: ids with the special tokens, not padded. Those of @huggingface/tokenizers and transformers.js fit. */
export interface TextTokenizer {
  encode(text: string): readonly number[] | { readonly ids: readonly number[] };
}

/** Makes a tokenizer of tokenizer.json and tokenizer_config.json: `(json, config) => new Tokenizer(json, config)`. */
export type TokenizerMaker = (json: object, config: object) => TextTokenizer | Promise<TextTokenizer>;

/** Ids of a prompt, all of one length, and which of them are not padding. */
export interface PromptIds {
  readonly ids: readonly number[];
  readonly mask: readonly number[];
}

export class PromptTokenizer {
  /** Ids of every prompt. */
  readonly length: number;
  readonly #tokenizer: TextTokenizer & { unknown?(text: string): string[] };
  readonly #pad: number;

  constructor(tokenizer: TextTokenizer, length: number, pad: number) {
    this.#tokenizer = tokenizer;
    this.length = length;
    this.#pad = pad;
  }

  /** As upstream: what is too long loses its end, but not the end token; what is short is padded. Both losses are warned of. */
  encode(text: string): PromptIds {
    const encoded = this.#tokenizer.encode(text);
    const all = 'ids' in encoded ? encoded.ids : encoded;
    const unknown = this.#tokenizer.unknown?.(text) ?? [];
    if (unknown.length > 0) warn(`the model does not know "${unknown.join('", "')}" (in "${text}").`);
    const over = all.length - this.length;
    if (over > 0) warn(`the model reads ${this.length} tokens, and "${text}" has ${over} more: its end is not read.`);
    const kept = over > 0 ? [...all.slice(0, this.length - 1), all.at(-1)!] : all;
    const padding = Array.from({ length: this.length - kept.length }, () => this.#pad);
    return { ids: [...kept, ...padding], mask: [...kept.map(() => 1), ...padding.map(() => 0)] };
  }
}

/** The tokenizer of a model folder. @throws DiffusionError FILE_NOT_FOUND, CONFIG_INVALID, DEPENDENCY_MISSING. */
export async function openTokenizer(
  files: ModelFiles,
  given: TextTokenizer | TokenizerMaker | undefined,
  longest?: number,
): Promise<PromptTokenizer> {
  const read = async (name: string): Promise<ConfigObject> => parsed(files, `tokenizer/${name}`);
  const config = { ...(await read('special_tokens_map.json')), ...(await read('tokenizer_config.json')) };
  const json: TokenizerJson = await read('tokenizer.json');
  const vocab = { ...((await read('vocab.json')) as Record<string, number>), ...json.model?.vocab };
  const full = json.model ? json : await clip(files, vocab, contentOf(config['pad_token']));
  const tokenizer = await tokenizerOf(full, config, given, files.name);
  return new PromptTokenizer(tokenizer, lengthOf(config, longest, files.name), padOf(config, full, vocab, files.name));
}

async function clip(
  files: ModelFiles,
  vocab: Readonly<Record<string, number>>,
  pad: string | undefined,
): Promise<TokenizerJson> {
  const merges = await files.readText('tokenizer/merges.txt');
  if (merges !== undefined && '<|startoftext|>' in vocab) return clipTokenizerJson(vocab, merges, pad);
  const message = `There is no tokenizer/tokenizer.json in "${files.name}", nor the vocab.json and merges.txt of CLIP. Download the folder "tokenizer", or pass { tokenizer }.`;
  throw new DiffusionError('FILE_NOT_FOUND', message, { folder: files.name });
}

async function tokenizerOf(
  json: TokenizerJson,
  config: object,
  given: TextTokenizer | TokenizerMaker | undefined,
  folder: string,
): Promise<TextTokenizer> {
  if (typeof given === 'object') return given;
  const own = wordLevelTokenizer(json);
  if (own) return own;
  if (given) return given(json, config);
  const message = `The tokenizer of "${folder}" splits words into pieces, which needs a library. Pass tokenizer: (json, config) => new Tokenizer(json, config) with the Tokenizer of @huggingface/tokenizers.`;
  throw new DiffusionError('DEPENDENCY_MISSING', message, { package: '@huggingface/tokenizers' });
}

async function parsed(files: ModelFiles, path: string): Promise<ConfigObject> {
  const text = await files.readText(path);
  return text === undefined ? {} : parseConfig(text, `${files.name}/${path}`);
}

/** transformers writes 1e30 for "no limit". */
function lengthOf(config: ConfigObject, longest: number | undefined, folder: string): number {
  const own = Number(config['model_max_length']);
  const length = own > 0 && own < 1e6 ? own : longest;
  if (length !== undefined) return length;
  const message = `"${folder}" does not say how long a prompt may be: tokenizer/tokenizer_config.json has no model_max_length.`;
  throw new DiffusionError('CONFIG_INVALID', message, { folder });
}

function padOf(
  config: ConfigObject,
  { added_tokens = [] }: TokenizerJson,
  vocab: Readonly<Record<string, number>>,
  folder: string,
): number {
  const named = [config['pad_token'], config['eos_token']].map(contentOf);
  for (const token of named) {
    const id =
      added_tokens.find(({ content }) => content === token)?.id ?? (token === undefined ? undefined : vocab[token]);
    if (id !== undefined) return id;
  }
  const message = `"${folder}" does not say what pads a prompt: no pad_token of tokenizer_config.json is in the vocabulary.`;
  throw new DiffusionError('CONFIG_INVALID', message, { folder });
}

/** A token is a string, or an object with its content. */
function contentOf(token: unknown): string | undefined {
  if (typeof token === 'string') return token;
  return (token as { readonly content?: string } | undefined)?.content;
}
