// The race with upstream as tables, who is not three times faster, and why.

import type { Race, RaceRow, RaceTimes } from './race.ts';
import { duration, number, plural, shapeText, table, times } from './table.ts';

/** How many times faster than upstream a step should be. */
export const GOAL = 3;

/** Why a step is more than one kernel: it needs a number that only the whole tensor gives, or it is several steps. */
export const MORE_KERNELS: Readonly<Record<string, string>> = {
  'DDPM, dynamic thresholding':
    'the clean sample is scaled by a quantile of itself. The quantile of all its elements has to be known before the first one is scaled, so the sample is computed, read, and only then can the step be.',
  DPMAdaptive:
    'each step is judged by its error, a norm over all elements, before it is taken or refused. The two candidates and the last one are computed and read for it, then the step.',
  KarrasVe:
    'it is three methods between which the pipeline calls the model: noise, step, correction. Each is one kernel.',
};

/** What keeps a step from being faster, by what it does. */
const BROWNIAN = ['CosineDPMSolverMultistep', 'DPMSolverSDE', 'DPMPP3MSDE'];

const nameOf = ({ name, of }: RaceRow): string => (of === 'diffusers' ? name : `${name} (${of})`);

/** Upstream at its fastest over ours. Undefined without upstream. */
function ratio({ upstream }: RaceTimes, ours: number): number | undefined {
  return upstream.length === 0 ? undefined : Math.min(...upstream.map(({ min }) => min)) / ours;
}

const ratioText = (value: number | undefined): string => (value === undefined ? '' : times(value));

export function raceTables({ threads, rows }: Race): string {
  return rows[0]!.times.map((_, i) => `${sizeTitle(rows, i)}\n\n${sizeTable(rows, threads, i)}`).join('\n\n');
}

const sizeTitle = (rows: readonly RaceRow[], i: number): string => {
  const { shape } = rows[0]!.times[i]!;
  const elements = shape.reduce((size, length) => size * length, 1);
  return `### ${shapeText(shape)}, ${elements.toLocaleString('en')} elements`;
};

function sizeTable(rows: readonly RaceRow[], threads: readonly number[], i: number): string {
  const header = ['one step, fastest', 'kernels', 'noise', 'in place', 'ordinary arrays', 'host only'];
  const theirs = threads.map((count) => `upstream, ${plural(count, 'thread')}`);
  return table(
    [...header, ...theirs, 'faster, in place', 'faster, ordinary arrays'],
    rows.map((row) => {
      const at = row.times[i]!;
      const { kernels, scaling, draws } = row.work;
      return [
        nameOf(row),
        scaling > 0 ? `${scaling} + ${kernels}` : String(kernels),
        BROWNIAN.includes(row.name) ? 'path' : draws > 0 ? number(draws).replace('.0', '') : '',
        ...[at.inPlace, at.arrays, at.host, ...at.upstream].map(({ min }) => duration(min)),
        ...[at.inPlace, at.arrays].map(({ min }) => ratioText(ratio(at, min))),
      ];
    }),
  );
}

/** The rows that miss the goal, by the reason. */
export function slower({ rows, threads }: Race): string {
  if (threads.length === 0) return 'Without diffusers there is nothing to compare with.';
  const missing = (row: RaceRow): string => {
    const sizes = row.times.flatMap((at) => {
      const found = ratio(at, at.inPlace.min)!;
      return found < GOAL ? [`${times(found)} at ${shapeText(at.shape)}`] : [];
    });
    return sizes.length > 0 ? `- ${nameOf(row)}: ${sizes.join(', ')}` : '';
  };
  const list = (of: readonly RaceRow[]): string => of.map(missing).filter(Boolean).join('\n') || '- none';
  const path = rows.filter(({ name }) => BROWNIAN.includes(name));
  const noisy = rows.filter((row) => !path.includes(row) && row.work.draws > 0);
  const silent = rows.filter((row) => !path.includes(row) && row.work.draws === 0);
  return `Steps without noise that are less than ${GOAL} times faster in place:

${list(silent)}

Steps with noise. Both sides draw the same numbers of the same stream in the same order, one after another on one core, and both spend
most of the step on that: see the table of noise below. torch does it in 256-bit vectors with a fused multiply-add; WebAssembly has
vectors of 128 bits and no fused one, so it is computed in float64 and rounded, which gives the same bits in more instructions. Where drawing
the noise alone takes more than a third of upstream's whole step, no arithmetic could make the step ${GOAL} times faster.

${list(noisy)}

Steps along a Brownian path (*path*), which torchsde computes in compiled code and this library in plain JavaScript, in float64 and to the
last bit of glibc's logarithm and cosine:

${list(path)}`;
}

/** Steps of more than one kernel, with the reason. Throws for one that has none: it should be one. */
export function moreKernels({ rows }: Race): string {
  return rows
    .filter(({ work }) => work.kernels > 1)
    .map(({ name, work }) => {
      const reason = MORE_KERNELS[name];
      if (!reason) throw new Error(`${name} takes ${work.kernels} kernels, and race-report.ts does not say why`);
      return `- ${name}, ${work.kernels}: ${reason}`;
    })
    .join('\n');
}

/** Of all rows and sizes: how many keep the goal in place. */
export function raceScore({ rows, threads }: Race): { readonly met: number; readonly all: number } | undefined {
  if (threads.length === 0) return undefined;
  const all = rows.flatMap((row) => row.times.map((at) => ratio(at, at.inPlace.min)!));
  return { met: all.filter((value) => value >= GOAL).length, all: all.length };
}
