// The measurements as Markdown tables, which read well on a terminal too, and the verdict on each goal.

import type { HostRow } from './host.ts';
import type { KernelRow } from './kernels.ts';
import type { Timing } from './measure.ts';
import type { StepRow } from './steps.ts';
import type { OrtLoop, OrtRow } from './ort.ts';
import type { TfjsRow } from './tfjs.ts';
import type { TorchRun } from './torch.ts';
import type { WebGpuLoop, WebGpuRow } from './webgpu.ts';

export interface Parts {
  readonly steps: readonly StepRow[];
  readonly host: readonly HostRow[];
  readonly kernels: readonly KernelRow[];
  readonly tfjs: readonly TfjsRow[];
  readonly ort: readonly OrtRow[];
  readonly webgpu: readonly WebGpuRow[];
}

export interface Report extends Parts {
  readonly date: string;
  readonly machine: string;
  /** Or the reason why there are none. */
  readonly torch: readonly TorchRun[] | string;
}

type Row = readonly string[];

/** A Markdown table whose columns are aligned in plain text as well; all but the first are numbers. */
function table(header: Row, rows: readonly Row[]): string {
  const widths = header.map((_, i) => Math.max(...[header, ...rows].map((row) => row[i]!.length)));
  const line = (row: Row): string =>
    `| ${row.map((cell, i) => (i ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!))).join(' | ')} |`;
  const rule = `| ${widths.map((width, i) => (i ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width))).join(' | ')} |`;
  return [line(header), rule, ...rows.map(line)].join('\n');
}

const number = (x: number): string => x.toFixed(x < 9.95 ? 1 : 0);
const duration = (us: number): string => (us >= 1000 ? `${number(us / 1000)} ms` : `${number(us)} µs`);
const time = ({ min, median }: Timing): string => `${duration(min)} / ${duration(median)}`;
const percent = (share: number): string => `${Math.round(100 * share)} %`;

export function stepTable({ steps, torch }: Report): string {
  const runs = typeof torch === 'string' ? [] : torch;
  const threads = runs.map(({ threads }) => `diffusers, torch, ${threads} thread${threads > 1 ? 's' : ''}`);
  const rows = steps.map(({ name, arrays, inPlace, host }) => [
    name,
    ...[arrays, inPlace, host].map(time),
    ...runs.map((run) => time(run.steps[name]!)),
  ]);
  return table(['one step, min / median', 'ordinary arrays', 'in place', 'host only', ...threads], rows);
}

export function kernelTable({ kernels }: Report): string {
  const rows = kernels.map(({ elements, memcpy, inPlace, staged, inPlaceShare, stagedShare }) => [
    elements.toLocaleString('en'),
    time(memcpy),
    time(inPlace),
    percent(inPlaceShare),
    time(staged),
    percent(stagedShare),
  ]);
  return table(['elements', 'copy', 'in place', 'of copy', 'ordinary arrays', 'of copy'], rows);
}

export function tfjsTable({ tfjs }: Report): string {
  const rows = tfjs.map(({ elements, eager, operations, fused, expression, speedup }) => [
    elements.toLocaleString('en'),
    ...[eager, operations, fused, expression].map(time),
    `${number(speedup)} times`,
  ]);
  return table(['elements', 'five operations', 'not fused', 'fused', 'as an expression', 'fused is faster'], rows);
}

export function ortTable({ ort }: Report): string {
  const cells = ({ time: timing, computing, dispatches, compiles }: OrtLoop): Row => [
    time(timing),
    time(computing),
    dispatches.toFixed(dispatches % 1 ? 1 : 0),
    String(compiles),
  ];
  const rows = ort.map(({ name, kernels, graphs, own, speedup }) => [
    name,
    ...cells(kernels),
    ...cells(graphs),
    time(own),
    `${number(speedup)} times`,
  ]);
  const header = ['of it computing', 'dispatches', 'compiles'];
  return table(
    ['one step', 'kernels', ...header, 'as graphs', ...header, "session's own run", 'kernels are faster'],
    rows,
  );
}

export function webgpuTable({ webgpu }: Report): string {
  const cells = ({ host, dispatches, compiles, readbacks }: WebGpuLoop): Row => [
    time(host),
    ...[dispatches, compiles, readbacks].map((count) => count.toFixed(count % 1 ? 1 : 0)),
  ];
  const header = ['host, min / median', 'dispatches', 'compiles', 'readbacks'];
  return table(
    ['one step', ...header, ...header.map((name) => `unfused: ${name}`)],
    webgpu.map((row) => [row.name, ...cells(row.fused), ...cells(row.eager)]),
  );
}

export function hostTable({ host }: Report): string {
  return table(
    ['on the host', 'min / median'],
    host.map(({ name, time: timing }) => [name, time(timing)]),
  );
}

export function tables(report: Report): string {
  const missing = typeof report.torch === 'string' ? `\n\nWithout diffusers: ${report.torch}.` : '';
  return [
    stepTable(report) + missing,
    kernelTable(report),
    tfjsTable(report),
    ortTable(report),
    webgpuTable(report),
    hostTable(report),
  ].join('\n\n');
}

/** What the project promises, and whether this machine kept it. */
export function goals(report: Report): string {
  const largest = report.kernels.at(-1)!;
  const slowest = Math.max(...report.steps.map(({ arrays }) => arrays.median));
  const host = Math.max(...report.steps.map((step) => step.host.median));
  const rows: readonly (readonly [string, string, boolean])[] = [
    [
      'lincomb of 16M elements in place: at least 80 % of copy bandwidth',
      percent(largest.inPlaceShare),
      largest.inPlaceShare >= 0.8,
    ],
    ['the same on ordinary arrays: at least 40 %', percent(largest.stagedShare), largest.stagedShare >= 0.4],
    ['any step on [1, 4, 64, 64]: below 50 µs (median)', duration(slowest), slowest < 50],
    [
      'lincomb of 16K elements on tfjs-wasm: at least 4 times faster than five operations',
      `${number(report.tfjs[0]!.speedup)} times`,
      report.tfjs[0]!.speedup >= 4,
    ],
    ...report.ort.map(
      ({ name, speedup }) =>
        [
          `${name} on ORT tensors: at least 2 times faster than ORT's own graph`,
          `${number(speedup)} times`,
          speedup >= 2,
        ] as const,
    ),
    ...report.webgpu.map(
      ({ name, fused }) =>
        [
          `${name} on WebGPU: at most 50 µs of the host (median)`,
          duration(fused.host.median),
          fused.host.median <= 50,
        ] as const,
    ),
    ['of which the host: below 5 µs (median)', duration(host), host < 5],
  ];
  return table(
    ['goal', 'measured', 'verdict'],
    rows.map(([goal, value, met]) => [goal, value, met ? 'met' : 'missed']),
  );
}
