// Prompts to ids, against transformers (test/models, written by tools/golden/onnx_pipelines.py), and what goes wrong with tokenizers.

import { readFileSync } from 'node:fs';
import { setWarningHandler } from '@unnoise/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ModelFiles } from '../src/index.ts';
import { nodeFiles } from '../src/node.ts';
import { makeTokenizer } from '../src/node/tokenizers.ts';
import { openTokenizer } from '../src/text/tokenizer.ts';
import { wordLevelTokenizer } from '../src/text/word-level.ts';

const modelUrl = (name: string): URL => new URL(`./models/${name}/`, import.meta.url);

/** The files of a model with some replaced, or taken away where undefined. */
async function filesOf(name: string, changed: Readonly<Record<string, unknown>> = {}): Promise<ModelFiles> {
  const files = await nodeFiles(modelUrl(name));
  const readText = async (path: string): Promise<string | undefined> => {
    if (!Object.hasOwn(changed, path)) return files.readText(path);
    return changed[path] === undefined ? undefined : JSON.stringify(changed[path]);
  };
  return { ...files, readText };
}

const said: string[] = [];
let handler: (message: string) => void;
beforeEach(() => {
  said.length = 0;
  handler = setWarningHandler((message) => said.push(message));
});
afterEach(() => void setWarningHandler(handler));

describe.each(['sd-float32', 'sd-float16'])('the tokenizer of %s', (name) => {
  const expected = JSON.parse(readFileSync(new URL('token-ids.json', modelUrl(name)), 'utf8')) as readonly {
    readonly text: string;
    readonly ids: readonly number[];
  }[];

  it.each(expected)('reads "$text" as transformers does', async ({ text, ids }) => {
    const tokenizer = await openTokenizer(await filesOf(name), makeTokenizer);
    expect(tokenizer.encode(text).ids).toEqual(ids);
  });
});

describe('a prompt', () => {
  it('has a mask that leaves out the padding', async () => {
    const tokenizer = await openTokenizer(await filesOf('sd-float32'), undefined);
    expect(tokenizer.encode('red apple').mask).toEqual([1, 1, 1, 1, 0, 0, 0, 0]);
    expect(said).toEqual([]);
  });

  it('that is too long is cut before the end token, with a warning', async () => {
    const tokenizer = await openTokenizer(await filesOf('sd-float32'), undefined);
    const { ids, mask } = tokenizer.encode('dog dog dog dog dog dog dog dog');
    expect([ids.length, ids.at(-1), mask.every((one) => one === 1)]).toEqual([8, 2, true]);
    expect(said).toEqual([expect.stringMatching(/reads 8 tokens.* 2 more/)]);
  });

  it('with words that the model does not know says which', async () => {
    const tokenizer = await openTokenizer(await filesOf('sd-float32'), undefined);
    tokenizer.encode('red zebra');
    expect(said).toEqual([expect.stringMatching(/does not know "zebra"/)]);
  });

  it('goes through a tokenizer that is given, whether it gives ids or an encoding', async () => {
    for (const ids of [[1, 5, 2], { ids: [1, 5, 2] }]) {
      const tokenizer = await openTokenizer(await filesOf('sd-float32'), { encode: () => ids });
      expect(tokenizer.encode('anything').ids).toEqual([1, 5, 2, 0, 0, 0, 0, 0]);
    }
  });
});

describe('a folder', () => {
  const without = { 'tokenizer/tokenizer.json': undefined };
  it.each([
    ['without tokenizer', 'sd-float32', without, makeTokenizer, 'FILE_NOT_FOUND', /merges\.txt of CLIP/],
    ['with sub-words and no library', 'sd-float16', {}, undefined, 'DEPENDENCY_MISSING', /@huggingface\/tokenizers/],
    [
      'that tells no length',
      'sd-float32',
      { 'tokenizer/tokenizer_config.json': { pad_token: '<pad>' } },
      undefined,
      'CONFIG_INVALID',
      /model_max_length/,
    ],
    [
      'that tells no padding',
      'sd-float32',
      { 'tokenizer/tokenizer_config.json': { model_max_length: 8, pad_token: '<blank>' } },
      undefined,
      'CONFIG_INVALID',
      /pad_token/,
    ],
  ] as const)('%s is refused', async (_, name, changed, library, code, message) => {
    await expect(openTokenizer(await filesOf(name, changed), library)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  it('without a limit in its tokenizer takes the text encoder’s', async () => {
    const config = { 'tokenizer/tokenizer_config.json': { model_max_length: 1e30, eos_token: { content: '<eos>' } } };
    const tokenizer = await openTokenizer(await filesOf('sd-float32', config), undefined, 5);
    expect(tokenizer.encode('dog').ids).toEqual([1, 7, 2, 2, 2]);
  });
});

describe('whole words', () => {
  const split = { type: 'Split', pattern: { String: '-' }, behavior: 'Removed', invert: false };
  const model = { type: 'WordLevel', vocab: { '[U]': 0, a: 1, 'b b': 2 }, unk_token: '[U]' };

  it('are split as the file says, with no frame where it has none', () => {
    expect(wordLevelTokenizer({ model, pre_tokenizer: split })!.encode('a-b b--c')).toEqual([1, 2, 0]);
  });

  it.each([
    ['a model of pieces', { model: { ...model, type: 'BPE' }, pre_tokenizer: split }],
    ['a split that is not known', { model, pre_tokenizer: { type: 'Metaspace' } }],
    ['a normaliser that is not known', { model, pre_tokenizer: split, normalizer: { type: 'Precompiled' } }],
    ['a pattern that JavaScript does not read', { model, pre_tokenizer: { ...split, pattern: { Regex: '(?i:a' } } }],
    ['tokens of their own', { model, pre_tokenizer: split, added_tokens: [{ id: 9, content: '<x>' }] }],
  ])('%s is left to a library', (_, json) => {
    expect(wordLevelTokenizer(json)).toBeUndefined();
  });
});
