import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../check/shell.ts';
import { root } from '../workspace.ts';
import { temporaryFolder } from './temporary.ts';

/** What the linter says to one file, placed at `path` of an empty repository with our settings. */
function lint(path: string, text: string): string {
  const cwd = temporaryFolder();
  cpSync(join(root, '.oxlintrc.json'), join(cwd, '.oxlintrc.json'));
  mkdirSync(dirname(join(cwd, path)), { recursive: true });
  writeFileSync(join(cwd, path), text);
  return run(`'${join(root, 'node_modules/.bin/oxlint')}'`, { cwd }).output;
}

const SCHEDULER = 'packages/scheduler-lcm/src/index.ts';

describe('a scheduler imports only core', () => {
  it.each([
    ['a backend', `import '@unnoise/backend-cpu';`],
    ['another scheduler', `export * from '@unnoise/scheduler-ddim';`],
    ['Node', `import 'node:fs';`],
    ['Node without its prefix', `import 'fs';`],
    ['any package', `import 'lodash';`],
    ['a private part of core', `import '@unnoise/core/src/index.ts';`],
    ['a neighbour by path', `import '../../core/src/index.ts';`],
  ])('not %s', (_, text) => {
    expect(lint(SCHEDULER, text)).toContain('no-restricted-imports');
  });

  it('core and its own files are fine', () => {
    const text = `import { tensor } from '@unnoise/core';\nimport { rows } from './rows.ts';\nexport const x = [tensor, rows];\n`;
    expect(lint(SCHEDULER, text)).not.toContain('no-restricted-imports');
  });
});

describe('core and backend-cpu run in browsers', () => {
  it.each(['packages/core/src/a.ts', 'packages/backend-cpu/src/a.ts'])('%s has no import of Node', (path) => {
    expect(lint(path, `import 'node:fs';`)).toContain('no-restricted-imports');
  });
});

describe('lengths', () => {
  const ofLines = (count: number): string => `export function long() {\n${'  f();\n'.repeat(count - 2)}}\n`;

  it('a function may have 60 lines, not 61', () => {
    expect(lint('packages/core/src/a.ts', ofLines(60))).not.toContain('max-lines');
    expect(lint('packages/core/src/a.ts', ofLines(61))).toContain('max-lines-per-function');
  });

  it('a file may have 300 lines, not 301', () => {
    expect(lint('packages/core/src/a.ts', 'f();\n'.repeat(300))).not.toContain('max-lines');
    expect(lint('packages/core/src/a.ts', 'f();\n'.repeat(301))).toContain('max-lines');
  });
});
