// The files of the model are the ones that were exported and measured.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { folder } from '../src/index.ts';

const parse = (path: string): unknown => JSON.parse(readFileSync(new URL(path, folder), 'utf8'));
const hashes = parse('sha256.json') as Readonly<Record<string, string>>;

describe('model files', () => {
  test.each(Object.entries(hashes))('%s has the hash that sha256.json gives', (path, hash) => {
    expect(
      createHash('sha256')
        .update(readFileSync(new URL(path, folder)))
        .digest('hex'),
    ).toBe(hash);
  });

  test('sha256.json names every file of the parts', () => {
    const parts = new Set(Object.keys(hashes).flatMap((path) => path.split('/').slice(0, -1)));
    const found = [...parts].flatMap((part) => readdirSync(new URL(part, folder)).map((name) => `${part}/${name}`));
    expect(['model_index.json', ...found].sort()).toEqual(Object.keys(hashes).sort());
    expect([...parts]).toEqual(
      expect.arrayContaining(['scheduler', 'text_encoder', 'tokenizer', 'unet', 'vae_decoder', 'vae_encoder']),
    );
  });
});
