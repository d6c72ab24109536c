// What the papers say of their samplers, as inequalities between two cells, and whether these pictures bear them out.

import { difference } from './bootstrap.ts';
import type { Cell } from './cells.ts';

export type Figure = 'paired' | 'frechet';

/** `better` has the smaller figure at this number of model evaluations, or at most `within` times the other's. */
export interface Claim {
  readonly better: readonly [sampler: string, evaluations: number];
  readonly worse: readonly [sampler: string, evaluations: number];
  readonly figure: Figure;
}

export interface Verdict extends Claim {
  readonly difference: number;
  readonly deviation: number;
  /** By two standard deviations, else the two cannot be told apart. */
  readonly verdict: 'holds' | 'cannot be told' | 'does not hold';
}

const at = (better: string, worse: string, figure: Figure, ...evaluations: number[]): Claim[] =>
  evaluations.map((n) => ({ better: [better, n], worse: [worse, n], figure }));

export const CLAIMS: readonly Claim[] = [
  ...at('UniPC', 'DPM++ 2M', 'paired', 5, 10, 20),
  ...at('DPM++ 2M', 'DDIM', 'paired', 5, 10, 20),
  ...at('UniPC', 'DPM++ 2M', 'frechet', 5, 10, 20),
  ...at('DPM++ 2M', 'DDIM', 'frechet', 5, 10, 20),
  ...at('DDIM', 'DDPM', 'frechet', 5, 10, 20),
  { better: ['DPM++ 2M', 20], worse: ['DDIM', 50], figure: 'paired' },
  { better: ['DPM++ 2M', 10], worse: ['DDPM', 20], figure: 'frechet' },
];

export function judged(claims: readonly Claim[], cells: readonly Cell[]): Verdict[] {
  const find = ([sampler, evaluations]: Claim['better']): Cell | undefined =>
    cells.find((cell) => cell.sampler === sampler && cell.evaluations === evaluations);
  return claims.flatMap((claim) => {
    const [a, b] = [find(claim.better)?.[claim.figure], find(claim.worse)?.[claim.figure]];
    if (!a || !b) return [];
    const { value, deviation } = difference(a, b);
    const verdict = value < -2 * deviation ? 'holds' : value > 2 * deviation ? 'does not hold' : 'cannot be told';
    return [{ ...claim, difference: value, deviation, verdict }];
  });
}
