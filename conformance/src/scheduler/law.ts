// What a law is, and what it is given.

import type { Backend, SchedulerMixin } from '@unnoise/core';
import type { Check } from '../check.ts';
import type { Specimen } from './specimen.ts';
import type { SchedulerSubject } from './subject.ts';

export interface Given {
  readonly subject: SchedulerSubject;
  readonly specimen: Specimen;
  readonly backend: Backend;
  readonly scheduler: SchedulerMixin;
}

export interface Law {
  readonly name: string;
  readonly spec: string;
  /** Whether the law says anything about this specimen; default yes. */
  applies?(specimen: Specimen): boolean;
  check(given: Given, check: Check): Promise<void> | void;
}

/** Steps of a law's run: enough for the history of a third-order method, and few enough for the schedule. */
