import { cpSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { run } from '../check/shell.ts';
import { root } from '../workspace.ts';
import { temporaryFolder } from './temporary.ts';

/** Last line and exit status of a run over one test file. */
function counted(text: string): { ok: boolean; last: string | undefined } {
  const cwd = temporaryFolder();
  symlinkSync(join(root, 'node_modules'), join(cwd, 'node_modules'));
  cpSync(join(root, 'tools/count-reporter.ts'), join(cwd, 'count-reporter.ts'));
  writeFileSync(join(cwd, 'a.test.ts'), `import { beforeAll, describe, expect, it } from 'vitest';\n${text}`);
  const vitest = 'node_modules/.bin/vitest run --reporter=default --reporter=./count-reporter.ts 2>/dev/null';
  const { ok, output } = run(vitest, { cwd });
  return { ok, last: output.split('\n').at(-1) };
}

const good = `it('good', () => expect(1).toBe(1));\n`;

it('the last line counts tests that passed and failed', () => {
  expect(counted(good)).toEqual({ ok: true, last: '1 passed, 0 failed' });
  expect(counted(`${good}it('bad', () => expect(1).toBe(2));`)).toEqual({ ok: false, last: '1 passed, 1 failed' });
});

it('an unhandled error, a broken hook and a file that does not load are failures', () => {
  const unhandled = `it('leaks', async () => { void Promise.reject(new Error('lost')); await null; });`;
  expect(counted(good + unhandled)).toEqual({ ok: false, last: '2 passed, 1 failed' });
  const hook = `describe('group', () => { beforeAll(() => { throw new Error('hook'); }); it('never', () => {}); });`;
  expect(counted(good + hook)).toEqual({ ok: false, last: '1 passed, 1 failed' });
  expect(counted(`import './nowhere.ts';`)).toEqual({ ok: false, last: '0 passed, 1 failed' });
});
