// A tokenizer of whole words, as small models have it: the part of tokenizer.json (Hugging Face's tokenizers) that such a model
// needs. Sub-word models (CLIP, T5) are a library's work: see ./tokenizer.ts.

import type { TextTokenizer } from './tokenizer.ts';

interface Pattern {
  readonly Regex?: string;
  readonly String?: string;
}

interface Rule {
  readonly type: string;
  readonly normalizers?: readonly Rule[];
  readonly pattern?: Pattern;
  readonly content?: string;
  readonly behavior?: string;
  readonly invert?: boolean;
  readonly single?: readonly Piece[];
  readonly special_tokens?: Readonly<Record<string, { readonly ids: readonly number[] }>>;
}

interface Piece {
  readonly SpecialToken?: { readonly id: string };
}

/** What tokenizer.json holds, as far as it is looked at. */
export interface TokenizerJson {
  readonly model?: {
    readonly type?: string;
    readonly vocab?: Readonly<Record<string, number>>;
    readonly unk_token?: string;
  };
  readonly normalizer?: Rule | null;
  readonly pre_tokenizer?: Rule | null;
  readonly post_processor?: Rule | null;
  readonly added_tokens?: readonly { readonly content: string; readonly id: number }[];
}

type Step = (text: string) => string;

/** The tokenizer, or undefined for a file with rules beyond whole words. */
export function wordLevelTokenizer(
  json: TokenizerJson,
): (TextTokenizer & { unknown(text: string): string[] }) | undefined {
  const { model, normalizer, pre_tokenizer: split, post_processor: ends } = json;
  const steps = normalizer ? stepsOf(normalizer) : [];
  const between =
    split?.type === 'Split' && split.behavior === 'Removed' && !split.invert ? regex(split.pattern) : undefined;
  const simple = model?.type === 'WordLevel' && (json.added_tokens ?? []).length === 0;
  if (!simple || !steps || !between || (ends && ends.type !== 'TemplateProcessing')) return undefined;
  const { vocab = {}, unk_token = '<unk>' } = model;
  const words = (text: string): string[] =>
    steps
      .reduce((now, step) => step(now), text)
      .split(between)
      .filter(Boolean);
  const idOf = (word: string): number => (Object.hasOwn(vocab, word) ? vocab[word]! : vocab[unk_token]!);
  return {
    encode: (text) => framed(words(text).map(idOf), ends),
    unknown: (text) => words(text).filter((word) => !Object.hasOwn(vocab, word)),
  };
}

/** The normaliser as functions; undefined where one of its rules is not known. */
function stepsOf(rule: Rule): readonly Step[] | undefined {
  if (rule.type === 'Sequence') {
    const all = (rule.normalizers ?? []).map(stepsOf);
    return all.every((steps) => steps !== undefined) ? all.flat() : undefined;
  }
  if (rule.type === 'Lowercase') return [(text) => text.toLowerCase()];
  if (/^NFK?[CD]$/.test(rule.type)) return [(text) => text.normalize(rule.type)];
  const pattern = rule.type === 'Replace' ? regex(rule.pattern) : undefined;
  const { content = '' } = rule;
  return pattern && [(text) => text.replace(pattern, () => content)];
}

/** Undefined for a pattern that JavaScript does not read. */
function regex({ Regex, String: text }: Pattern = {}): RegExp | undefined {
  try {
    return new RegExp(Regex ?? text!.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'), 'gu');
  } catch {
    return undefined;
  }
}

/** The ids with the special tokens that the template puts around them. */
function framed(ids: readonly number[], ends: Rule | null | undefined): readonly number[] {
  if (!ends?.single) return ids;
  return ends.single.flatMap(({ SpecialToken }) => (SpecialToken ? ends.special_tokens![SpecialToken.id]!.ids : ids));
}
