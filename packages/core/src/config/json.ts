// scheduler_config.json as Python writes it: sorted keys, indent 2, and the bare words -Infinity, Infinity and NaN, which are not JSON.

import { DiffusionError } from '../errors.ts';

const WORDS: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
};
const MARK = '\u0000';
const STRING_OR_WORD = /"(?:[^"\\]|\\.)*"|-?Infinity|NaN/g;

/** Reads a config. Throws CONFIG_INVALID for what is not JSON or not an object; `source` names it in the message. */
export function parseConfig(text: string, source = 'the config'): Record<string, unknown> {
  let value: unknown;
  try {
    const marked = text.replace(STRING_OR_WORD, (token) => (token.startsWith('"') ? token : `"\\u0000${token}"`));
    value = JSON.parse(marked, (_, entry: unknown) =>
      typeof entry === 'string' && entry.startsWith(MARK) ? WORDS[entry.slice(1)] : entry,
    );
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new DiffusionError(
      'CONFIG_INVALID',
      `${source} is not valid JSON: ${reason}. Mend or download it again.`,
      { source },
      cause,
    );
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new DiffusionError('CONFIG_INVALID', `${source} holds ${text.slice(0, 40)}, not an object of config keys.`, {
      source,
    });
  }
  return value as Record<string, unknown>;
}

/** Writes a config as upstream does, so that Python reads it back, -Infinity included. */
export function formatConfig(config: Readonly<Record<string, unknown>>): string {
  const sorted = Object.fromEntries(Object.entries(config).sort(([a], [b]) => (a < b ? -1 : 1)));
  const text = JSON.stringify(
    sorted,
    (_, value: unknown) => {
      if (typeof value === 'number' && !Number.isFinite(value)) return MARK + value;
      return ArrayBuffer.isView(value) ? Array.from(value as unknown as ArrayLike<number>) : value;
    },
    2,
  );
  return `${text.replace(/"\\u0000(-?Infinity|NaN)"/g, '$1')}\n`;
}
