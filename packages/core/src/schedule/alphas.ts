// From betas to alphas and their running product, and the rescalings of that product. Sigmas live in sigmas.ts.

import { DiffusionError } from '../errors.ts';
import { mapTable, precisionOf, type Table } from './precision.ts';

/** alpha = 1 - beta. */
export function alphasOf(betas: Table): Table {
  return mapTable(betas, (beta) => 1 - beta);
}

/** alphas_cumprod, the running product of the alphas. As `torch.cumprod` on CPU: accumulated in float64, stored rounded. */
export function alphasCumprod(alphas: Table): Table {
  let product = 1;
  return mapTable(alphas, (alpha) => (product *= alpha));
}

/**
 * Betas moved so that the last alphas_cumprod is 0 (Lin et al. 2023, arXiv 2305.08891, algorithm 1); the last beta is 1.
 * Throws NUMERIC where the schedule has fewer than two distinct noise levels.
 */
export function rescaleZeroTerminalSnr(betas: Table): Table {
  const { round } = precisionOf(betas);
  const bar = rescaleAlphasZeroTerminalSnr(alphasCumprod(alphasOf(betas)));
  return mapTable(bar, (product, i) => 1 - (i === 0 ? product : round(product / bar[i - 1]!)));
}

/** The same rescaling on alphas_cumprod itself: sqrt(alphas_cumprod) is shifted to end at 0 and stretched back to its start. */
export function rescaleAlphasZeroTerminalSnr(alphasCumprod: Table): Table {
  const { round } = precisionOf(alphasCumprod);
  const roots = mapTable(alphasCumprod, Math.sqrt);
  const first = roots[0]!;
  const last = roots.at(-1)!;
  if (!(first > last)) {
    throw new DiffusionError(
      'NUMERIC',
      `rescale_betas_zero_snr needs noise that grows, but sqrt(alphas_cumprod) goes from ${first} to ${last} over ${roots.length} timesteps; use more training timesteps or switch it off.`,
    );
  }
  const stretch = round(first / round(first - last));
  return mapTable(roots, (root) => round(round(root - last) * stretch) ** 2);
}

/** The smallest positive float16, which some schedulers put in place of a terminal alphas_cumprod of 0. */
export const TERMINAL_ALPHA_CUMPROD: number = 2 ** -24;

/** A copy whose last entry is 2^-24, so that the largest sigma is about 4096 and not infinite. */
export function withTerminalAlpha(alphasCumprod: Table): Table {
  const last = alphasCumprod.length - 1;
  return mapTable(alphasCumprod, (product, i) => (i === last ? TERMINAL_ALPHA_CUMPROD : product));
}

/** The SNR shift of CogVideoX: alphas_cumprod / (scale + (1 - scale) alphas_cumprod). */
export function shiftSnr(alphasCumprod: Table, scale: number): Table {
  const { round } = precisionOf(alphasCumprod);
  const [weight, offset] = [round(1 - scale), round(scale)];
  return mapTable(alphasCumprod, (product) => product / round(offset + round(weight * product)));
}
