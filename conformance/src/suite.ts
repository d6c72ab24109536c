// A suite in a test runner: one test for each case. The runner is an argument, so there is no dependency on one.

import type { Backend, SchedulerClass } from '@unnoise/core';
import { backendCases } from './backend/index.ts';
import type { Case, Expectations } from './case.ts';
import { ConformanceError } from './check.ts';
import { goldensOf, ownGoldens } from './golden/source.ts';
import { isBackend, runCase } from './run.ts';
import type { Runner } from './runner.ts';
import { globalRunner, registrar } from './runner.ts';
import { configCases, schedulerCases } from './scheduler/index.ts';
import type { SchedulerSubject } from './scheduler/subject.ts';
import { CASE_TIMEOUT, within } from './timeout.ts';

export interface BackendSubject {
  readonly name: string;
  /** Makes the backend; called once. */
  create(): Promise<Backend>;
  readonly expect?: Expectations;
}

/**
 * Registers every case for a backend, one test each. What it can do is read from the backend itself; a case that it declines, and one
 * that is expected to fail, is a skipped test.
 * @param runner default: the global `describe` and `it` of jest, mocha and vitest with globals
 * @param cases default: `backendCases()`
 * @throws TypeError for an unknown key of the subject, such as a capability.
 */
export function testBackend(
  subject: BackendSubject,
  runner: Runner = globalRunner(),
  cases: Iterable<Case<Backend>> = backendCases(),
): void {
  checkKeys(subject, ['name', 'create', 'expect']);
  let backend: Promise<Backend> | undefined;
  const { timeout = CASE_TIMEOUT } = runner;
  const once = (): Promise<Backend> => (backend ??= within(timeout, made(subject)));
  register(subject.name, [...cases], once, subject.expect, runner);
}

async function made(subject: BackendSubject): Promise<Backend> {
  const backend: unknown = await subject.create();
  if (isBackend(backend)) return backend;
  throw new TypeError(
    `create() of "${subject.name}" gave ${String(backend)}, which is no backend: it has no upload and run.`,
  );
}

/**
 * Registers every case for a scheduler, one test each: its laws, and its recorded runs of upstream if there are any.
 * @param runner default: the global `describe` and `it` of jest, mocha and vitest with globals
 * @param cases default: `casesOf(subject)`
 */
export function testScheduler(
  subject: SchedulerSubject | SchedulerClass,
  runner: Runner = globalRunner(),
  cases?: Iterable<Case<SchedulerSubject>>,
): void {
  const whole = schedulerSubject(subject);
  checkKeys(whole, ['scheduler', 'golden', 'backend', 'expect', 'configs']);
  register(whole.scheduler.className, [...(cases ?? casesOf(whole))], async () => whole, whole.expect, runner);
}

/** A class alone is a subject on the reference backend, with the goldens of this package. */
export function schedulerSubject(subject: SchedulerSubject | SchedulerClass): SchedulerSubject {
  const given = typeof subject === 'function' ? { scheduler: subject } : subject;
  return { ...given, golden: goldensOf(given.golden ?? ownGoldens(), given.scheduler.className) };
}

/** Every case that is about this subject. */
export function* casesOf(subject: SchedulerSubject): Iterable<Case<SchedulerSubject>> {
  if (subject.golden) yield* schedulerCases(subject.golden);
  yield* configCases(subject);
}

function register<S>(
  name: string,
  cases: readonly Case<S>[],
  subject: () => Promise<S>,
  expect: Expectations | undefined,
  runner: Runner,
): void {
  runner.describe(name, () => {
    const test = registrar(runner);
    test('expectations name cases that exist', async () => checkExpectations(expect, cases));
    for (const one of cases) {
      test(one.id, async () => {
        const { outcome, message = '' } = await runCase(one, await subject(), expect, runner.timeout);
        if (outcome === 'fail') throw new ConformanceError(`${message}\n  Law: ${one.spec}.`);
        return { pass: undefined, declined: message, xfail: `expected to fail: ${message}` }[outcome];
      });
    }
  });
}

/** @throws ConformanceError for an id that no case has, and for one that is listed twice. */
export function checkExpectations(expect: Expectations = [], cases: readonly { readonly id: string }[]): void {
  const ids = new Set(cases.map(({ id }) => id));
  const seen = new Set<string>();
  for (const { id } of expect) {
    if (!ids.has(id))
      throw new ConformanceError(`An expectation names ${id}, which is no case. Was it renamed, or misspelt?`);
    if (seen.has(id)) throw new ConformanceError(`Two expectations name ${id}.`);
    seen.add(id);
  }
}

function checkKeys(subject: object, known: readonly string[]): void {
  const unknown = Object.keys(subject).find((key) => !known.includes(key));
  if (unknown)
    throw new TypeError(
      `A subject has no "${unknown}". Capabilities are read from the subject itself; it takes ${known.join(', ')}.`,
    );
}
