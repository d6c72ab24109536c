// What became of a column: its reports as files, and the numbers that the page of the documentation is made of.

import { mkdirSync, readFileSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import type { Outcome, Result } from '@unnoise/conformance';
import { fileGoldens, toJUnit } from '@unnoise/conformance';
import type { Extent } from './columns.ts';
import type { SuiteResult } from './suites.ts';

export type Tally = { readonly [outcome in Outcome]?: number };

export interface SuiteRecord {
  readonly suite: string;
  /** How many cases there are, and how many ran. */
  readonly cases: number;
  readonly ran: number;
  readonly golden: string;
  readonly rows: Readonly<Record<string, Tally>>;
  readonly failures: readonly Pick<Result, 'id' | 'message'>[];
  /** Why cases were declined, and how many. */
  readonly declined: Readonly<Record<string, number>>;
}

export interface ColumnRecord {
  readonly name: string;
  readonly extent: Extent;
  /** Date and time of its end, as ISO 8601. */
  readonly date: string;
  readonly seconds: number;
  /** Node or the browser, the runtime and the device; '' for none. */
  readonly place: string;
  readonly runtime: string;
  readonly device: string;
  /** Why there is nothing to tell, where the machine lacks what the column runs on. */
  readonly notRun?: string;
  /** How it ended before its time. */
  readonly broke?: string;
  readonly suites: readonly SuiteRecord[];
}

const OUT = new URL('../../../out/conformance/', import.meta.url);
const folder = (column: string): URL => new URL(`${column.replace(/[^a-z0-9]+/gi, '-').replace(/-$/, '')}/`, OUT);

/** Forgets what an earlier run of the column left. */
export function startFolder(column: string): void {
  rmSync(folder(column), { recursive: true, force: true });
  mkdirSync(folder(column), { recursive: true });
}

/** Writes the suite's report as JSON and JUnit, and sums it up. */
export function keepSuite(column: string, { suite, cases, report }: SuiteResult): SuiteRecord {
  writeFileSync(new URL(`${suite}.json`, folder(column)), `${JSON.stringify(report)}\n`);
  writeFileSync(new URL(`${suite}.xml`, folder(column)), toJUnit({ ...report, subject: `${suite} on ${column}` }));
  const { results } = report;
  const row = suite === 'backends' ? operationOf : samplesOf(suite);
  const rows: Record<string, Record<string, number>> = {};
  const declined: Record<string, number> = {};
  for (const { id, outcome, message = '' } of results) {
    add((rows[row(id)] ??= {}), outcome);
    if (outcome === 'declined') add(declined, message);
  }
  const failures = results.filter(({ outcome }) => outcome === 'fail').map(({ id, message = '' }) => ({ id, message }));
  return { suite, cases, ran: results.length, golden: report.golden, rows, failures, declined };
}

const add = (counts: Record<string, number>, key: string): void => {
  counts[key] = (counts[key] ?? 0) + 1;
};

export const keepColumn = (record: ColumnRecord): void =>
  writeFileSync(new URL('column.json', folder(record.name)), `${JSON.stringify(record, null, 2)}\n`);

/** What the last run of the column left, if there was one. */
export function keptColumn(name: string): ColumnRecord | undefined {
  const file = new URL('column.json', folder(name));
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as ColumnRecord) : undefined;
}

/** 'backend-eager/map/exp:dtype=float32;…' counts for the row 'map/exp float32'. */
function operationOf(id: string): string {
  const [path = '', parameters = ''] = id.split(':');
  const dtype = /\bdtype=(\w+)/.exec(parameters)?.[1];
  const operation = path.replace(/^backend[^/]*\//, '');
  return dtype ? `${operation} ${dtype}` : operation;
}

const golden = fileGoldens(new URL('../../golden/', import.meta.url));

/** Recorded runs on float16 samples have a row of their own. */
function samplesOf(className: string): (id: string) => string {
  const half = golden.cases(className).filter((one) => 'dtype' in one && one.dtype === 'float16');
  const names = new Set(half.map(({ id }) => id.split('/').slice(1).join('/')));
  return (id) => {
    const name = /:case=(.*?)(?:;step=\d+)?$/.exec(id)?.[1];
    return name !== undefined && names.has(name) ? `${className} float16` : className;
  };
}
