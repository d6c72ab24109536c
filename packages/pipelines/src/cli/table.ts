// Columns of text.

/** Rows as lines, each column as wide as its widest cell. */
export function table(rows: readonly (readonly string[])[], indent = ''): string {
  const widths = rows.reduce<number[]>((all, row) => row.map((cell, i) => Math.max(all[i] ?? 0, cell.length)), []);
  const line = (row: readonly string[]): string => row.map((cell, i) => cell.padEnd(widths[i]!)).join('  ');
  return rows.map((row) => indent + line(row).trimEnd()).join('\n');
}

/** 1.25 MB, as disks count. */
export function sizeText(bytes: number): string {
  const [unit, size] =
    bytes >= 1e9 ? ['GB', 1e9] : bytes >= 1e6 ? ['MB', 1e6] : bytes >= 1e3 ? ['kB', 1e3] : ['bytes', 1];
  return `${size === 1 ? bytes : (bytes / size).toFixed(bytes / size < 10 ? 2 : 1)} ${unit}`;
}
