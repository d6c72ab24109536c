// Markdown tables and the numbers in them.

import type { Timing } from './measure.ts';

export type Row = readonly string[];

/** A Markdown table whose columns are aligned in plain text as well; all but the first are numbers. */
export function table(header: Row, rows: readonly Row[]): string {
  const widths = header.map((_, i) => Math.max(...[header, ...rows].map((row) => row[i]!.length)));
  const line = (row: Row): string =>
    `| ${row.map((cell, i) => (i ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!))).join(' | ')} |`;
  const rule = `| ${widths.map((width, i) => (i ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width))).join(' | ')} |`;
  return [line(header), rule, ...rows.map(line)].join('\n');
}

export const number = (x: number): string => x.toFixed(x < 9.95 ? 1 : 0);
export const duration = (us: number): string => (us >= 1000 ? `${number(us / 1000)} ms` : `${number(us)} µs`);
export const time = ({ min, median }: Timing): string => `${duration(min)} / ${duration(median)}`;
export const percent = (share: number): string => `${Math.round(100 * share)} %`;
export const times = (ratio: number): string => `${number(ratio)}×`;
export const shapeText = (shape: readonly number[]): string => `[${shape.join(', ')}]`;
export const plural = (count: number, name: string): string => `${count} ${name}${count > 1 ? 's' : ''}`;
