// Runs one suite of a column: that for backends, or that of a scheduler, whole or in part. The same in Node and in a page.

import type { SchedulerClass } from '@unnoise/core';
import '@unnoise/core/beta-sigmas';
import type { Case, GoldenSource, Report, RunOptions } from '@unnoise/conformance';
import { backendCases, casesOf, runCases, schedulerSubject } from '@unnoise/conformance';
import type { Extent, Made } from './columns.ts';
import { inBackendPart, inPartRuns, inSchedulerPart } from './part.ts';

export interface SuiteResult {
  /** 'backends' or the name of the class. */
  readonly suite: string;
  /** How many cases there are; the report has those that ran. */
  readonly cases: number;
  readonly report: Report;
}

export async function backendSuite({ backend }: Made, extent: Extent): Promise<SuiteResult> {
  const all = [...backendCases()];
  return { suite: 'backends', cases: all.length, report: await runCases(chosen(all, extent, BACKEND), backend) };
}

export async function schedulerSuite(
  scheduler: SchedulerClass,
  { backend }: Made,
  extent: Extent,
  options: { readonly golden?: GoldenSource } & Pick<RunOptions, 'onResult'> = {},
): Promise<SuiteResult> {
  const { golden, ...run } = options;
  const subject = schedulerSubject({ scheduler, backend: async () => backend, ...(golden && { golden }) });
  const all = [...casesOf(subject)];
  const report = await runCases(chosen(all, extent, SCHEDULER), subject, run);
  return { suite: scheduler.className, cases: all.length, report };
}

type Choice = Readonly<Record<Extent, (id: string) => boolean>>;

const BACKEND: Choice = { all: () => true, part: inBackendPart, runs: () => false };
const SCHEDULER: Choice = { all: () => true, part: inSchedulerPart, runs: inPartRuns };

const chosen = <S>(all: readonly Case<S>[], extent: Extent, choice: Choice): readonly Case<S>[] =>
  all.filter(({ id }) => choice[extent](id));
