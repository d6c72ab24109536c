// The layouts of schedulers that call the model twice per step (Heun, KDPM2, DPM-Solver SDE).

import { type Table, tabulate, precisionOf } from './precision.ts';

/** [a, b, c, d] -> [a, b, b, c, c, d]: the sigmas of a doubled schedule, n + 1 entries to 2n. */
export function repeatInner(table: Table): Table {
  return tabulate(Math.max(2 * table.length - 2, 0), precisionOf(table), (i) => table[(i + 1) >> 1]!);
}

/** [a, b, c] -> [a, b, b, c, c]: the timesteps of a doubled schedule, n entries to 2n - 1. */
export function repeatAfterFirst(table: Table): Table {
  return tabulate(Math.max(2 * table.length - 1, 0), precisionOf(table), (i) => table[(i + 1) >> 1]!);
}

/** [a, b, c] and [x, y] -> [a, x, b, y, c]: timesteps with the half steps between them. */
export function interleave(table: Table, between: Table): Table {
  const length = table.length + Math.max(table.length - 1, 0);
  return tabulate(length, precisionOf(table), (i) => (i % 2 === 0 ? table[i / 2]! : between[(i - 1) / 2]!));
}
