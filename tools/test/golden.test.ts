import { expect, it } from 'vitest';
import { run } from '../check/shell.ts';

it('golden data and the recipes that made them are of one piece', () => {
  const { ok, output } = run('node tools/golden/check.mjs');
  expect(ok, output).toBe(true);
});
