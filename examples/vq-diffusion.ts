// VQ-Diffusion: digits of four grey levels, drawn as tokens that are unmasked step by step. The denoiser is exact: Bayes' rule over
// two hundred real digits.
import { tensor, torchGenerator } from '@unnoise/core';
import { VQDiffusionScheduler } from '@unnoise/scheduler-vq-diffusion';
import { digits } from './shared/digits.ts';
import { type Picture, picturesOf, show } from './shared/pictures.ts';

const [LEVELS, PIXELS, COUNT] = [4, 64, 10];
const mask = LEVELS; // the last class
const tokens = digits.map((digit) => Array.from(digit, (value) => Math.min(Math.floor((value + 1) * 2), LEVELS - 1)));
const scheduler = new VQDiffusionScheduler({ num_vec_classes: LEVELS + 1 });
const { alpha_cum_start, alpha_cum_end, gamma_cum_start, gamma_cum_end } = scheduler.config;

/** log q(x_t | x0) of one pixel that is not masked: kept, or any level; a mask tells nothing. */
function logLikelihoods(t: number): { same: number; other: number } {
  const at = (start: number, end: number) => start + (t / 99) * (end - start);
  const stay = at(alpha_cum_start, alpha_cum_end);
  const any = (1 - stay - at(gamma_cum_start, gamma_cum_end)) / LEVELS;
  return { same: Math.log(stay + any), other: Math.log(any) };
}

/** log p(x0 | x_t), [batch, levels, pixels]: every digit counts as much as it explains what is seen. */
function denoise(ids: ArrayLike<number>, t: number): Float32Array<ArrayBuffer> {
  const { same, other } = logLikelihoods(t);
  const out = new Float32Array(COUNT * LEVELS * PIXELS);
  for (let item = 0; item < COUNT; item++) {
    const seen = (pixel: number) => ids[item * PIXELS + pixel]!;
    const fit = (digit: readonly number[]) =>
      digit.reduce((sum, level, i) => sum + (seen(i) === mask ? 0 : seen(i) === level ? same : other), 0);
    const logs = tokens.map(fit);
    const best = Math.max(...logs);
    const weights = logs.map((log) => Math.exp(log - best));
    const total = weights.reduce((a, b) => a + b);
    for (const [k, digit] of tokens.entries())
      for (const [i, level] of digit.entries()) out[(item * LEVELS + level) * PIXELS + i]! += weights[k]! / total;
  }
  return out.map((p) => Math.max(Math.log(p), -70));
}

const run = scheduler.start({ numInferenceSteps: 100, generator: torchGenerator(3) });
let ids = tensor(new Int32Array(COUNT * PIXELS).fill(mask), [COUNT, PIXELS]);
const stages: (readonly Picture[])[] = [];
while (!run.done) {
  const t = run.timestep!;
  ({ prevSample: ids } = await run.step(tensor(denoise(await ids.data(), t), [COUNT, LEVELS, PIXELS]), ids));
  const grey = Float32Array.from(await ids.data(), (id) => (id === mask ? 0 : id / 1.5 - 1));
  if (t % 20 === 0) stages.push(await picturesOf(grey, 8));
}

const known = new Set(tokens.map((digit) => digit.join()));
export const real = (await picturesOf(ids, 8)).filter((drawn) => known.has(drawn.join())).length;
console.log(
  `VQ-Diffusion: 100 steps from masks to ${COUNT} digits, of which ${real} are digits of the data to the pixel.`,
);
await show('vq-diffusion', stages);
