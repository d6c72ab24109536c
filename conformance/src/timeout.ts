// A limit on what is waited for: a backend that never answers is a failed case, not a run that hangs.

import { ConformanceError } from './check.ts';

/** Milliseconds that one case may take. */
export const CASE_TIMEOUT = 60_000;

/** As the promise, but for one that takes longer. What it was doing is left behind and may still go on. */
export async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new ConformanceError(tooLate(milliseconds))), milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function tooLate(milliseconds: number): string {
  return `was not done after ${milliseconds / 1000} s. Does every promise of the backend settle? If it is only slow, raise the timeout.`;
}
