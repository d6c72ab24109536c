import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { readGolden } from './golden.ts';

const { sha256 } = readGolden<{ sha256: Record<string, string> }>('recipe');

it.each(Object.entries(sha256))('the golden tables were made by the present %s', (file, expected) => {
  const recipe = readFileSync(new URL(`../../../../tools/golden/${file}`, import.meta.url));
  expect(createHash('sha256').update(recipe).digest('hex')).toBe(expected);
});
