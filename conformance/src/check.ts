// The assertions of the cases. They belong to no test runner: a failure is an error with a message that says what differs and where.

import { isDiffusionError } from '@unnoise/core';
import type { DiffusionError, ErrorCode } from '@unnoise/core';

/** A case that did not hold. */
export class ConformanceError extends Error {
  override readonly name: string = 'ConformanceError';
}

/** The subject lacks something that it never claimed to have. */
export class Declined extends Error {
  override readonly name: string = 'Declined';
}

/** Allowed distance from the expected value: one number for all elements, or one for each. */
export type Bound = number | ArrayLike<number>;

export interface Check {
  ok(condition: boolean, message: string): void;
  /** Equal by Object.is, or as JSON for arrays and objects. */
  equal(actual: unknown, expected: unknown, what: string): void;
  /** Within `bound` of `expected`, element by element. NaN only equals NaN, and an infinity only itself. */
  close(actual: ArrayLike<number>, expected: ArrayLike<number>, bound: Bound, what: string): void;
  /** Rejects or throws a DiffusionError with one of the codes; gives it back. */
  throws(action: () => unknown, codes: readonly ErrorCode[], what: string): Promise<DiffusionError>;
  /** Ends the case: what it needs is not there, and was never declared. */
  decline(reason: string): never;
}

export const check: Check = {
  ok(condition, message) {
    if (!condition) throw new ConformanceError(message);
  },
  equal(actual, expected, what) {
    if (Object.is(actual, expected)) return;
    const [a, b] = [text(actual), text(expected)];
    if (typeof actual !== 'object' || typeof expected !== 'object' || a !== b)
      throw new ConformanceError(`${what} is ${a}, not ${b}.`);
  },
  close(actual, expected, bound, what) {
    this.equal(actual.length, expected.length, `the number of elements of ${what}`);
    const worst = worstElement(actual, expected, bound);
    if (worst) throw new ConformanceError(`${what}: ${worst}`);
  },
  async throws(action, codes, what) {
    const error = await thrownBy(action);
    if (error instanceof Declined) throw error;
    if (isDiffusionError(error) && codes.includes(error.code)) return error;
    throw new ConformanceError(`${what} should throw ${codes.join(' or ')}, but ${outcomeText(error)}.`);
  },
  decline(reason) {
    throw new Declined(reason);
  },
};

const NOTHING: unique symbol = Symbol('nothing was thrown');

async function thrownBy(action: () => unknown): Promise<unknown> {
  try {
    await action();
    return NOTHING;
  } catch (error) {
    return error;
  }
}

function outcomeText(error: unknown): string {
  if (error === NOTHING) return 'nothing was thrown';
  if (isDiffusionError(error)) return `threw ${error.code}: ${error.message}`;
  return `threw ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`;
}

/** The element that misses its bound by the largest factor, as text; undefined when all are within. */
function worstElement(actual: ArrayLike<number>, expected: ArrayLike<number>, bound: Bound): string | undefined {
  let [worst, excess, wrong] = [-1, 1, 0];
  for (let i = 0; i < expected.length; i++) {
    const allowed = typeof bound === 'number' ? bound : bound[i]!;
    const factor = misses(actual[i]!, expected[i]!, allowed);
    if (factor > 1) wrong++;
    if (factor > excess) [worst, excess] = [i, factor];
  }
  if (worst < 0) return undefined;
  const allowed = typeof bound === 'number' ? bound : bound[worst]!;
  const within =
    allowed === 0 || excess === Infinity
      ? ''
      : ` within ${allowed.toPrecision(3)} (${excess.toPrecision(3)} times that)`;
  return `element ${worst} is ${actual[worst]}, not ${expected[worst]}${within}; ${wrong} of ${expected.length} elements are wrong`;
}

/** How many bounds away; non-finite values are compared by class. */
function misses(actual: number, expected: number, allowed: number): number {
  if (Object.is(actual, expected)) return 0;
  if (!Number.isFinite(actual) || !Number.isFinite(expected)) return Infinity;
  const distance = Math.abs(actual - expected);
  return distance <= allowed ? 0 : allowed === 0 ? Number.MAX_VALUE : distance / allowed;
}

function text(value: unknown): string {
  if (typeof value === 'number' || typeof value !== 'object' || value === null) return String(value);
  return JSON.stringify(value, (_, entry: unknown) => {
    if (ArrayBuffer.isView(entry)) return Array.from(entry as unknown as ArrayLike<number>, String);
    return typeof entry === 'number' && !Number.isFinite(entry) ? String(entry) : entry;
  });
}
