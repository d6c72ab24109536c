// The command line: loads a backend or scheduler from a module, runs the cases, writes the reports. Node, Deno and Bun.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { backendCases } from '../backend/index.ts';
import type { Result } from '../case.ts';
import { matches } from '../case.ts';
import { toJUnit } from '../report/junit.ts';
import { toMarkdown } from '../report/markdown.ts';
import type { Report, RunOptions } from '../report/report.ts';
import { runCases, summary } from '../report/report.ts';
import { casesOf } from '../suite.ts';
import { CASE_TIMEOUT } from '../timeout.ts';
import { loadBackend, loadScheduler } from './load.ts';

const HELP = `Usage: unnoise-conformance backend|scheduler <module> [options]

  backend ./my-backend.js       the module exports a backend, or a function that makes one
  scheduler ./my-scheduler.js   the module exports a scheduler class

  --export name     which export to test; default: the default export, or the only one that fits
  --query pattern   only the cases whose id matches: exact, or with * ('backend/map/*')
  --golden folder   recorded runs of a scheduler of your own, in the format of this package's
  --list            print the ids and run nothing
  --junit file      write JUnit XML
  --md file         write the matrix as Markdown
  --json file       write the whole report as JSON
  --timeout seconds how long one case may take; default: 60
  --verbose         print every case, not only the failed ones

The exit code is 0 if nothing failed, 1 for failed cases, and 2 for a command that cannot be run.
`;

const OPTIONS = {
  export: { type: 'string' },
  query: { type: 'string' },
  golden: { type: 'string' },
  list: { type: 'boolean' },
  junit: { type: 'string' },
  md: { type: 'string' },
  json: { type: 'string' },
  timeout: { type: 'string' },
  verbose: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

type Options = ReturnType<typeof parse>['values'];
type Print = (line: string) => void;

/** Runs the command. Resolves to its exit code: 0 if nothing failed, 1 for failed cases, 2 for a command that cannot be run. */
export async function main(args: readonly string[], print: Print = console.log): Promise<number> {
  try {
    const { values, positionals } = parse(args);
    const [kind, module] = positionals;
    if (values.help || !module || (kind !== 'backend' && kind !== 'scheduler')) {
      print(HELP);
      return values.help ? 0 : 2;
    }
    makeFolders(values);
    return await (kind === 'backend' ? testOneBackend(module, values, print) : testOneScheduler(module, values, print));
  } catch (error) {
    print(`unnoise-conformance: ${(error as Error).message}`);
    return 2;
  }
}

function parse(args: readonly string[]) {
  return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
}

async function testOneBackend(module: string, options: Options, print: Print): Promise<number> {
  if (options.golden !== undefined) throw new Error('A backend has no recorded runs: --golden is for schedulers.');
  if (options.list) return list(backendCases(), options, print);
  const backend = await loadBackend(module, options.export);
  return finish(await runCases(backendCases(), backend, runOptions(options, print)), options, print);
}

async function testOneScheduler(module: string, options: Options, print: Print): Promise<number> {
  const subject = await loadScheduler(module, options.export, options.golden);
  if (options.list) return list(casesOf(subject), options, print);
  return finish(await runCases(casesOf(subject), subject, runOptions(options, print)), options, print);
}

function runOptions({ query, timeout, verbose }: Options, print: Print): RunOptions {
  const seconds = Number(timeout ?? CASE_TIMEOUT / 1000);
  if (!(seconds > 0 && seconds <= LONGEST))
    throw new Error(`--timeout is ${timeout}. Give the seconds that one case may take, up to ${LONGEST}.`);
  return { ...(query !== undefined && { query }), timeout: 1000 * seconds, onResult: reporter(verbose, print) };
}

/** Seconds; a timer takes no more. */
const LONGEST = 1_000_000;

/** Before the first case runs: a report that cannot be written should not cost a whole run. */
function makeFolders({ junit, md, json }: Options): void {
  for (const file of [junit, md, json]) if (file !== undefined) mkdirSync(dirname(file), { recursive: true });
}

function list(cases: Iterable<{ readonly id: string; readonly spec: string }>, options: Options, print: Print): number {
  for (const { id } of cases) if (options.query === undefined || matches(options.query, id)) print(id);
  return 0;
}

function reporter(verbose: boolean | undefined, print: Print): (result: Result) => void {
  return ({ id, outcome, message }) => {
    if (outcome === 'fail') print(`FAIL ${id}\n     ${message}`);
    else if (verbose) print(`${outcome.padEnd(8)} ${id}${message ? `  (${message})` : ''}`);
  };
}

function finish(report: Report, { junit, md, json }: Options, print: Print): number {
  if (junit) writeFileSync(junit, toJUnit(report));
  if (md) writeFileSync(md, toMarkdown([report]));
  if (json) writeFileSync(json, `${JSON.stringify(report, null, 2)}\n`);
  print(summary([report]));
  return report.results.some(({ outcome }) => outcome === 'fail') ? 1 : 0;
}
