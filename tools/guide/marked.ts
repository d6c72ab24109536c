// Generated parts of pages that people write: what stands between two comments of a name.

/** The text with `part` between its comments `name`; undefined where it has none. */
export function marked(text: string, name: string, part: string): string | undefined {
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [start, end] = [text.indexOf(open), text.indexOf(close)];
  if (start < 0 || end < start) return undefined;
  return `${text.slice(0, start)}${open}\n\n${part}\n\n${text.slice(end)}`;
}
