// Step-size control: how large an error is, whether a step is taken, and how large the next one is. Numbers only.

import { DiffusionError } from '@unnoise/core';

/** The size of an attempt in -ln sigma, and the inverse errors of the last two steps taken. */
export interface StepControl {
  readonly h: number;
  readonly taken: readonly [number, number] | undefined;
}

/** The config keys of the control. */
export interface ControlConfig {
  readonly h_init: number;
  readonly rtol: number;
  readonly atol: number;
  readonly pcoeff: number;
  readonly icoeff: number;
  readonly dcoeff: number;
  readonly accept_safety: number;
  readonly eta: number;
  readonly order: number;
}

export function firstStep({ h_init: h }: ControlConfig): StepControl {
  return { h: Math.abs(h), taken: undefined };
}

/** rms((low - high) / max(atol, rtol max(|low|, |lowLast|))) over all numbers of a batch. */
export function stepError(
  high: ArrayLike<number>,
  low: ArrayLike<number>,
  lowLast: ArrayLike<number>,
  { atol, rtol }: ControlConfig,
): number {
  let sum = 0;
  for (let i = 0; i < high.length; i++) {
    const allowed = Math.max(atol, rtol * Math.max(Math.abs(low[i]!), Math.abs(lowLast[i]!)));
    sum += ((low[i]! - high[i]!) / allowed) ** 2;
  }
  return Math.sqrt(sum / high.length);
}

/** The factor is a product of powers of the inverse errors, bent so that h never grows more than 2.6 times nor shrinks below 0.22. */
export function judged(
  { h, taken }: StepControl,
  error: number,
  config: ControlConfig,
): { readonly accepted: boolean; readonly control: StepControl } {
  if (!Number.isFinite(error)) throw notFinite(error);
  const { pcoeff: p, icoeff: i, dcoeff: d, accept_safety: safety } = config;
  const order = config.eta > 0 ? 1.5 : config.order;
  const now = 1 / (error + 1e-8);
  const [last, before] = taken ?? [now, now];
  const wanted = now ** ((p + i + d) / order) * last ** (-(p + 2 * d) / order) * before ** (d / order);
  const factor = 1 + Math.atan(wanted - 1);
  const accepted = factor >= safety;
  return { accepted, control: { h: h * factor, taken: accepted ? [now, last] : [last, before] } };
}

function notFinite(error: number): DiffusionError {
  const message = `The error of a step is ${error}: the model's output, or the sample, is not finite. Check the model.`;
  return new DiffusionError('NUMERIC', message, { error });
}
