// Compares one batch of recorded cases with our classes: every table, step and error of a case, by the conformance suite's own checks.

import type { SchedulerClass } from '@unnoise/core';
import type { GoldenCase, GoldenSource } from '@unnoise/conformance';
import { runCase } from '../../conformance/src/run.ts';
import { goldenCases } from '../../conformance/src/scheduler/golden-cases.ts';
import { explanationOf } from './explained.ts';
import { withOwnTimesteps } from './own-timesteps.ts';

export interface Verdict {
  /** '<class>/seed-<S>-case-<K>' */
  readonly id: string;
  readonly className: string;
  readonly verdict: 'agree' | 'explained' | 'disagree';
  /** Why it is explained, or all that differs. */
  readonly reasons: readonly string[];
  /** What upstream failed with, if it did. */
  readonly failed: string | undefined;
}

/** Judges every case of the source; `load` gives our class of that name. */
export async function* judge(
  source: GoldenSource,
  load: (className: string) => Promise<SchedulerClass>,
): AsyncIterable<Verdict> {
  for (const className of source.classes) {
    const scheduler = await load(className);
    for (const one of source.cases(className))
      yield await verdictOf(withOwnTimesteps(one, scheduler), source, scheduler);
  }
}

async function verdictOf(golden: GoldenCase, source: GoldenSource, scheduler: SchedulerClass): Promise<Verdict> {
  const reasons: string[] = [];
  for (const one of goldenCases(golden, source)) {
    const { outcome, message } = await runCase(one, { scheduler, golden: source });
    if (outcome !== 'pass') reasons.push(`${one.id}: ${message}`);
  }
  const explained = reasons.length > 0 ? explanationOf(golden, reasons) : undefined;
  return {
    id: golden.id,
    className: golden.class,
    verdict: reasons.length === 0 ? 'agree' : explained ? 'explained' : 'disagree',
    reasons: explained ? [explained] : reasons,
    failed: 'error' in golden ? textOf(golden.error) : undefined,
  };
}

const textOf = (error: unknown): string => (error as { text?: string } | undefined)?.text ?? 'failed';
