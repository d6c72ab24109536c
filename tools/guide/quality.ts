// What the evaluation found, for people who choose: the figures of docs/evaluation.json, best first. Its own page has all of them.

import type { Estimate } from '../eval/bootstrap.ts';
import type { Cell } from '../eval/cells.ts';
import { table } from '../eval/page.ts';
import type { TrialResult } from '../eval/prompts.ts';

type Figure = Pick<Estimate, 'value' | 'deviation'>;
type Plain<T> = { readonly [Key in keyof T]: T[Key] extends Estimate | undefined ? Figure : T[Key] };

/** docs/evaluation.json. */
export interface Evaluation {
  readonly cells: readonly Plain<Cell>[];
  readonly prompts?: readonly Plain<TrialResult>[];
}

const SHOWN = [5, 8, 10, 20, 50];
/** A number of evaluations is enough where the distance is at most so many times the sampler's best. */
const NEAR = 1.1;

interface Line {
  readonly sampler: string;
  readonly cells: readonly Plain<Cell>[];
  /** The fewest evaluations that are near its best. */
  readonly enough: number;
}

function lineOf(sampler: string, all: readonly Plain<Cell>[]): Line {
  const cells = all.filter((cell) => cell.sampler === sampler);
  const best = Math.min(...cells.map(({ frechet }) => frechet.value));
  const enough = Math.min(
    ...cells.filter(({ frechet }) => frechet.value <= NEAR * best).map((cell) => cell.evaluations),
  );
  return { sampler, cells, enough };
}

/** Fréchet distances, those first that are good with few evaluations. */
export function qualityTable({ cells }: Evaluation): string {
  const lines = [...new Set(cells.map((cell) => cell.sampler))].map((sampler) => lineOf(sampler, cells));
  const at = ({ cells: own }: Line, n: number): number =>
    own.find((cell) => cell.evaluations === n)?.frechet.value ?? Infinity;
  const sorted = lines.sort((a, b) => at(a, 10) - at(b, 10));
  const shown = SHOWN.filter((n) => sorted.some((line) => at(line, n) < Infinity));
  const value = (x: number): string => (x < Infinity ? x.toFixed(2) : '');
  const rows = sorted.map((line) => [
    line.sampler,
    line.cells.some(({ paired }) => paired) ? '' : 'yes',
    ...shown.map((n) => value(at(line, n))),
    String(line.enough),
  ]);
  return table([['', 'fresh noise', ...shown.map(String), 'enough'], ...rows]);
}

/** The text-to-image model: steps, guidance, distance, and how often the judge saw what was asked for. */
export function promptTable({ prompts = [] }: Evaluation): string {
  const rows = prompts.map(({ name, steps, guidance, frechet, accuracy }) => [
    name,
    String(steps),
    String(guidance),
    frechet.value.toFixed(2),
    `${(100 * accuracy.value).toFixed(0)} %`,
  ]);
  return table([['', 'steps', 'guidance', 'Fréchet distance', 'right'], ...rows]);
}
