// The order of convergence that a scheduler shows on a model that knows the truth.

import type { Run } from '@unnoise/core';
import type { Oracle } from './trajectory.ts';
import { levelOf, trajectory } from './trajectory.ts';

export interface ConvergenceTrial {
  /** A run of so many steps. */
  start(steps: number): Run;
  readonly model: Oracle;
  /** Moves points y = x / signal along the probability flow, between two levels noise / signal. */
  exact(y: Float64Array, from: number, to: number): ArrayLike<number>;
  /** Standard normal numbers; scaled by the first noise level they are the points that are moved. */
  readonly noise: ArrayLike<number>;
  /** Default: one row. */
  readonly shape?: readonly number[];
}

/**
 * The error of a deterministic scheduler for each step count: root mean square over all numbers, in y, of the sample before the last step.
 * The step to noise level 0 is left out: it is a projection whose error does not depend on the number of steps.
 */
export async function convergenceErrors(
  counts: readonly number[],
  trial: ConvergenceTrial,
): Promise<readonly number[]> {
  const errors: number[] = [];
  let known: { from: number; to: number; points: ArrayLike<number> } | undefined;
  for (const count of counts) {
    const { y, end, from, to } = await solved(trial.start(count), trial);
    if (known?.from !== from || known.to !== to) known = { from, to, points: trial.exact(y, from, to) };
    errors.push(rms(end, known.points));
  }
  return errors;
}

async function solved(run: Run, { model, noise, shape }: ConvergenceTrial) {
  const { plan } = run;
  const steps = run.remaining.length - 1;
  const first = levelOf(run);
  const last = plan.noiseLevel!(plan.timesteps.length - 1, plan.timesteps.at(-1)!);
  const from = first.noise / first.signal;
  const y = Float64Array.from(noise, (value) => value * from);
  const samples = await trajectory({
    run,
    model,
    start: y.map((value) => value * first.signal),
    steps,
    ...(shape && { shape }),
  });
  return { y, end: samples.at(-1)!.map((value) => value / last.signal), from, to: last.noise / last.signal };
}

/** Root of the mean square difference. */
export function rms(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Math.sqrt(Array.from(a).reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0) / a.length);
}

/** p where error ~ steps^-p: the least-squares slope of -log |error| over log steps. */
export function observedOrder(counts: readonly number[], errors: readonly number[]): number {
  const x = centred(counts.map((n) => Math.log(n)));
  const y = centred(errors.map((error) => Math.log(Math.abs(error))));
  return -dot(x, y) / dot(x, x);
}

function centred(values: readonly number[]): readonly number[] {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return values.map((value) => value - mean);
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}
