// How far runs lie apart that should be the same.

import { rms } from './order.ts';
import type { Trial } from './trajectory.ts';
import { trajectory } from './trajectory.ts';

/** The largest RMS distance, after any number of steps, of a trial from the first one. */
export async function spreadOf(trials: readonly Trial[]): Promise<number> {
  const [first = [], ...others] = await Promise.all(trials.map(trajectory));
  return Math.max(...others.flatMap((samples) => samples.map((x, i) => rms(x, first[i]!))));
}
