// The documented differences from diffusers, as far as a random case can meet them. Each has a narrow condition and its reason; none is a
// tolerance.

import type { GoldenCase } from '@unnoise/conformance';

interface Difference {
  /** As in docs/differences.md or the README of the class. */
  readonly reason: string;
  /** Whether it explains this one message of the case. */
  explains(golden: GoldenCase, message: string): boolean;
}

export const DIFFERENCES: readonly Difference[] = [
  {
    reason: 'upstream computes this float16 step in float16 and overflows; here steps are computed in float32',
    explains: (golden, message) =>
      golden.kind === 'error' &&
      golden.dtype === 'float16' &&
      typeOf(golden.error) === 'NaN' &&
      message.endsWith('nothing was thrown.'),
  },
  {
    reason: 'a list of sigmas: upstream takes only an array there, and JavaScript has one kind of list',
    explains: (golden, message) =>
      golden.kind === 'error' &&
      Array.isArray(golden.request?.['sigmas']) &&
      typeOf(golden.error) === 'TypeError' &&
      golden.error.text.startsWith("can't multiply sequence") &&
      message.endsWith('nothing was thrown.'),
  },
];

/** The name of upstream's exception; NaN for a result that is not finite. */
const typeOf = (error: object): unknown => (error as { readonly type?: unknown }).type;

/** The reasons that together explain all that differs; undefined if something is left. */
export function explanationOf(golden: GoldenCase, messages: readonly string[]): string | undefined {
  const found = messages.map((message) => DIFFERENCES.find((one) => one.explains(golden, message))?.reason);
  return found.every((reason) => reason !== undefined) ? [...new Set(found)].join('; ') : undefined;
}
