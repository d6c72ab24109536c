// Reports as one table: a row for every operation or scheduler room; columns are the dtypes of one backend, or several backends.

import type { Result } from '../case.ts';
import type { Report } from './report.ts';
import { count, summary } from './report.ts';

/** The matrix of several reports, with what they were made with, the failures, and the totals as its last line. */
export function toMarkdown(reports: readonly Report[]): string {
  const parts = [
    header(reports),
    matrix(reports, 'backend'),
    matrix(reports, 'scheduler'),
    failures(reports),
    summary(reports),
  ];
  return `${parts.filter(Boolean).join('\n\n')}\n`;
}

function header(reports: readonly Report[]): string {
  const golden = [...new Set(reports.map((report) => report.golden))].filter((version) => version !== 'none');
  const devices = new Map(reports.map(({ backend, device }) => [backend, device]));
  const list = [...devices].map(([backend, device]) => (device ? `${backend} (${device})` : backend));
  return `Suite version ${reports[0]?.suite ?? '-'} · goldens from ${golden.join(', ') || '-'} · backends: ${list.join(', ')}`;
}

interface Cell {
  readonly row: string;
  readonly column: string;
  readonly result: Result;
}

function matrix(reports: readonly Report[], kind: 'backend' | 'scheduler'): string {
  const cells = reports.flatMap((report) =>
    report.results
      .filter(({ id }) => id.startsWith(kind))
      .map((result) => place(report, result, kind, reports.length > 1)),
  );
  if (cells.length === 0) return '';
  const columns = unique(cells.map(({ column }) => column)).sort();
  const lines = unique(cells.map(({ row }) => row)).map((row) => {
    const inColumn = (column: string) =>
      cells.filter((cell) => cell.row === row && cell.column === column).map(({ result }) => result);
    return `| ${row} | ${columns.map((column) => cellText(inColumn(column))).join(' | ')} |`;
  });
  return [`| ${kind} | ${columns.join(' | ')} |`, `| --- |${' --- |'.repeat(columns.length)}`, ...lines].join('\n');
}

/**
 * 'backend/map/exp:dtype=float16;…' goes to row 'map/exp' and column 'float16'; of several backends, to row 'map/exp float16' and the
 * backend's column. Scheduler cases go to their class and room.
 */
function place({ backend, subject }: Report, result: Result, kind: string, several: boolean): Cell {
  const [path = '', parameters = ''] = result.id.split(':');
  const rooms = path.split('/').slice(1);
  if (kind === 'scheduler') return { row: `${rooms[0]} ${rooms[1]}`, column: backend, result };
  const dtype = /\bdtype=(\w+)/.exec(parameters)?.[1];
  const suite = path.split('/')[0]!.replace(/^backend-?/, '');
  const row = `${rooms.join('/')}${suite && ` (${suite})`}`;
  if (several) return { row: dtype ? `${row} ${dtype}` : row, column: subject, result };
  return { row, column: dtype ?? 'any dtype', result };
}

function cellText(results: readonly Result[]): string {
  const texts: string[] = [];
  const [passed, failed, declined] = [count(results, 'pass'), count(results, 'fail'), count(results, 'declined')];
  if (failed > 0) texts.push(`**FAIL ${failed}**`);
  if (passed > 0) texts.push(`pass ${passed}`);
  if (declined > 0) texts.push(passed + failed > 0 ? `declined ${declined}` : 'declined');
  for (const reason of unique(results.filter(({ outcome }) => outcome === 'xfail').map(({ message }) => message ?? '')))
    texts.push(`xfail (${reason})`);
  return texts.join(', ').replaceAll('|', '\\|');
}

function failures(reports: readonly Report[]): string {
  const lines = reports.flatMap(({ subject, backend, results }) =>
    results
      .filter(({ outcome }) => outcome === 'fail')
      .map(
        ({ id, message = '' }) =>
          `- \`${id}\` on ${subject === backend ? backend : `${subject}, ${backend}`}: ${message.split('\n')[0]}`,
      ),
  );
  return lines.length > 0 ? ['Failures:', '', ...lines].join('\n') : '';
}

function unique<T>(list: readonly T[]): T[] {
  return [...new Set(list)];
}
