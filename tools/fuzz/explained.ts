// The documented differences from diffusers, as far as a random case can meet them. Each has a narrow condition and its reason; none is a
// tolerance.

import type { GoldenCase } from '@unnoise/conformance';

interface Difference {
  /** As in docs/differences.md or the README of the class. */
  readonly reason: string;
  /** Whether it explains this one message of the case. */
  explains(golden: GoldenCase, message: string): boolean;
}

export const DIFFERENCES: readonly Difference[] = [];

/** The reasons that together explain all that differs; undefined if something is left. */
export function explanationOf(golden: GoldenCase, messages: readonly string[]): string | undefined {
  const found = messages.map((message) => DIFFERENCES.find((one) => one.explains(golden, message))?.reason);
  return found.every((reason) => reason !== undefined) ? [...new Set(found)].join('; ') : undefined;
}
