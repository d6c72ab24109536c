// Every bound of the suite, with its derivation. Bounds belong to cases; no subject can widen one.

/** Unit roundoff of float32: one operation errs by at most this, relative. */
export const UNIT: number = 2 ** -24;

/** The same for float16 storage. */
export const HALF_UNIT: number = 2 ** -11;

/** Smallest normal float32: hardware may flush smaller results to zero. */
export const FLUSH: number = 2 ** -126;

/** Half of the smallest float16: what storing a tiny number may lose. */
export const HALF_TINY: number = 2 ** -25;

/** `linear` of n terms: one rounding for each coefficient, product and sum. Times sum |c_i x_i|. */
export function linearBound(terms: number): number {
  return (terms + 2) * UNIT;
}

/** Adding n numbers one by one in any order. Times sum |x_i|. */
export function sumBound(count: number): number {
  return count * UNIT;
}

/**
 * Elementwise operations on float32, relative to the result. mul, div and sqrt are correctly rounded on CPUs; WGSL allows 2.5 ulp for
 * div and sqrt. exp and log follow WGSL's accuracy: 3 + 2 |x| ulp for exp, and 3 ulp for log but an absolute 2^-21 near 1.
 */
export const RELATIVE: Readonly<Record<'mul' | 'div' | 'sqrt' | 'exp' | 'log', number>> = {
  mul: 3 * 2 * UNIT,
  div: 3 * 2 * UNIT,
  sqrt: 3 * 2 * UNIT,
  exp: 1e-5,
  log: 1e-5,
};

/** log between 0.5 and 2, where the result crosses 0. Absolute. */
export const LOG_NEAR_ONE: number = 2 ** -21;

/** One step in float32, relative to the largest element. Trials against float64 stay below 2.5e-7, upstream itself below 1e-6. */
export const STEP: number = 2e-6;

/** A free run: every step feeds the next. 50 steps stay below 7.4e-7 in trials. */
export const FREE_RUN: number = 1e-5;

/** The same where samples are stored as float16, as upstream's are: trials give 4.3e-3 over 50 steps. */
export const HALF_STEP: number = 2e-3;
export const HALF_FREE_RUN: number = 1e-2;

/**
 * Timesteps that upstream keeps in float64 (KDPM2 with a re-spacing, DPM-Solver SDE), absolute: they pass through log and exp, whose last
 * bit is the C library's. One unit in the last place of ln sigma moves a timestep by a few units of 1e-13.
 */
export const WIDE_TIMESTEP: number = 1e-12;

/** Tables of the exact64 mode, relative. */
export const EXACT_TABLE: number = 1e-12;

/**
 * Where float32 cannot give a step to 1e-6, the golden case notes how far off upstream is from its own formulas in float64, or the effect
 * of float32 inputs if that is larger. The subject may be as far on the other side: twice the note (which has two digits).
 */
export function noted(note: number | undefined): number {
  return note === undefined ? 0 : 2 * 1.05 * note;
}

/** The spacing of float32 numbers at x: one unit in the last place. */
export function ulp(x: number): number {
  return 2 ** Math.max(Math.floor(Math.log2(Math.abs(x) || 1)) - 23, -149);
}

/** The largest absolute value that is finite. */
export function largest(values: ArrayLike<number>): number {
  let top = 0;
  for (let i = 0; i < values.length; i++) if (Number.isFinite(values[i])) top = Math.max(top, Math.abs(values[i]!));
  return top;
}
