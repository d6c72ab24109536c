// How a loop ends early: always with an error named AbortError, whatever reason the signal was given.

/** Throws if the signal is aborted. The signal's own reason is the error's cause. */
export function throwIfAborted(signal: AbortSignal | undefined, what: string): void {
  if (!signal?.aborted) return;
  const error = new DOMException(`${what}: the signal was aborted.`, 'AbortError');
  throw Object.defineProperty(error, 'cause', { value: signal.reason, configurable: true });
}

export function isAbortError(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
