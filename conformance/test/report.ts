// npm run conformance: runs the columns of the matrix, and writes docs/conformance.md when all of them ran.

import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { matches, summary } from '@unnoise/conformance';
import type { ViteDevServer } from 'vite';
import { type Column, type Extent, NotHere, type Running } from './matrix/columns.ts';
import { choose } from './matrix/choose.ts';
import { page } from './matrix/document.ts';
import { openInBrowser, serve } from './matrix/in-browser.ts';
import { openInNode } from './matrix/in-node.ts';
import { NODE_COLUMNS } from './matrix/node-columns.ts';
import { PAGE_COLUMNS } from './matrix/page-columns.ts';
import {
  type ColumnRecord,
  keepColumn,
  keepSuite,
  keptColumn,
  startFolder,
  type SuiteRecord,
} from './matrix/record.ts';
import { SCHEDULERS } from './subjects.ts';

const HELP = `Usage: npm run conformance [-- options]

  --column name   only this column, or those that match (*); can be given again. Writes no document
  --whole         all cases on every column, also where a software GPU makes that long
  --part          the part that software GPUs run on every column
  --write         write docs/conformance.md from the last results of every column
  --choose        choose anew what columns with a part run: part.json
  --jobs n        columns at a time; default: the cores, 4 at most
  --list          print the columns

Reports of every suite, as JSON and JUnit XML, are in out/conformance.
`;

const COLUMNS: readonly Column[] = [...NODE_COLUMNS, ...PAGE_COLUMNS];
const DOCUMENT = new URL('../../docs/conformance.md', import.meta.url);

const { values: options } = parseArgs({
  options: {
    column: { type: 'string', multiple: true },
    whole: { type: 'boolean' },
    part: { type: 'boolean' },
    write: { type: 'boolean' },
    choose: { type: 'boolean' },
    jobs: { type: 'string', default: String(Math.min(4, availableParallelism())) },
    list: { type: 'boolean' },
    help: { type: 'boolean' },
  },
});

function versionOf({ runtime }: Column): string {
  if (!runtime) return '';
  const manifest = new URL(`../../${runtime.folder}/node_modules/${runtime.name}/package.json`, import.meta.url);
  return `${runtime.name} ${(JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version}`;
}

function extentOf({ extent }: Column): Extent {
  if (options.whole) return 'all';
  return options.part ? 'part' : extent;
}

const openColumn = (column: Column, server: ViteDevServer | undefined): Promise<Running> =>
  NODE_COLUMNS.includes(column) ? openInNode(column) : openInBrowser(column, server!);

/** Runs a column, from its backend's suite to the last scheduler. What stops it is part of the record. */
async function runColumn(column: Column, server: ViteDevServer | undefined): Promise<ColumnRecord> {
  const start = performance.now();
  const extent = extentOf(column);
  const suites: SuiteRecord[] = [];
  let opened: Running | undefined;
  let end: Pick<ColumnRecord, 'notRun' | 'broke'> = {};
  startFolder(column.name);
  try {
    opened = await openColumn(column, server);
    for (const suite of suitesOf(column)) suites.push(await runSuite(column, opened, suite, extent));
  } catch (error) {
    const { message } = error as Error;
    end = error instanceof NotHere ? { notRun: message } : { broke: message };
  }
  await opened?.close();
  const { place = '', device = '' } = opened ?? {};
  const seconds = Math.round((performance.now() - start) / 1000);
  const date = new Date().toISOString();
  return { name: column.name, extent, date, seconds, place, runtime: versionOf(column), device, ...end, suites };
}

const suitesOf = ({ backendOnly }: Column): readonly string[] =>
  backendOnly ? ['backends'] : ['backends', ...SCHEDULERS.map(({ className }) => className)];

async function runSuite({ name }: Column, running: Running, suite: string, extent: Extent): Promise<SuiteRecord> {
  const result = await running.run(suite, extent);
  const kept = keepSuite(name, result);
  console.log(`${name}, ${suite}: ${summary([result.report])}, of ${result.cases} cases`);
  for (const { id, message } of kept.failures) console.log(`  FAIL ${id}\n       ${message}`);
  return kept;
}

/** Whether nothing failed. */
function told({ name, notRun, broke, suites }: ColumnRecord): boolean {
  const frame = '!'.repeat(100);
  if (notRun) console.error(`\n${frame}\n${name} was NOT run: ${notRun}\n${frame}`);
  if (broke) console.error(`\n${frame}\n${name} broke off: ${broke}\n${frame}`);
  const failed = suites.some(({ failures }) => failures.length > 0);
  return !failed && !broke && !(notRun && process.env['CI']);
}

/** As many at a time as there are jobs: a column is mostly one thread. */
async function runAll(chosen: readonly Column[]): Promise<void> {
  const server = chosen.some((column) => PAGE_COLUMNS.includes(column)) ? await serve() : undefined;
  const queue = [...chosen];
  const worker = async (): Promise<void> => {
    for (let column = queue.shift(); column; column = queue.shift()) {
      const record = await runColumn(column, server);
      keepColumn(record);
      if (!told(record)) process.exitCode = 1;
    }
  };
  await Promise.all(Array.from({ length: Number(options.jobs) }, worker));
  await server?.close();
}

/** What the last run of a column left. One that never ran here is in the document as that. */
function lastRecord(column: Column): ColumnRecord {
  const kept = keptColumn(column.name);
  if (kept) return kept;
  const notRun = `there is no result of it on this machine: \`npm run conformance -- --column '${column.name}'\``;
  const record = { name: column.name, extent: column.extent, date: '', seconds: 0, place: '', runtime: '', device: '' };
  return { ...record, notRun, suites: [] };
}

function selected(patterns: readonly string[]): readonly Column[] {
  for (const pattern of patterns)
    if (!COLUMNS.some(({ name }) => matches(pattern, name)))
      throw new Error(`No column matches ${pattern}: see --list.`);
  return COLUMNS.filter(({ name }) => patterns.some((pattern) => matches(pattern, name)));
}

if (options.help) console.log(HELP);
else if (options.list) for (const { name, extent } of COLUMNS) console.log(`${name} (${extent})`);
else if (options.choose) await choose();
else {
  if (options.column || !options.write) await runAll(options.column ? selected(options.column) : COLUMNS);
  if (options.write || !options.column) writeFileSync(DOCUMENT, page(COLUMNS.map(lastRecord)));
}
