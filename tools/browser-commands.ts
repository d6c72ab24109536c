// What a browser test may ask of Node: to run a program of the repository, and to keep what it measured.

import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

declare module 'vitest/browser' {
  interface BrowserCommands {
    /** What a TypeScript program prints as JSON when it is given `input` as JSON. `program` is a path in the repository. */
    runInNode(program: string, input: unknown): Promise<unknown>;
    /** Writes a value as out/`name`. */
    keepInOut(name: string, value: unknown): Promise<void>;
  }
}

const root = fileURLToPath(new URL('../', import.meta.url));

export async function runInNode(_: unknown, program: string, input: unknown): Promise<unknown> {
  const flags = ['--conditions=@unnoise/source', '--import', 'tsx'];
  const child = spawn(process.execPath, [...flags, program], { cwd: root, stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.end(JSON.stringify(input));
  const [said, complaints, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => child.once('close', resolve)),
  ]);
  if (code === 0) return JSON.parse(said);
  throw new Error(`${program} ended with ${code}: ${complaints}`);
}

export async function keepInOut(_: unknown, name: string, value: unknown): Promise<void> {
  await mkdir(`${root}out`, { recursive: true });
  await writeFile(`${root}out/${name}`, JSON.stringify(value));
}
