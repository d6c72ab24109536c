// The grids that torch and numpy build, with their exact rounding: linspace, arange, round, interp. Not about diffusion.

import { type Precision, type Table, tabulate } from './precision.ts';

/**
 * `torch.linspace(start, end, count)`: the first half counts up from `start`, the second down from `end`, and each
 * entry is rounded once.
 */
export function torchLinspace(start: number, end: number, count: number, precision: Precision): Table {
  const a = precision.round(start);
  const b = precision.round(end);
  if (count === 1) return precision.table([a]);
  const step = precision.round(precision.round(b - a) / (count - 1));
  const half = Math.floor(count / 2);
  return tabulate(count, precision, (i) => (i < half ? a + step * i : b - step * (count - 1 - i)));
}

/** `numpy.linspace(start, stop, count, endpoint)` in float64: i * step + start, the last entry exactly `stop`. */
export function linspace(start: number, stop: number, count: number, endpoint: boolean = true): Float64Array {
  const intervals = endpoint ? count - 1 : count;
  const step = (stop - start) / intervals;
  const grid = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    // As numpy: where the step underflows to 0, the fraction is taken first.
    const rise = step === 0 ? (i / intervals) * (stop - start) : i * step;
    grid[i] = intervals > 0 ? rise + start : start;
  }
  if (endpoint && count > 1) grid[count - 1] = stop;
  return grid;
}

/**
 * `numpy.arange(start, stop, step)` in float64. As numpy: the count is ceil((stop - start) / step), so rounding can
 * admit one entry past `stop`, and the stride is (start + step) - start rather than `step`.
 */
export function arange(start: number, stop: number, step: number): Float64Array {
  const count = Math.max(0, Math.ceil((stop - start) / step));
  const stride = start + step - start;
  return Float64Array.from({ length: count }, (_, i) => start + i * stride);
}

/** `numpy.round`: to the nearest integer, halves to the even one. */
export function roundHalfEven(x: number): number {
  const down = Math.floor(x);
  const rest = x - down;
  if (rest !== 0.5) return rest < 0.5 ? down : down + 1;
  return down % 2 === 0 ? down : down + 1;
}

/**
 * `numpy.interp(x, arange(values.length), values)`: the piecewise linear function through (i, values[i]) in float64,
 * constant outside.
 */
export function interpolate(x: ArrayLike<number>, values: Table): Float64Array {
  const last = values.length - 1;
  const at = (position: number): number => {
    if (position <= 0) return values[0]!;
    if (position >= last) return values[last]!;
    const i = Math.floor(position);
    const low = values[i]!;
    return position === i ? low : (values[i + 1]! - low) * (position - i) + low;
  };
  return Float64Array.from(x, at);
}
