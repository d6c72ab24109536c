// Reading arguments: node:util does the parsing, this file the meaning of values. Every refusal is a UsageError that names the option.

import type { ParseArgsConfig } from 'node:util';
import { parseArgs } from 'node:util';
import { UsageError } from './errors.ts';

type Options = NonNullable<ParseArgsConfig['options']>;
type Parsed<O extends Options> = ReturnType<typeof parseArgs<{ options: O; allowPositionals: true; args: string[] }>>;

/** Parses what comes after a command. Node's own messages are kept to their first sentence. */
export function parsed<O extends Options>(command: string, args: readonly string[], options: O): Parsed<O> {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    const { message } = error as Error;
    const [sentence] = message.split(/\.\s/);
    const dash = message.includes('ambiguous') ? '; a value that begins with a dash is written --option=-1' : '';
    throw new UsageError(`${sentence?.replace(/\.$/, '')}${dash}. See unnoise ${command} --help.`);
  }
}

export function noPositionals(command: string, positionals: readonly string[]): void {
  if (positionals.length === 0) return;
  throw new UsageError(`${command} takes no "${positionals[0]}". See unnoise ${command} --help.`);
}

/** A whole number of at least `least`. */
export function whole(option: string, text: string | undefined, least: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
  throw new UsageError(`--${option} is "${text}". Give a whole number of at least ${least}.`);
}

/** Any finite number. */
export function real(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (text.trim() !== '' && Number.isFinite(Number(text))) return Number(text);
  throw new UsageError(`--${option} is "${text}". Give a number.`);
}
