// Runs cases without a test runner and says what became of them: for browsers, workers and the command line.

import type { Backend } from '@unnoise/core';
import type { Case, Expectations, Outcome, Result } from '../case.ts';
import { matches } from '../case.ts';
import { runCase } from '../run.ts';
import type { SchedulerSubject } from '../scheduler/subject.ts';
import { backendOf, isSchedulerSubject } from '../scheduler/subject.ts';
import { checkExpectations } from '../suite.ts';

/** Changes when a case does; independent of the package's version, so that reports of two releases compare. */
export const SUITE_VERSION = 1;

export interface Report {
  readonly suite: number;
  /** The upstream release that the goldens were recorded from. */
  readonly golden: string;
  readonly subject: string;
  /** What it ran on. */
  readonly backend: string;
  /** What the backend says of its device. */
  readonly device: string;
  readonly results: readonly Result[];
}

export interface RunOptions {
  /** Exact id, or with *: 'backend/map/*'. */
  readonly query?: string;
  readonly name?: string;
  /** For backends; a scheduler's are part of the subject. */
  readonly expect?: Expectations;
  /** Milliseconds that one case may take; default 60 000. */
  readonly timeout?: number;
  /** Called after each case. */
  readonly onResult?: (result: Result) => void;
}

/**
 * Runs the cases one after the other; a failing case stops nothing.
 * @throws ConformanceError for expectations that name no case; Error for a query that matches none.
 */
export async function runCases<S extends Backend | SchedulerSubject>(
  cases: Iterable<Case<S>>,
  subject: S,
  options: RunOptions = {},
): Promise<Report> {
  const scheduler = isSchedulerSubject(subject) ? subject : undefined;
  const backend = scheduler ? await backendOf(scheduler) : (subject as Backend);
  const expect = options.expect ?? scheduler?.expect ?? [];
  const all = [...cases];
  checkExpectations(expect, all);
  const results: Result[] = [];
  for (const one of selected(all, options.query)) {
    const result = await runCase(one, subject, expect, options.timeout);
    results.push(result);
    options.onResult?.(result);
  }
  const name = options.name ?? scheduler?.scheduler.className ?? backend.name;
  const { info } = backend as { info?: unknown };
  return {
    suite: SUITE_VERSION,
    golden: scheduler?.golden?.version ?? 'none',
    subject: name,
    backend: backend.name,
    device: typeof info === 'string' ? info : '',
    results,
  };
}

function selected<C extends { readonly id: string }>(cases: readonly C[], query: string | undefined): readonly C[] {
  if (query === undefined) return cases;
  const found = cases.filter(({ id }) => matches(query, id));
  if (found.length === 0)
    throw new Error(`No case matches ${query}; ids look like ${cases[0]?.id ?? '(there are none)'}.`);
  return found;
}

export function count(results: readonly Result[], ...outcomes: readonly Outcome[]): number {
  return results.filter(({ outcome }) => outcomes.includes(outcome)).length;
}

/** The last line of every run. Declined cases and expected failures are the skipped ones. */
export function summary(reports: readonly Report[]): string {
  const all = reports.flatMap(({ results }) => results);
  return `${count(all, 'pass')} passed, ${count(all, 'fail')} failed, ${count(all, 'declined', 'xfail')} skipped`;
}
