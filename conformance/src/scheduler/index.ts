// All cases for schedulers: laws for every class, and recorded runs for those that upstream has.

import type { Case } from '../case.ts';
import type { GoldenSource } from '../golden/source.ts';
import { goldenCases } from './golden-cases.ts';
import { lawCases } from './laws.ts';
import { goldenSpecimens, plainSpecimen } from './specimen.ts';
import type { SchedulerSubject } from './subject.ts';

/** Every case of the recorded classes. Ids start with 'scheduler/<class>/'. */
export function* schedulerCases(golden: GoldenSource): Iterable<Case<SchedulerSubject>> {
  for (const className of golden.classes) {
    yield* lawCases(className, goldenSpecimens(golden, className));
    for (const one of golden.cases(className)) yield* goldenCases(one, golden);
  }
}

/** The laws on configs of one's own: for classes without recorded runs, or beside them. */
export function* configCases({ scheduler, configs, golden }: SchedulerSubject): Iterable<Case<SchedulerSubject>> {
  const recorded = golden?.classes.includes(scheduler.className) ?? false;
  const own = configs ?? (recorded ? [] : [{}]);
  yield* lawCases(scheduler.className, own.map(plainSpecimen));
}
