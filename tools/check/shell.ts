// Runs a program for a check: silent while all is well, its whole output as the problem when it fails.
import { spawnSync } from 'node:child_process';
import { readJson, root } from '../workspace.ts';

export interface ShellOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** pnpm as pinned, for where it is not on the PATH. */
export const pnpm: string = `npx --yes ${readJson<{ packageManager: string }>('package.json').packageManager}`;

/** The command line's output, and whether it went well. */
export function run(command: string, { cwd = root, env }: ShellOptions = {}): { ok: boolean; output: string } {
  const { status, stdout, stderr } = spawnSync(command, {
    cwd,
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0', ...env },
    shell: true,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  return { ok: status === 0, output: `${stdout}${stderr}`.trim() };
}

/** The problems of a command line: none, or its output. */
export function problemsOf(command: string, options?: ShellOptions): string[] {
  const { ok, output } = run(command, options);
  return ok ? [] : [output || `${command} failed and said nothing`];
}

/** For a step that a check stands on: its output, or an error. */
export function must(command: string, options?: ShellOptions): string {
  const { ok, output } = run(command, options);
  if (!ok) throw new Error(`${command}\n${output}`);
  return output;
}
