// What a case is, and what became of it. Cases are data: runners, reports and queries are elsewhere.

import type { DType, OpName } from '@unnoise/core';
import type { Check } from './check.ts';

/** What a case needs of the subject. Where the subject does not declare it, the case is run as a refusal. */
export type Capability = `op:${OpName}` | `dtype:${DType}` | 'stats' | 'adopt';

export interface Case<S> {
  /** Stable for ever: 'backend/map/linear:dtype=float32;n=3;layout=broadcast'. */
  readonly id: string;
  readonly needs: readonly Capability[];
  /** The law that the case checks, in one sentence. */
  readonly spec: string;
  run(subject: S, check: Check): Promise<void>;
}

/** Cases known to fail, by exact id. One that passes, and an id that no case has, are errors. */
export type Expectations = readonly {
  readonly id: string;
  readonly status: 'fail';
  readonly reason: string;
  readonly issue?: string;
}[];

/** declined: the subject does not declare what the case needs, and refused it as it must. xfail: failed as expected. */
export type Outcome = 'pass' | 'fail' | 'declined' | 'xfail';

export interface Result {
  readonly id: string;
  readonly outcome: Outcome;
  /** Why it failed, was declined, or was expected to fail. */
  readonly message?: string;
  readonly milliseconds: number;
}

/** Matches ids: exact, or with * for any characters ('backend/map/*'). */
export function matches(query: string, id: string): boolean {
  const parts = query.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(id);
}

/** 'group/name:key=value;key=value'. */
export function caseId(path: string, parameters: Readonly<Record<string, string | number>> = {}): string {
  const list = Object.entries(parameters).map(([key, value]) => `${key}=${value}`);
  return list.length > 0 ? `${path}:${list.join(';')}` : path;
}
