// The two arithmetics of schedule tables, and the array rule that carries them. No schedule formula lives here.

/** A table of schedule numbers. Float32Array holds upstream's float32 values; Float64Array unrounded ones. */
export type Table = Float32Array | Float64Array;

/**
 * How tables are rounded. `upstream32` rounds to float32 at every point where diffusers does (the default of every
 * scheduler); `exact64` is the same formulas with no rounding, for convergence studies.
 *
 * Only the functions that *start* a table take a precision. All others follow the array they are given, as numpy and
 * torch do: a Float32Array in means float32 arithmetic and a Float32Array out.
 */
export interface Precision {
  readonly mode: 'upstream32' | 'exact64';
  /** Rounds one number to this precision. */
  round(x: number): number;
  /** A zeroed table of `length` numbers. */
  array(length: number): Table;
  /** A table with these values, rounded. */
  table(values: ArrayLike<number>): Table;
}

/** float32 tables with upstream's rounding points. */
export const upstream32: Precision = {
  mode: 'upstream32',
  round: Math.fround,
  array: (length) => new Float32Array(length),
  table: (values) => Float32Array.from(values),
};

/** float64 tables, never rounded. Also the precision of what upstream itself keeps in float64. */
export const exact64: Precision = {
  mode: 'exact64',
  round: (x) => x,
  array: (length) => new Float64Array(length),
  table: (values) => Float64Array.from(values),
};

/** The precision in which arithmetic on this table happens. */
export function precisionOf(table: Table): Precision {
  return table instanceof Float32Array ? upstream32 : exact64;
}

/** A table of `length` numbers f(0), f(1), ..., each rounded once when stored. */
export function tabulate(length: number, precision: Precision, f: (index: number) => number): Table {
  const table = precision.array(length);
  for (let i = 0; i < length; i++) table[i] = f(i);
  return table;
}

/** A new table of f(x, index) over the entries, in the same precision; f's result is rounded once when stored. */
export function mapTable(table: Table, f: (x: number, index: number) => number): Table {
  return tabulate(table.length, precisionOf(table), (i) => f(table[i]!, i));
}
