import { cpSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { run } from '../check/shell.ts';
import { root } from '../workspace.ts';
import { temporaryFolder } from './temporary.ts';

/** Last line and exit status of a run over these test files. */
function counted(files: Readonly<Record<string, string>>): { ok: boolean; last: string | undefined } {
  const cwd = temporaryFolder();
  symlinkSync(join(root, 'node_modules'), join(cwd, 'node_modules'));
  cpSync(join(root, 'tools/count-reporter.ts'), join(cwd, 'count-reporter.ts'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text);
  const { ok, printed } = run(
    'node_modules/.bin/vitest run --globals --reporter=default --reporter=./count-reporter.ts',
    { cwd },
  );
  return { ok, last: printed.split('\n').at(-1) };
}

const good = `it('good', () => expect(1).toBe(1));\n`;

it('the last line counts tests', () => {
  expect(counted({ 'a.test.ts': good, 'b.test.ts': good })).toEqual({ ok: true, last: '2 passed, 0 failed' });
});

it('a failed test, an unhandled error, a broken hook and a file that does not load are four failures', () => {
  const failures = `
    it('bad', () => expect(1).toBe(2));
    it('leaks', async () => { void Promise.reject(new Error('lost')); await null; });
    describe('group', () => { beforeAll(() => { throw new Error('hook'); }); it('never', () => {}); });`;
  const files = { 'a.test.ts': good + failures, 'b.test.ts': `import './nowhere.ts';` };
  expect(counted(files)).toEqual({ ok: false, last: '2 passed, 4 failed' });
});

it('an unhandled error alone fails the run', () => {
  const leak = `it('leaks', async () => { void Promise.reject(new Error('lost')); await null; });`;
  expect(counted({ 'a.test.ts': leak })).toEqual({ ok: false, last: '1 passed, 1 failed' });
});
