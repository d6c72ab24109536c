// The files of the shipped models are the ones that were exported and measured. What the models draw is tested by the pipelines.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packages, readJson, root } from '../workspace.ts';

interface ModelIndex extends Readonly<Record<string, unknown>> {
  readonly id2label?: Readonly<Record<string, string>>;
  readonly null_class_label?: number;
}

const folders = packages()
  .map(({ dir }) => dir)
  .filter((dir) => existsSync(join(root, dir, 'model_index.json')));

test('four models are shipped', () => expect(folders).toHaveLength(4));

describe.each(folders)('%s', (folder) => {
  const hashes = readJson<Readonly<Record<string, string>>>(folder, 'sha256.json');
  const index = readJson<ModelIndex>(folder, 'model_index.json');
  const indexed = Object.keys(index).filter((key) => Array.isArray(index[key]));

  test.each(Object.entries(hashes))('%s has the hash that sha256.json gives', (path, hash) => {
    const bytes = readFileSync(join(root, folder, path));
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(hash);
  });

  test('sha256.json names every file of the parts, and model_index.json every part that a pipeline loads', () => {
    const parts = [...new Set(Object.keys(hashes).flatMap((path) => path.split('/').slice(0, -1)))];
    const found = parts.flatMap((part) => readdirSync(join(root, folder, part)).map((name) => `${part}/${name}`));
    expect(['model_index.json', ...found].toSorted()).toEqual(Object.keys(hashes).toSorted());
    expect(parts.filter((part) => part !== 'classifier').toSorted()).toEqual(indexed.toSorted());
    expect(indexed).toEqual(expect.arrayContaining(['scheduler', 'unet']));
  });

  test('a null label is the one after the classes, and the network has a row for it', () => {
    const classes = Object.keys(index.id2label ?? {}).length;
    expect(index.null_class_label).toBe(classes === 0 ? undefined : classes);
    const { num_class_embeds: rows } = readJson<{ num_class_embeds?: number }>(folder, 'unet/config.json');
    expect(rows).toBe(classes === 0 ? undefined : classes + 1);
  });
});
