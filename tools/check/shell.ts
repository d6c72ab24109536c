// Runs a program for a check: silent while all is well, its whole output as the problem when it fails.
import { spawnSync } from 'node:child_process';
import { readJson, root } from '../workspace.ts';

export interface ShellOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** pnpm as pinned, for where it is not on the PATH. */
export const pnpm: string = `npx --yes ${readJson<{ packageManager: string }>('package.json').packageManager}`;

export interface Outcome {
  readonly ok: boolean;
  /** What it printed, and what it complained about. */
  readonly output: string;
  /** What it printed alone. */
  readonly printed: string;
}

/** Runs a command line by the shell. */
export function run(command: string, { cwd = root, env }: ShellOptions = {}): Outcome {
  const { status, stdout, stderr } = spawnSync(command, {
    cwd,
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0', ...env },
    shell: true,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  return { ok: status === 0, output: `${stdout}${stderr}`.trim(), printed: stdout.trim() };
}

/** The problems of a command line: none, or its output. */
export function problemsOf(command: string, options?: ShellOptions): string[] {
  const { ok, output } = run(command, options);
  return ok ? [] : [output || `${command} failed and said nothing`];
}

/** For a step that a check stands on: what it printed, or an error. */
export function must(command: string, options?: ShellOptions): string {
  const { ok, output, printed } = run(command, options);
  if (!ok) throw new Error(`${command}\n${output}`);
  return printed;
}
