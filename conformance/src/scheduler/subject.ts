// The scheduler under test, where it computes, and the backend of that, made once.

import type { Backend, ConfigObject, SchedulerClass } from '@unnoise/core';
import { createReferenceBackend } from '@unnoise/core/reference';
import type { Expectations } from '../case.ts';
import type { GoldenError, GoldenSteps } from '../golden/format.ts';
import type { GoldenSource } from '../golden/source.ts';

export interface SchedulerSubject {
  readonly scheduler: SchedulerClass;
  /** Recorded runs of upstream; default: those that come with the suite, if it has any for this class. */
  readonly golden?: GoldenSource;
  /** Where it computes; default: the float64 reference backend. */
  readonly backend?: () => Promise<Backend>;
  readonly expect?: Expectations;
  /** Configs to test the laws with, beside those of the goldens; default: the defaults. */
  readonly configs?: readonly ConfigObject[];
}

const backends = new WeakMap<SchedulerSubject, Promise<Backend>>();
const reference: Backend = createReferenceBackend();

export function backendOf(subject: SchedulerSubject): Promise<Backend> {
  let backend = backends.get(subject);
  if (!backend) backends.set(subject, (backend = subject.backend?.() ?? Promise.resolve(reference)));
  return backend;
}

/** Where a recorded run is replayed: the subject's backend, unless its numbers need float64. */
export function backendFor(golden: GoldenSteps | GoldenError, subject: SchedulerSubject): Promise<Backend> {
  return golden.kind === 'steps' && golden.samples === 'float64' ? Promise.resolve(reference) : backendOf(subject);
}

export function isSchedulerSubject(subject: unknown): subject is SchedulerSubject {
  return typeof subject === 'object' && subject !== null && 'scheduler' in subject;
}
