// Image-to-image: which part of a schedule a strength in [0, 1] leaves to run.

import { DiffusionError } from '../errors.ts';
import { requireSteps } from './spacing.ts';

/** The part of a schedule that image-to-image runs. */
export interface StrengthRange {
  /** Index of the first timestep to run; also the begin index. */
  readonly beginIndex: number;
  /** Sampler steps left to run, as pipelines report them; model calls are about `order` times as many. */
  readonly steps: number;
}

/**
 * min(trunc(n strength), n) steps remain and the schedule starts `order` entries later for each step left out. Strength 1
 * runs all, a strength below 1/n none (beginIndex is then n order, past the end).
 *
 * `truncate: false` is the rule of the flow matching pipelines, which cut t_start to an integer instead of the step
 * count: 10 steps at strength 0.35 leave 4, not 3.
 * Throws REQUEST_INVALID for a strength outside [0, 1].
 */
export function timestepsForStrength(
  steps: number,
  strength: number,
  order: number = 1,
  { truncate = true }: { readonly truncate?: boolean } = {},
): StrengthRange {
  requireSteps(steps);
  if (!(strength >= 0 && strength <= 1)) {
    throw new DiffusionError('REQUEST_INVALID', `strength is ${strength}; give a number from 0 to 1.`, { strength });
  }
  const kept = Math.min(truncate ? Math.trunc(steps * strength) : steps * strength, steps);
  const start = Math.trunc(Math.max(steps - kept, 0));
  return { beginIndex: start * order, steps: steps - start };
}
