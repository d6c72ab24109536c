// How the command fails: one line on stderr and an exit code.

import { isDiffusionError } from '@unnoise/core';
import { isAbortError } from '../loop/abort.ts';

export const OK = 0;
export const FAILURE = 1;
export const USAGE = 2;
/** 128 + SIGINT, as shells report an interrupted program. */
export const INTERRUPTED = 130;

/** Arguments that cannot be used. */
export class UsageError extends Error {
  override readonly name: string = 'UsageError';
}

export function exitCodeOf(error: unknown): number {
  if (isAbortError(error)) return INTERRUPTED;
  return error instanceof UsageError || isDiffusionError(error, 'REQUEST_INVALID') ? USAGE : FAILURE;
}

/** "unnoise: what happened"; with `debug`, the stack and what caused it. */
export function reportOf(error: unknown, debug: boolean): string {
  if (debug && error instanceof Error)
    return `${error.stack}${error.cause ? `\ncaused by ${stackOf(error.cause)}` : ''}`;
  if (isAbortError(error)) return 'unnoise: interrupted before the pictures were complete; none was written.';
  const message = error instanceof Error ? error.message : String(error);
  return `unnoise: ${message.replace(/\s*\n\s*/g, ' ').trim()}`;
}

const stackOf = (cause: unknown): string => (cause instanceof Error ? (cause.stack ?? cause.message) : String(cause));
