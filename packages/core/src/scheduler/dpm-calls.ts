// DPM-Solver of order 1, 2 and 3 in sigma, one model call at a time: what k-diffusion's DPM fast and DPM adaptive share.

import { DiffusionError } from '../errors.ts';
import type { Precision } from '../schedule/index.ts';
import { sigmaOfTime } from '../schedule/index.ts';
import type { Tensor } from '../tensor/index.ts';
import type { StepContext } from './types.ts';

/** One model call of a step: the sample goes from that at the start of the step to x + sum weights[j] eps_j, which has level `to`. */
export interface DpmCall {
  /** Level of the sample that the model is shown. */
  readonly level: number;
  /** Level that the call goes to. */
  readonly to: number;
  /** Of the noises that the calls of this step have found, the first one first. */
  readonly weights: readonly number[];
  /** Calls of this step before this one. */
  readonly call: number;
}

/** Where the calls of a step are, as shares of it. */
const SHARES: readonly (readonly number[])[] = [[0], [0, 1 / 2], [0, 1 / 3, 2 / 3]];

/**
 * The calls of a step of `order` from time t to tNext, t = -ln sigma and h = tNext - t, with calls at shares r of h:
 *
 *     order 1: x - sigmaNext (e^h - 1) eps
 *     order 2: that - sigmaNext (e^h - 1) (eps1 - eps) / (2 r1),            eps1 at r1 = 1/2
 *     order 3: that of order 1 - sigmaNext ((e^h - 1) / h - 1) (eps2 - eps) / r2,    eps1, eps2 at 1/3, 2/3
 *
 * Times round as in torch. Lu et al. (2022), arXiv 2206.00927.
 */
export function dpmCalls(order: number, t: number, tNext: number, precision: Precision): readonly DpmCall[] {
  const { round } = precision;
  const h = round(tNext - t);
  const shares = SHARES[order - 1] ?? [];
  const levels = shares.map((share) => sigmaOfTime(share === 0 ? t : round(t + round(round(share) * h)), precision));
  const end = sigmaOfTime(tNext, precision);
  return levels.map((level, call) => {
    const to = levels[call + 1] ?? end;
    return { level, to, weights: dpmCallWeights(call, shares, (shares[call + 1] ?? 1) * h, to), call };
  });
}

/** What the calls of a step know: the sample at its start, and the noises found since, this call's last. Throws REQUEST_INVALID where the run began within the step. */
export function dpmNoises(
  { k, index, x, carry }: Pick<StepContext<DpmCall>, 'k' | 'index' | 'x' | 'carry'>,
  x0: Tensor,
): { readonly start: Tensor; readonly noises: readonly Tensor[] } {
  const eps = x.sub(x0).div(k.level);
  if (k.call === 0) return { start: x, noises: [eps] };
  const [start, ...noises] = carry;
  if (start) return { start, noises: [...noises, eps] };
  const message = `Position ${index} is within a step, and this run began there. Begin ${k.call} earlier.`;
  throw new DiffusionError('REQUEST_INVALID', message, { index });
}

/** The weights of the noises after `call`, for a stretch of length `part` that ends at sigma. */
export function dpmCallWeights(
  call: number,
  shares: readonly number[],
  part: number,
  sigma: number,
): readonly number[] {
  const [r1 = Number.NaN, r2 = Number.NaN] = shares.slice(1);
  const straight = -sigma * Math.expm1(part);
  const bend = sigma * (Math.expm1(part) / part - 1);
  if (call === 0) return [straight];
  if (shares.length === 2) return differing(straight, straight / (2 * r1), 1);
  return call === 1 ? differing(straight, (-bend * r2) / r1, 1) : differing(straight, -bend / r2, 2);
}

/** straight eps_0 + slope (eps_last - eps_0). */
export function differing(straight: number, slope: number, last: number): readonly number[] {
  return Array.from({ length: last + 1 }, (_, j) => (j === 0 ? straight - slope : j === last ? slope : 0));
}

/** x + sum weights[j] eps_j. */
export function alongNoises(x: Tensor, weights: readonly number[], noises: readonly Tensor[]): Tensor {
  if (noises.length < weights.length) {
    const message = `The step needs ${weights.length} outputs of the model and has ${noises.length}. Begin at its first one.`;
    throw new DiffusionError('REQUEST_INVALID', message, { needs: weights.length, has: noises.length });
  }
  return weights.reduce((sum, weight, j) => (weight === 0 ? sum : sum.add(noises[j]!.mul(weight))), x);
}
