// Two schedulers that are one method in two spellings: what "eta 0 equals Euler" means as a test.

import { ConformanceError } from '../check.ts';
import { largest } from '../tolerances.ts';
import type { Trial } from './trajectory.ts';
import { trajectory } from './trajectory.ts';

export interface SameOptions {
  /** Allowed distance of each sample, relative to its largest element; default 1e-12, for float64 and exact tables. */
  readonly bound?: number;
  /** Brings sample i of the second run to the coordinates of the first; default: none. */
  readonly map?: (x: Float64Array, i: number) => ArrayLike<number>;
}

/** Runs both, and throws ConformanceError where a sample differs. Disposes the runs. */
export async function sameTrajectory(
  a: Trial,
  b: Trial,
  { bound = 1e-12, map = (x) => x }: SameOptions = {},
): Promise<void> {
  const [first, second] = [await trajectory(a), await trajectory(b)];
  if (first.length !== second.length)
    throw new ConformanceError(`One run has ${first.length - 1} steps, the other ${second.length - 1}.`);
  first.forEach((x, i) => {
    const y = map(second[i]!, i);
    const distance = Math.max(...x.map((value, j) => Math.abs(value - y[j]!))) / largest(x); // NaN stays NaN
    if (!(distance <= bound))
      throw new ConformanceError(
        `Sample ${i} of the two runs differs by ${distance.toPrecision(3)} of its size, not ${bound}.`,
      );
  });
}
