// CLIP's tokenizer as tokenizer.json, for model folders that have only its vocab.json and merges.txt, which is what Stable
// Diffusion 1 and 2 come with. The rules are those of transformers' CLIPTokenizer.

import type { TokenizerJson } from './word-level.ts';

const BOS = '<|startoftext|>';
const EOS = '<|endoftext|>';

/** Contractions, runs of letters, single digits, runs of anything else. */
const WORDS = "<\\|startoftext\\|>|<\\|endoftext\\|>|'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+";

/** `pad` is a token of its own in prompts too, as upstream: Stable Diffusion 2 pads with "!". */
export function clipTokenizerJson(
  vocab: Readonly<Record<string, number>>,
  merges: string,
  pad: string = EOS,
): TokenizerJson {
  const special = [...new Set([BOS, EOS, pad])].map((content) => ({
    id: vocab[content]!,
    content,
    special: true,
    normalized: false,
    single_word: false,
    lstrip: false,
    rstrip: false,
  }));
  const json = {
    version: '1.0',
    added_tokens: special,
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'NFC' },
        { type: 'Replace', pattern: { Regex: '\\s+' }, content: ' ' },
        { type: 'Lowercase' },
      ],
    },
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Split', pattern: { Regex: WORDS }, behavior: 'Removed', invert: true },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
      ],
    },
    post_processor: {
      type: 'RobertaProcessing',
      cls: [BOS, vocab[BOS]],
      sep: [EOS, vocab[EOS]],
      trim_offsets: false,
      add_prefix_space: false,
    },
    decoder: { type: 'ByteLevel' },
    model: {
      type: 'BPE',
      unk_token: EOS,
      continuing_subword_prefix: '',
      end_of_word_suffix: '</w>',
      fuse_unk: false,
      vocab,
      merges: mergesOf(merges),
    },
  };
  return json;
}

/** The first line tells the version; the file may end with an empty one. */
function mergesOf(text: string): readonly (readonly string[])[] {
  const lines = text.split('\n').map((line) => line.trim());
  return lines.filter((line) => line !== '' && !line.startsWith('#version')).map((line) => line.split(' '));
}
