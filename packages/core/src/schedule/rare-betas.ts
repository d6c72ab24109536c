// The rules for betas that few schedulers take. Each is a value of its own, so that only those who name it carry it.

import type { BetaRule } from './betas.ts';
import { betasForAlphaBar } from './betas.ts';
import { torchExp32 } from './float32-functions.ts';
import { torchLinspace } from './grids.ts';
import { mapTable } from './precision.ts';

/** `exp`: alpha_bar = e^(-12 t). */
export const expBetas: BetaRule = (config, precision) =>
  betasForAlphaBar(config.num_train_timesteps, (t) => Math.exp(t * -12), precision);

/** `laplace`: the logarithm of the signal to noise ratio has a Laplace distribution. */
export const laplaceBetas: BetaRule = (config, precision) =>
  betasForAlphaBar(config.num_train_timesteps, laplaceAlphaBar, precision);

function laplaceAlphaBar(t: number): number {
  const side = t <= 0.5 ? 1 : -1;
  const snr = Math.exp(-0.5 * side * Math.log(1 - 2 * Math.abs(0.5 - t) + 1e-6));
  return Math.sqrt(snr / (1 + snr));
}

/** `sigmoid`, GeoDiff's schedule: the logistic curve on [-6, 6], scaled to [beta_start, beta_end]. */
export const sigmoidBetas: BetaRule = (config, precision) => {
  const { mode, round } = precision;
  const { num_train_timesteps: count } = config;
  const [width, start] = [round(config.beta_end - config.beta_start), round(config.beta_start)];
  // torch computes blocks of 16 with its own exponential and the rest with the C library's, which rounds correctly.
  const blocks = mode === 'upstream32' ? count - (count % 16) : 0;
  return mapTable(torchLinspace(-6, 6, count, precision), (x, i) => {
    const exp = i < blocks ? torchExp32(-x) : round(Math.exp(-x));
    return round(round(1 / round(1 + exp)) * width) + start;
  });
};
