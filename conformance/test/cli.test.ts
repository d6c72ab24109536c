// The command line, in this process: what it runs, writes, prints and refuses. tools/check runs it from an installed tarball.

import type { Backend } from '@unnoise/core';
import { createReferenceBackend } from '@unnoise/core/reference';
import { main } from '@unnoise/conformance/cli';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { backendOf } from './faulty-backends.ts';

const LINEAR = 'backend/map/linear:dtype=float32;n=2;layout=contiguous';
const GOLDEN = fileURLToPath(new URL('../golden', import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'conformance-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A module of the user's. */
function module(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

const run = async (...args: readonly string[]) => {
  const lines: string[] = [];
  return { code: await main(args, (line) => lines.push(line)), text: lines.join('\n') };
};

const given = globalThis as { theBackend?: Backend; theBroken?: Backend };
given.theBackend = createReferenceBackend({ precision: 'float32' });
given.theBroken = backendOf({ params: (_, params) => params.map((c) => -c) });
const good = module('backend.mjs', 'export const create = () => globalThis.theBackend;\nexport const other = 3;\n');
const broken = module('broken.mjs', 'export default () => globalThis.theBroken;\n');

describe('the command line', () => {
  it('runs a backend from a module and writes every report, in folders that it makes', async () => {
    const [md, junit, json] = ['m.md', 'j.xml', 'r.json'].map((name) => join(folder, 'reports', name));
    const reports = ['--md', md!, '--junit', junit!, '--json', json!];
    const { code, text } = await run('backend', good, '--query', 'backend/map/exp*', ...reports);
    expect(text).toMatch(/^\d+ passed, 0 failed, 0 skipped$/);
    expect(code).toBe(0);
    expect(readFileSync(md!, 'utf8')).toContain('| map/exp |');
    expect(readFileSync(junit!, 'utf8')).toContain('<testsuite name="reference-float32"');
    expect(JSON.parse(readFileSync(json!, 'utf8'))).toMatchObject({ suite: 1, subject: 'reference-float32' });
  });

  it('exits with 1 for failed cases and names them', async () => {
    const { code, text } = await run('backend', broken, '--query', LINEAR);
    expect(code).toBe(1);
    expect(text).toContain(`FAIL ${LINEAR}`);
    expect(text).toContain('0 passed, 1 failed, 0 skipped');
  });

  it('fails a case that takes longer than it may', async () => {
    const slow = module(
      'slow.mjs',
      'export default { ...globalThis.theBackend, run: () => new Promise(() => {}), stats: undefined };\n',
    );
    const { code, text } = await run('backend', slow, '--query', LINEAR, '--timeout', '0.05');
    expect(code).toBe(1);
    expect(text).toContain('was not done after 0.05 s');
  });

  it('runs a scheduler from a package, and on goldens of a folder', async () => {
    const args = ['scheduler', '@unnoise/scheduler-ddim', '--query', '*/teacher:case=default;*', '--verbose'];
    for (const more of [[], ['--golden', GOLDEN]]) {
      const { code, text } = await run(...args, ...more);
      expect(text).toContain('pass     scheduler/DDIMScheduler/teacher:case=default;step=0');
      expect(code).toBe(0);
    }
  });

  it('lists ids without running anything', async () => {
    const { text, code } = await run('backend', 'not-loaded', '--list', '--query', 'backend/capabilities/*');
    expect(text.split('\n')).toEqual(['backend/capabilities/frozen', 'backend/capabilities/valid']);
    expect(code).toBe(0);
  });

  it('prints how it is called when asked', async () => {
    expect(await run('--help')).toMatchObject({ code: 0, text: expect.stringContaining('Usage: unnoise-conformance') });
  });

  const throwing = module('throwing.mjs', "throw new RangeError('no device');\n");
  const nothing = module('nothing.mjs', 'export default () => undefined;\n');
  const failing = module('failing.mjs', "export const make = () => Promise.reject(new Error('no adapter'));\n");

  it.each<readonly [readonly string[], string]>([
    [[], 'Usage'],
    [['model', './x.js'], 'Usage'],
    [['backend', './no-such-module.mjs'], 'There is no file /'],
    [['backend', folder], 'There is no file /'],
    [['backend', 'no-such-package'], 'Install it, or begin a path with ./'],
    [['backend', 'package.json'], 'For the file write ./package.json'],
    [['backend', throwing], 'threw RangeError: no device'],
    [['backend', nothing], 'gave undefined, which is no backend'],
    [['backend', failing], 'make of'],
    [['backend', failing], 'threw Error: no adapter'],
    [['backend', '@unnoise/scheduler-ddim'], 'It exports DDIMScheduler'],
    [['scheduler', '@unnoise/core/reference'], 'does not export a scheduler class'],
    [['scheduler', '@unnoise/scheduler-ddim', '--golden', folder], 'has no index.json'],
    [['scheduler', '@unnoise/scheduler-ddim', '--golden', GOLDEN, '--query', 'x'], 'No case matches x'],
    [['backend', good, '--golden', GOLDEN], '--golden is for schedulers'],
    [['backend', good, '--speed', '9'], '--speed'],
    [['backend', good, '--timeout', 'soon'], '--timeout is soon'],
    [['backend', good, '--query', 'nothing'], 'No case matches nothing'],
    [['backend', good, '--export', 'other'], 'does not export a backend, or a function that makes one as other'],
    [['backend', good, '--junit', join(good, 'out.xml')], 'backend.mjs'],
  ])('exits with 2 and a reason for %j', async (args, reason) => {
    const { code, text } = await run(...args);
    expect(text).toContain(reason);
    expect(code, text).toBe(2);
  });
});
