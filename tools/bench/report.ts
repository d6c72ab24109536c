// The measurements as Markdown tables, which read well on a terminal too, and the verdict on each goal. The race has a file of its own.

import { WEBGPU, type BackendRow, type WayRow } from './backends.ts';
import type { HostRow } from './host.ts';
import type { ImageRow } from './image.ts';
import type { KernelRow } from './kernels.ts';
import type { NoiseRow } from './noise.ts';
import type { OrtRow } from './ort.ts';
import { GOAL, raceScore, raceTables } from './race-report.ts';
import type { Race } from './race.ts';
import { duration, number, percent, type Row, shapeText, table, time, times } from './table.ts';
import type { TfjsRow } from './tfjs.ts';

export interface Parts {
  readonly race: Race;
  readonly noise: readonly NoiseRow[];
  readonly host: readonly HostRow[];
  readonly kernels: readonly KernelRow[];
  readonly backends: readonly BackendRow[];
  readonly tfjs: readonly TfjsRow[];
  readonly ort: readonly OrtRow[];
}

export interface Report extends Parts {
  readonly date: string;
  readonly machine: string;
  /** Or the reason why there is none. */
  readonly image: readonly ImageRow[] | string;
}

export function kernelTable({ kernels }: Parts): string {
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

export function noiseTable({ noise }: Parts): string {
  const each = (us: number, shape: readonly number[]): string =>
    `${number((1000 * us) / shape.reduce((size, length) => size * length, 1))} ns`;
  const rows = noise.map(({ shape, ours, torch }) => [
    shapeText(shape),
    time(ours),
    each(ours.min, shape),
    ...(torch ? [time(torch), each(torch.min, shape)] : ['', '']),
  ]);
  return table(['normal numbers', 'unnoise', 'each', 'torch.randn, 1 thread', 'each'], rows);
}

export function backendTable({ backends }: Parts): string {
  const cells = ({ time: timing, dispatches, compiles, readbacks }: WayRow): Row => [
    time(timing),
    ...[dispatches, compiles, readbacks].map(String),
  ];
  const header = ['dispatches', 'compiles', 'readbacks'];
  return table(
    ['backend', 'scheduler', 'latents', 'step', ...header, 'naive', ...header, 'faster'],
    backends.map(({ backend, name, shape, fused, naive }) => [
      backend,
      name,
      shapeText(shape),
      ...cells(fused),
      ...cells(naive),
      times(naive.time.min / fused.time.min),
    ]),
  );
}

export function tfjsTable({ tfjs }: Parts): string {
  const rows = tfjs.map(({ elements, eager, operations, fused, expression, speedup }) => [
    elements.toLocaleString('en'),
    ...[eager, operations, fused, expression].map(time),
    times(speedup),
  ]);
  return table(['elements', 'five operations', 'not fused', 'fused', 'as an expression', 'fused is faster'], rows);
}

export function ortTable({ ort }: Parts): string {
  const rows = ort.map(({ name, shape, kernels, graphs, own, speedup }) => [
    name,
    shapeText(shape),
    ...[kernels.time, kernels.computing, graphs.time, graphs.computing, own].map(time),
    times(speedup),
  ]);
  const header = [
    'kernels',
    'of it computing',
    'as graphs',
    'of it computing',
    "session's own run",
    'kernels are faster',
  ];
  return table(['one step', 'latents', ...header], rows);
}

export function hostTable({ host }: Parts): string {
  return table(
    ['on the host', 'min / median'],
    host.map(({ name, time: timing }) => [name, time(timing)]),
  );
}

export function imageTable({ image }: Report): string {
  if (typeof image === 'string') return `Not measured: ${image}.`;
  const ms = (value: number): string => `${number(value)} ms`;
  return table(
    ['part', 'fastest / median'],
    image.map(({ name, fastest, median }) => [name, `${ms(fastest)} / ${ms(median)}`]),
  );
}

export function tables(report: Report): string {
  const { versions } = report.race;
  const missing = typeof versions === 'string' ? [`Without diffusers: ${versions}.`] : [];
  const others = [kernelTable, noiseTable, hostTable, backendTable, tfjsTable, ortTable].map((of) => of(report));
  return [raceTables(report.race), ...missing, ...others, imageTable(report)].join('\n\n');
}

type Goal = readonly [goal: string, value: string, met: boolean];

/** What the project promises, and whether this machine kept it. */
export function goals(report: Report): string {
  const rows = [...stepGoals(report), ...kernelGoals(report), ...backendGoals(report)];
  return table(
    ['goal', 'measured', 'verdict'],
    rows.map(([goal, value, met]) => [goal, value, met ? 'met' : 'missed']),
  );
}

function stepGoals({ race }: Report): readonly Goal[] {
  const first = race.rows.filter(({ work }) => work.draws === 0 && work.kernels === 1).map((row) => row.times[0]!);
  const silent = first.filter(({ host }) => host.median < 1000); // a Brownian path is noise too
  const slowest = Math.max(...silent.map(({ arrays }) => arrays.median));
  const host = Math.max(...silent.map((at) => at.host.median));
  const score = raceScore(race);
  const raced: Goal | undefined = score && [
    `every step at every size, in place: at least ${GOAL} times faster than upstream`,
    `${score.met} of ${score.all}`,
    score.met === score.all,
  ];
  return [
    ...(raced ? [raced] : []),
    ['any step without noise on [1, 4, 64, 64]: below 50 µs (median)', duration(slowest), slowest < 50],
    ['of which the host: below 5 µs (median)', duration(host), host < 5],
  ];
}

function kernelGoals({ kernels }: Report): readonly Goal[] {
  const { inPlaceShare, stagedShare } = kernels.at(-1)!;
  return [
    ['lincomb of 16M elements in place: at least 80 % of copy bandwidth', percent(inPlaceShare), inPlaceShare >= 0.8],
    ['the same on ordinary arrays: at least 40 %', percent(stagedShare), stagedShare >= 0.4],
  ];
}

function backendGoals({ backends, tfjs, ort }: Report): readonly Goal[] {
  const slowestGpu = Math.max(...backends.flatMap((row) => (row.backend === WEBGPU ? [row.fused.time.median] : [])));
  const { speedup } = tfjs[0]!;
  const least = Math.min(...ort.map((row) => row.speedup));
  return [
    ['a step on WebGPU: at most 50 µs of the host (median)', duration(slowestGpu), slowestGpu <= 50],
    ["a step on ORT tensors: at least 2 times faster than ORT's own graph of it", times(least), least >= 2],
    [
      'lincomb of 16K elements on tfjs-wasm: at least 4 times faster than five operations',
      times(speedup),
      speedup >= 4,
    ],
  ];
}
