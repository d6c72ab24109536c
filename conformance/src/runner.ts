// The four test runners behind one function each: describe and it are an argument, so there is no dependency on one. What they do not
// share is how a running test is skipped and how long it may take; that is here, and nothing of what is tested.

import { CASE_TIMEOUT } from './timeout.ts';

/** vitest, jest, node:test and mocha fit: `{ describe, it }` of the runner. */
export interface Runner {
  // oxlint-disable-next-line typescript/no-explicit-any -- runners differ in what they return
  readonly describe: (name: string, body: () => void) => any;
  // oxlint-disable-next-line typescript/no-explicit-any -- runners differ in what they return
  readonly it: (name: string, body: RunnerTest, timeout?: number) => any;
  /** Milliseconds that one case may take, whatever the runner is set to; default 60 000. */
  readonly timeout?: number;
}

/** Without declared parameters: jest and mocha would wait for a callback. */
export type RunnerTest = (this: unknown, ...context: readonly unknown[]) => Promise<void>;

/** Why a test is to be shown as skipped; undefined: it passed. Throws where it failed. */
export type Verdict = () => Promise<string | void>;

/** Registers tests in one runner. */
export function registrar(runner: Runner): (name: string, verdict: Verdict) => void {
  const { timeout = CASE_TIMEOUT } = runner;
  const own = 3 * timeout; // behind the limits of making the subject and of the case, whose messages say more
  const told = new Set<string>();
  return (name, verdict) => {
    const body: RunnerTest = async function (...[context]) {
      if (isMocha(this)) this.timeout(own);
      const reason = await verdict();
      if (!reason) return;
      if (!isSkippable(context)) tell(told, name, reason);
      if (isSkippable(context)) context.skip(reason);
      else if (isMocha(this)) this.skip();
    };
    runner.it(name, body, own);
  };
}

/** The global `describe` and `it` of jest, mocha, and vitest with globals. */
export function globalRunner(): Runner {
  const { describe, it } = globalThis as Partial<Runner>;
  if (describe && it) return { describe, it };
  throw new TypeError(
    'There is no global describe and it. Pass { describe, it } of your test runner as the second argument.',
  );
}

/** mocha shows that a test was skipped but not why, and jest cannot skip one that runs: each reason is printed once. */
function tell(told: Set<string>, name: string, reason: string): void {
  if (told.has(reason)) return;
  told.add(reason);
  console.info(`skipped: ${reason}, first in ${name}`);
}

/** The context of vitest and of node:test. */
function isSkippable(context: unknown): context is { skip(reason: string): void } {
  return typeof (context as { skip?: unknown } | undefined)?.skip === 'function';
}

/** What mocha binds a test to. */
function isMocha(self: unknown): self is { timeout(milliseconds: number): void; skip(): never } {
  const { skip, timeout } = (self ?? {}) as { skip?: unknown; timeout?: unknown };
  return typeof skip === 'function' && typeof timeout === 'function';
}
