// Closed lists: every object of options that a user gives is checked against the keys that have a meaning.

import { DiffusionError, type ErrorCode } from '../errors.ts';

/** Throws for the first key of `given` that is not known: an ignored eta would be a silent wrong number. Undefined is not given. */
export function requireKnown(
  owner: string,
  what: string,
  given: object,
  known: readonly string[],
  code: ErrorCode = 'REQUEST_INVALID',
): void {
  for (const [key, value] of Object.entries(given)) {
    if (value === undefined || known.includes(key)) continue;
    const message = `${owner} has no ${what} "${key}". It has: ${known.join(', ') || 'none'}.`;
    throw new DiffusionError(code, message, { key });
  }
}
