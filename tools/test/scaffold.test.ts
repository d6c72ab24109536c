import { cpSync, existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../check/shell.ts';
import { schedulerManifest } from '../nx/manifest.js';
import { classNameOf } from '../nx/names.js';
import { root } from '../workspace.ts';
import { temporaryFolder } from './temporary.ts';

const bin = `node '${join(root, 'tools/nx/bin.js')}'`;

/** The repository's own settings and installed packages, without its packages. */
function emptyWorkspace(): string {
  const folder = temporaryFolder();
  const settings = ['package.json', 'pnpm-workspace.yaml', 'nx.json', 'tsconfig.json', 'vitest.config.ts', '.env'];
  for (const name of [
    ...settings,
    'tools/nx',
    'tools/browser-commands.ts',
    'tools/count-reporter.ts',
    'tools/devices.mjs',
    'tools/device-reporter.ts',
  ])
    cpSync(join(root, name), join(folder, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

describe('nx g @unnoise/nx:scheduler', () => {
  it('makes a package that type-checks, whose first test says what is not written yet, and never twice', () => {
    const folder = emptyWorkspace();
    const made = run('node_modules/.bin/nx g @unnoise/nx:scheduler flow-match-lcm', { cwd: folder });
    expect(made.output).toContain('CREATE packages/scheduler-flow-match-lcm/src/index.ts');
    const manifest: unknown = JSON.parse(
      readFileSync(join(folder, 'packages/scheduler-flow-match-lcm/package.json'), 'utf8'),
    );
    const description = 'FlowMatchLCMScheduler for unnoise';
    expect(manifest).toEqual(schedulerManifest({ name: 'scheduler-flow-match-lcm', version: '0.0.0', description }));
    expect(readFileSync(join(folder, '.changeset/scheduler-flow-match-lcm.md'), 'utf8')).toContain(
      'scheduler-flow-match-lcm": major',
    );
    expect(run('node_modules/.bin/tsc -p .', { cwd: folder })).toMatchObject({ ok: true, output: '' });
    const tested = run('node_modules/.bin/vitest run', { cwd: folder });
    expect(tested.ok).toBe(false);
    expect(tested.output).toContain('the rule is not written');
    const again = run('node_modules/.bin/nx g @unnoise/nx:scheduler flow-match-lcm', { cwd: folder });
    expect(again.ok).toBe(false);
    expect(again.output).toContain('packages/scheduler-flow-match-lcm/package.json is already there');
  });
});

describe('npx @unnoise/nx scheduler', () => {
  it('makes a package that stands on published packages alone', () => {
    const cwd = temporaryFolder();
    expect(run(`${bin} scheduler my-scheduler --scope @me`, { cwd }).ok).toBe(true);
    const text = readFileSync(join(cwd, 'my-scheduler/package.json'), 'utf8');
    expect(JSON.parse(text)).toMatchObject({
      name: '@me/my-scheduler',
      scripts: { test: 'tsc --noEmit && vitest run --globals' },
    });
    expect(text).not.toContain('workspace:');
    expect(text).not.toContain('@unnoise/source');
  });

  it('type-checks where only core and conformance are installed', () => {
    const cwd = temporaryFolder();
    run(`${bin} scheduler my-scheduler --scope @me`, { cwd });
    symlinkSync(join(root, 'node_modules'), join(cwd, 'my-scheduler/node_modules'));
    const tsc = 'node_modules/.bin/tsc --noEmit --lib es2023,esnext.disposable,dom --types node';
    expect(run(`${tsc} --customConditions @unnoise/source`, { cwd: join(cwd, 'my-scheduler') })).toMatchObject({
      ok: true,
      output: '',
    });
  });

  it('explains itself and touches nothing when it is called wrongly', () => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 'taken'), '');
    expect(run(bin, { cwd })).toMatchObject({
      ok: false,
      output: expect.stringContaining('Usage: npx @unnoise/nx scheduler'),
    });
    expect(run(`${bin} scheduler Bad_Name`, { cwd }).output).toContain('Use lower case and dashes');
    expect(run(`${bin} scheduler taken`, { cwd }).output).toContain('already there');
    expect(existsSync(join(cwd, 'Bad_Name'))).toBe(false);
  });
});

it('a class is named as upstream names it', () => {
  expect(['ddim', 'euler-discrete', 'vq-diffusion', 'my-scheduler'].map(classNameOf)).toEqual([
    'DDIMScheduler',
    'EulerDiscreteScheduler',
    'VQDiffusionScheduler',
    'MyScheduler',
  ]);
});
