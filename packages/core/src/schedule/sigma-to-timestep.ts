// From sigmas back to timesteps, by interpolation in the table of log sigmas, and the ways of making them integers.

import { DiffusionError } from '../errors.ts';
import { roundHalfEven } from './grids.ts';
import { numpyLog32 } from './float32-functions.ts';
import { exact64, type Precision, precisionOf, type Table } from './precision.ts';

/**
 * The fractional timestep of each sigma, in float64; `logTable` is `logSigmas(trainingSigmas(...))`, ascending.
 *
 * The arithmetic follows the arrays as in NumPy 2: Float64Array sigmas (all re-spacings) are looked up in float64, even
 * in a float32 table; Float32Array sigmas (given by the user) in float32. With a float64 table every sigma of the table
 * gives back its own timestep exactly, whatever the last bit of a logarithm.
 * `blend` is the precision of the final blend between two timesteps: float64, but for KDPM2's half steps the scheduler's own
 * (upstream works on torch scalars there).
 * Throws NUMERIC where the table is too short or too flat to tell.
 */
export function timestepsOfSigmas(sigmas: Table, logTable: Table, blend: Precision = exact64): Float64Array {
  const single = sigmas instanceof Float32Array;
  const round = precisionOf(sigmas).round;
  const roundTable = precisionOf(logTable).round;
  return Float64Array.from(sigmas, (sigma) => {
    const log = single ? numpyLog32(Math.max(sigma, Math.fround(1e-10))) : Math.log(Math.max(sigma, 1e-10));
    const lowIndex = Math.min(Math.max(lastAtMost(logTable, log), 0), logTable.length - 2);
    const [low, high] = [logTable[lowIndex] ?? NaN, logTable[lowIndex + 1] ?? NaN];
    const w = Math.min(Math.max(round(round(low - log) / roundTable(low - high)), 0), 1);
    const t = blend.round(blend.round(round(1 - w) * lowIndex) + blend.round(w * (lowIndex + 1)));
    return finite(logTable instanceof Float64Array ? snap(t) : t, sigma);
  });
}

/** Integer timesteps, halves to even. */
export function roundTimesteps(timesteps: ArrayLike<number>): Int32Array {
  return Int32Array.from(timesteps, roundHalfEven);
}

/** Integer timesteps, cut towards zero as by numpy's and torch's cast to int64. */
export function truncateTimesteps(timesteps: ArrayLike<number>): Int32Array {
  return Int32Array.from(timesteps, Math.trunc);
}

/** The last index whose entry is at most x; -1 where none is. */
function lastAtMost(table: Table, x: number): number {
  return table.findLastIndex((entry) => entry <= x);
}

function snap(t: number): number {
  const nearest = Math.round(t);
  return Math.abs(t - nearest) < 1e-9 * Math.max(1, nearest) ? nearest : t;
}

function finite(t: number, sigma: number): number {
  if (Number.isFinite(t)) return t;
  throw new DiffusionError(
    'NUMERIC',
    `sigma ${sigma} has no timestep: the training sigmas must be at least two and distinct around it; check the betas.`,
    { sigma },
  );
}
