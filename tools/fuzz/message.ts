// What a message of the conformance suite says, taken apart: explanations speak of one call, one tensor, one error code.

import type { GoldenCase } from '@unnoise/conformance';

/** What oracle.py and measures.py add to a golden case. */
export type FuzzCase = Exclude<GoldenCase, { readonly kind: 'swap' }> & {
  readonly config: Readonly<Record<string, unknown>>;
  /** Where upstream gives NaN in float16: whether it fails in float32 too. */
  readonly fails_in_float32?: boolean;
  /** Absolute distances from float64 of tensors that are wrong by a quarter of their size or more. */
  readonly no_digit?: Readonly<Record<string, number>>;
  /** Absolute distance of a whole run from one in float64. */
  readonly free_run_error?: number;
  /** The same of the results of a method, by upstream's name. */
  readonly call_errors?: Readonly<Record<string, number>>;
};

/** One thing that differs. */
export interface Seen {
  readonly golden: FuzzCase;
  /** 'tables', 'teacher', 'free-run', 'error', 'call', 'add-noise', ... */
  readonly check: string;
  readonly step: number;
  readonly text: string;
  /** The code of the DiffusionError thrown here, if any. */
  readonly code: string | undefined;
}

export function seenIn(golden: GoldenCase, message: string): Seen {
  const [, check = '', step = '-1', text = message] =
    /^scheduler\/[^/]+\/([\w-]+):case=[^;:]+(?:;step=(\d+))?: (.*)$/s.exec(message) ?? [];
  const [, code] = /^threw ([A-Z_]+): /.exec(text) ?? [];
  return { golden: golden as FuzzCase, check, step: Number(step), text, code };
}

/** How far the worst element is off; Infinity where the message is about something else. */
export function missOf({ text }: Seen): number {
  const [, actual, expected] = /: element \d+ is (\S+), not (\S+?)(?: within|;)/.exec(text) ?? [];
  const miss = Math.abs(Number(actual) - Number(expected));
  return Number.isNaN(miss) ? Infinity : miss;
}

/** Number n of the groups of a pattern, which the text must match; NaN if it does not. */
export function numberIn({ text }: Seen, pattern: RegExp): number {
  return Number(pattern.exec(text)?.[1] ?? Number.NaN);
}

/** What upstream failed with: the name of the exception, or 'NaN'. */
export function failureOf({ golden }: Seen): { readonly type: string; readonly text: string } | undefined {
  if (!('error' in golden) || !golden.error) return undefined;
  const { type, text } = golden.error as { readonly type?: unknown; readonly text?: string };
  return { type: String(type), text: text ?? '' };
}

/** Upstream fails, and nothing is thrown here. */
export const nothingThrown = ({ text }: Seen): boolean => text.endsWith('but nothing was thrown.');

/** The index of step `step` of the case in its schedule. */
export function indexOf(golden: FuzzCase, step: number): number {
  const { first, begin_index: begin = 0 } = golden as { readonly first?: number; readonly begin_index?: number };
  return (first ?? begin) + step;
}

/** Entry i of a table that is recorded whole or by its head. */
export function entryOf(table: unknown, i: number): number {
  const list =
    (table as { readonly head?: readonly number[] } | null | undefined)?.head ??
    (table as readonly number[] | undefined);
  return list?.[i] ?? Number.NaN;
}
