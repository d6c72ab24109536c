// npm run fuzz -- --against-diffusers N [--seed S] [--case K,L] [--class A,B]: random cases on real diffusers and on our classes.
// Python records a batch while the one before is judged. Ends with 1 if anything disagrees.

import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { fileGoldens } from '@unnoise/conformance';
import '@unnoise/core/beta-sigmas';
import { loadScheduler } from '@unnoise/schedulers';
import type { Verdict } from './judge.ts';
import { judge } from './judge.ts';
import { Tally } from './tally.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const { values } = parseArgs({
  options: {
    'against-diffusers': { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    case: { type: 'string' },
    from: { type: 'string', default: '0' },
    class: { type: 'string', default: '' },
    batch: { type: 'string', default: '250' },
    python: { type: 'string', default: process.env['PYTHON'] ?? join(root, '.venv/bin/python') },
    keep: { type: 'boolean', default: false },
  },
});

interface Batch {
  readonly folder: string;
  readonly cases: number;
  readonly unusable: readonly { readonly id: string; readonly reason: string }[];
}

function needPython(): void {
  if (existsSync(values.python)) return;
  console.error(
    `The fuzz compares with real diffusers, and there is no Python at ${values.python}.\n` +
      'Make one: python3 -m venv .venv && .venv/bin/pip install -r tools/golden/requirements.txt\n' +
      'or name another that has diffusers: --python <path>.',
  );
  process.exit(2);
}

/** The recorded batches, as they come. @throws Error when Python fails. */
async function* batches(folder: string, numbers: string, ...flags: readonly string[]): AsyncIterable<Batch> {
  const given = ['--folder', folder, '--seed', values.seed, '--numbers', numbers, '--batch', values.batch];
  const args = [join(root, 'tools/fuzz/oracle.py'), ...given, '--classes', values.class, ...flags];
  const oracle = spawn(values.python, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, OMP_NUM_THREADS: '1' },
  });
  process.once('exit', () => oracle.kill());
  const ended = new Promise<number | null>((resolve) => oracle.once('close', resolve));
  for await (const line of createInterface(oracle.stdout)) yield JSON.parse(line) as Batch;
  const status = await ended;
  if (status !== 0) throw new Error(`The oracle ended with ${status}; its message is above.`);
}

/** Judges all batches; `add` gets every verdict. */
async function judged(all: AsyncIterable<Batch>, add: (verdict: Verdict) => void): Promise<void> {
  for await (const batch of all) {
    for (const { id, reason } of batch.unusable) tally.unusable(id, reason);
    for await (const one of judge(fileGoldens(pathToFileURL(`${batch.folder}/`)), loadScheduler)) add(one);
    if (!values.keep) rmSync(batch.folder, { recursive: true });
    console.log(tally.line());
  }
}

/** How exact whole runs are is slow to measure: it is only asked for where a free run disagrees, in a second look at the end. */
async function fuzz(folder: string): Promise<void> {
  const measured = (numbers: string) => batches(join(folder, 'measured'), numbers, '--free-runs');
  if (values.case !== undefined) return judged(measured(values.case), (one) => tally.add(one));
  const first = Number(values.from);
  const again: string[] = [];
  await judged(batches(folder, `${first}:${first + Number(values['against-diffusers'])}`), (one) => {
    const waits = one.verdict === 'disagree' && one.reasons.some((reason) => reason.includes('/free-run:'));
    if (waits) again.push(one.id.split('-').at(-1)!);
    else tally.add(one);
  });
  if (again.length > 0) await judged(measured(again.join()), (one) => tally.add(one));
}

needPython();
const folder = mkdtempSync(join(tmpdir(), 'unnoise-fuzz-'));
const tally = new Tally(Number(values.seed));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
process.once('exit', () => {
  console.log(tally.report(readVersion())); // first: the oracle may still be writing into the folder
  if (values.keep) console.log(`The cases are kept in ${folder}.`);
  else rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
});
await fuzz(folder);
process.exitCode = tally.disagreements > 0 ? 1 : 0;

function readVersion(): string {
  const { versions } = JSON.parse(readFileSync(join(root, 'conformance/golden/recipe.json'), 'utf8')) as {
    versions: { diffusers: string };
  };
  return versions.diffusers;
}
