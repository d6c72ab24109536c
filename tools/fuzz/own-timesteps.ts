// Timesteps that upstream keeps in float64 differ from ours in the last bits, which are the C library's; a schedule is looked up by equality.
// So the calls of a case pass our own entry where it is the recorded one to within the tables' bound. The tables are compared as recorded.

import type { SchedulerClass } from '@unnoise/core';
import type { GoldenCase } from '@unnoise/conformance';
import { camelKeys } from '../../conformance/src/scheduler/arguments.ts';
import { WIDE_TIMESTEP } from '../../conformance/src/tolerances.ts';

const isWide = (t: number): boolean => Number.isFinite(t) && t !== Math.fround(t);

/** The case with our own timesteps in its calls; itself where there are none that float32 cannot hold. */
export function withOwnTimesteps(golden: GoldenCase, scheduler: SchedulerClass): GoldenCase {
  if (golden.kind === 'swap' || golden.kind === 'call' || !timesOf(golden).some(isWide)) return golden;
  const own = scheduleOf(golden, scheduler);
  const nearest = (t: number): number => (isWide(t) ? (own.find((one) => Math.abs(one - t) <= WIDE_TIMESTEP) ?? t) : t);
  return mapped(golden, nearest);
}

type Timed = Exclude<GoldenCase, { readonly kind: 'swap' | 'call' }>;

function timesOf(golden: Timed): readonly number[] {
  const given = 'timesteps' in golden ? (golden.timesteps ?? []) : [];
  const steps = 'expect' in golden ? (golden.expect?.steps.map(({ t }) => t) ?? []) : [];
  const failed = golden.kind === 'error' && golden.error.t !== undefined ? [golden.error.t] : [];
  return [...given, ...steps, ...failed];
}

function scheduleOf({ config, request }: Timed, Scheduler: SchedulerClass): readonly number[] {
  try {
    const scheduler = new Scheduler(config);
    if (request) scheduler.setTimesteps(camelKeys(request));
    return scheduler.timesteps;
  } catch {
    return []; // the case will say why
  }
}

function mapped(golden: Timed, own: (t: number) => number): GoldenCase {
  const expect = 'expect' in golden && golden.expect;
  return {
    ...golden,
    ...('timesteps' in golden && golden.timesteps && { timesteps: golden.timesteps.map(own) }),
    ...(expect && { expect: { ...expect, steps: expect.steps.map((step) => ({ ...step, t: own(step.t) })) } }),
    ...(golden.kind === 'error' &&
      golden.error.t !== undefined && { error: { ...golden.error, t: own(golden.error.t) } }),
  };
}
