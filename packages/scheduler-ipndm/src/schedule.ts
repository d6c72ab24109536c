// The noise levels of IPNDM and the timesteps that tell them to the model. Its update is in index.ts.

import type { Precision, Table } from '@unnoise/core';
import { DiffusionError, mapTable, precisionOf, torchLinspace } from '@unnoise/core';

export interface IPNDMSchedule {
  /** Angles of the levels, from 1 (noise) down to 0 (data), one per step. */
  readonly timesteps: readonly number[];
  /** One more than steps. */
  readonly alphas: Table;
  readonly sigmas: Table;
}

/**
 * sigma = sin(pi t / 2)^2 for t in n even steps from 1 down to 0, or the given sigmas; alpha = sqrt(1 - sigma^2); the
 * timestep is the angle of (alpha, sigma) in quarter turns. Throws CONFIG_INVALID for given sigmas outside [-1, 1].
 */
export function ipndmSchedule(steps: number, given: readonly number[] | null, precision: Precision): IPNDMSchedule {
  const sigmas = given ? precision.table(checked(given)) : sineSquares(torchLinspace(1, 0, steps + 1, precision));
  const { round } = precision;
  const alphas = mapTable(sigmas, (sigma) => Math.sqrt(round(1 - round(sigma * sigma))));
  const angles = mapTable(sigmas, (sigma, i) => round(round(Math.atan2(sigma, alphas[i]!)) / round(Math.PI)) * 2);
  return { timesteps: Array.from(angles).slice(0, -1), alphas, sigmas };
}

function sineSquares(times: Table): Table {
  const { round } = precisionOf(times);
  return mapTable(times, (t) => round(Math.sin(round(t * round(Math.PI)) / 2)) ** 2);
}

function checked(sigmas: readonly number[]): readonly number[] {
  const bad = sigmas.findIndex((sigma) => !(Math.abs(sigma) <= 1));
  if (bad < 0) return sigmas;
  throw new DiffusionError(
    'CONFIG_INVALID',
    `trained_betas are noise levels here, and entry ${bad} is ${sigmas[bad]}. Give numbers from 1 down to 0.`,
    { index: bad },
  );
}
