// What the terms of a CogVideoX DPM step weigh, from the alphas_cumprod of its levels: float64 numbers only. A file of its own, since it is public upstream.

/** Step sizes in lambda = ln(alpha / sigma). */
export interface StepVariables {
  /** From this level to the next. */
  readonly h: number;
  /** The step before, relative to h; absent where there is none. */
  readonly r?: number;
  readonly lamb: number;
  readonly lambNext: number;
}

/** Upstream's get_variables. Infinite where a level is noiseless. */
export function stepVariables(alphaProdT: number, alphaProdTPrev: number, alphaProdTBack?: number): StepVariables {
  const lambda = (alphaCumprod: number): number => Math.log(Math.sqrt(alphaCumprod / (1 - alphaCumprod)));
  const [lamb, lambNext] = [lambda(alphaProdT), lambda(alphaProdTPrev)];
  const h = lambNext - lamb;
  return { h, lamb, lambNext, ...(alphaProdTBack !== undefined && { r: (lamb - lambda(alphaProdTBack)) / h }) };
}

/** Of the sample, of minus the denoised sample, and in that of x0 and of minus the last step's x0. */
export type Multipliers = readonly [mult1: number, mult2: number, mult3?: number, mult4?: number];

/** Upstream's get_mult. */
export function multipliers(
  h: number,
  r: number | null | undefined,
  alphaProdT: number,
  alphaProdTPrev: number,
): Multipliers {
  const mult1 = Math.sqrt((1 - alphaProdTPrev) / (1 - alphaProdT)) * Math.exp(-h);
  const mult2 = Math.expm1(-2 * h) * Math.sqrt(alphaProdTPrev);
  return r === undefined || r === null ? [mult1, mult2] : [mult1, mult2, 1 + 1 / (2 * r), 1 / (2 * r)];
}
