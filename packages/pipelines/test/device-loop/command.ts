// What a browser test asks of Node: `commands.drawInNode(runs)` draws them on the CPU, in a process of its own; `commands.keepReport`
// writes what was measured.

import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Report } from './loop.ts';
import type { Drawn } from './picture.ts';
import type { LoopRun } from './runs.ts';

declare module 'vitest/browser' {
  interface BrowserCommands {
    drawInNode(runs: readonly LoopRun[]): Promise<Readonly<Record<string, Drawn>>>;
    keepReport(report: Report): Promise<void>;
  }
}

const PROGRAM = fileURLToPath(new URL('./in-node.ts', import.meta.url));

export async function drawInNode(_: unknown, runs: readonly LoopRun[]): Promise<Readonly<Record<string, Drawn>>> {
  const flags = ['--conditions=@unnoise/source', '--import', 'tsx'];
  const program = spawn(process.execPath, [...flags, PROGRAM], { stdio: ['pipe', 'pipe', 'pipe'] });
  program.stdin.end(JSON.stringify(runs));
  const [said, complaints, code] = await Promise.all([
    text(program.stdout),
    text(program.stderr),
    new Promise<number | null>((resolve) => program.once('close', resolve)),
  ]);
  if (code === 0) return JSON.parse(said) as Readonly<Record<string, Drawn>>;
  throw new Error(`drawing in Node ended with ${code}: ${complaints}`);
}

const FOLDER = new URL('../../../../out/', import.meta.url);

/** For tools/device-loop.ts. */
export async function keepReport(_: unknown, report: Report): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  await writeFile(new URL('device-loop.json', FOLDER), JSON.stringify(report));
}
