import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../check/shell.ts';
import { root } from '../workspace.ts';
import { temporaryFolder } from './temporary.ts';

/** The rules that each file of an otherwise empty repository breaks, under our settings. */
function lint(files: Readonly<Record<string, string>>): Record<string, string[]> {
  const cwd = temporaryFolder();
  cpSync(join(root, '.oxlintrc.json'), join(cwd, '.oxlintrc.json'));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(cwd, path)), { recursive: true });
    writeFileSync(join(cwd, path), text);
  }
  const { output } = run(`'${join(root, 'node_modules/.bin/oxlint')}' --format=json`, { cwd });
  const { diagnostics } = JSON.parse(output) as { diagnostics: { filename: string; code: string }[] };
  const rulesOf = (path: string): string[] =>
    diagnostics.filter(({ filename }) => filename === path).map(({ code }) => code);
  return Object.fromEntries(Object.keys(files).map((path) => [path, rulesOf(path)]));
}

const IMPORTS = 'eslint(no-restricted-imports)';

describe('imports', () => {
  it('a scheduler imports only core and its own files', () => {
    const forbidden = {
      backend: '@unnoise/backend-cpu',
      other: '@unnoise/scheduler-ddim',
      node: 'node:fs',
      bare: 'fs',
      any: 'lodash',
      inner: '@unnoise/core/src/index.ts',
      neighbour: '../../core/src/index.ts',
    };
    const src = 'packages/scheduler-lcm/src';
    const files = Object.entries(forbidden).map(([name, target]) => [
      `${src}/${name}.ts`,
      `export * from '${target}';\n`,
    ]);
    const broken = lint(Object.fromEntries(files));
    expect(Object.keys(broken)).toHaveLength(7);
    for (const rules of Object.values(broken)) expect(rules).toContain(IMPORTS);
    const fine = `export * from '@unnoise/core';\nexport * from './rows.ts';\n`;
    expect(lint({ [`${src}/index.ts`]: fine })).toEqual({ [`${src}/index.ts`]: [] });
  });

  it('core and the CPU backend import nothing of Node', () => {
    const text = `export * from 'node:fs';\n`;
    const broken = lint({ 'packages/core/src/a.ts': text, 'packages/backend-cpu/src/a.ts': text, 'tools/a.ts': text });
    expect(broken).toEqual({
      'packages/core/src/a.ts': [IMPORTS],
      'packages/backend-cpu/src/a.ts': [IMPORTS],
      'tools/a.ts': [],
    });
  });
});

it('a function may have 60 lines and a file 300, not one more', () => {
  const long = (count: number): string => `export function long() {\n${'  f();\n'.repeat(count - 2)}}\n`;
  expect(
    lint({ 'a.ts': long(60), 'b.ts': long(61), 'c.ts': 'f();\n'.repeat(300), 'd.ts': 'f();\n'.repeat(301) }),
  ).toEqual({
    'a.ts': [],
    'b.ts': ['eslint(max-lines-per-function)'],
    'c.ts': [],
    'd.ts': ['eslint(max-lines)'],
  });
});
