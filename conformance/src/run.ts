// Runs one case on one subject: as it is, or as a refusal where the subject lacks what the case needs. Everything that reports goes
// through here.

import type { Backend } from '@unnoise/core';
import { isDiffusionError, setWarningHandler } from '@unnoise/core';
import { claiming } from './backend/wrappers.ts';
import type { Capability, Case, Expectations, Result } from './case.ts';
import { check, ConformanceError, Declined } from './check.ts';
import { backendOf, isSchedulerSubject } from './scheduler/subject.ts';
import { CASE_TIMEOUT, within } from './timeout.ts';

/** Runs `one`; `expect` are the subject's expected failures, `timeout` the milliseconds after which it has failed. */
export async function runCase<S>(
  one: Case<S>,
  subject: S,
  expect: Expectations = [],
  timeout: number = CASE_TIMEOUT,
): Promise<Result> {
  const start = performance.now();
  const outcome = await judged(one, subject, expect, timeout);
  return { id: one.id, ...outcome, milliseconds: performance.now() - start };
}

type Judgement = Pick<Result, 'outcome' | 'message'>;

async function judged<S>(one: Case<S>, subject: S, expect: Expectations, timeout: number): Promise<Judgement> {
  const expected = expect.find(({ id }) => id === one.id);
  const found = await attempt(one, subject, timeout);
  if (!expected) return found;
  const reason = expected.issue ? `${expected.reason} (${expected.issue})` : expected.reason;
  if (found.outcome === 'fail') return { outcome: 'xfail', message: reason };
  return {
    outcome: 'fail',
    message: `was expected to fail, but ${found.outcome === 'pass' ? 'passes' : 'is declined'}: remove the expectation "${reason}".`,
  };
}

/** Warnings are for users; the cases that are about them listen themselves. */
async function attempt<S>(one: Case<S>, subject: S, timeout: number): Promise<Judgement> {
  const handler = setWarningHandler(() => {});
  try {
    const declined = await within(timeout, withoutLeak(one, subject));
    return declined === undefined ? { outcome: 'pass' } : { outcome: 'declined', message: declined };
  } catch (error) {
    return { outcome: 'fail', message: messageOf(error) };
  } finally {
    setWarningHandler(handler);
  }
}

async function withoutLeak<S>(one: Case<S>, subject: S): Promise<string | undefined> {
  const backend = await backendUnder(subject);
  const before = backend?.stats?.().live;
  const declined = await runOrRefuse(one, subject, backend);
  const after = backend?.stats?.().live;
  if (after !== before) throw new ConformanceError(`${after! - before!} buffers are live after the case: it leaks.`);
  return declined;
}

/** Why the case was declined; undefined when it held. */
async function runOrRefuse<S>(one: Case<S>, subject: S, backend: Backend | undefined): Promise<string | undefined> {
  const missing = backend && isBackend(subject) ? one.needs.filter((need) => !has(backend, need)) : [];
  if (missing.length === 0) return runOrDecline(one, subject, backend);
  const refusable = missing.filter((need) => need.includes(':'));
  if (refusable.length > 0) {
    const refusal = () => one.run(claiming(backend!) as S, check);
    await check.throws(
      refusal,
      ['OP_UNSUPPORTED', 'DTYPE_UNSUPPORTED'],
      `What is not declared (${refusable.join(', ')})`,
    );
  }
  return `does not declare ${missing.join(', ')}`;
}

async function runOrDecline<S>(one: Case<S>, subject: S, backend: Backend | undefined): Promise<string | undefined> {
  try {
    await one.run(subject, check);
    return undefined;
  } catch (error) {
    if (error instanceof Declined) return error.message;
    const reason = backend && !isBackend(subject) ? undeclared(error, backend) : undefined;
    if (reason) return reason;
    throw error;
  }
}

/** A scheduler on a backend that never claimed the operation it needs is not at fault. */
function undeclared(error: unknown, backend: Backend): string | undefined {
  if (!isDiffusionError(error)) return undefined;
  const need =
    error.code === 'OP_UNSUPPORTED' ? `op:${String(error.details['op'])}` : `dtype:${String(error.details['dtype'])}`;
  if (error.code !== 'OP_UNSUPPORTED' && error.code !== 'DTYPE_UNSUPPORTED') return undefined;
  const named = error.details['op'] !== undefined || error.details['dtype'] !== undefined;
  return named && !has(backend, need as Capability) ? `${backend.name} does not declare ${need}` : undefined;
}

const REQUIRED: readonly string[] = ['linear', 'mul', 'div', 'clamp'];

/** Whether the backend declares it; read from the backend alone. */
export function has(backend: Backend, need: Capability): boolean {
  const [kind, name = ''] = need.split(':');
  const { ops, dtypes } = backend.capabilities;
  if (kind === 'op') return REQUIRED.includes(name) || (ops as readonly string[]).includes(name);
  if (kind === 'dtype') return (dtypes as readonly string[]).includes(name);
  return typeof backend[kind as 'stats' | 'adopt'] === 'function';
}

/** By its methods: whatever made it, and in whichever realm. */
export function isBackend(subject: unknown): subject is Backend {
  const { upload, run } = (subject ?? {}) as Partial<Backend>;
  return typeof upload === 'function' && typeof run === 'function';
}

async function backendUnder(subject: unknown): Promise<Backend | undefined> {
  if (isBackend(subject)) return subject;
  return isSchedulerSubject(subject) ? backendOf(subject) : undefined;
}

function messageOf(error: unknown): string {
  if (error instanceof ConformanceError) return error.message;
  if (isDiffusionError(error)) return `threw ${error.code}: ${error.message}`;
  if (!(error instanceof Error)) return `threw ${String(error)}`;
  return `threw ${(error.stack ?? String(error)).split('\n').slice(0, 5).join('\n')}`;
}
