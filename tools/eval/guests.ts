// Schedulers made for other kinds of networks, on the network of the yardstick. A network knows a clean picture behind a noisy one at
// a noise level; what it is asked for, and at which scale, is only a matter of form.

import { levelOf } from '@unnoise/conformance';
import type { ConfigObject, NoiseLevel, Run, SchedulerMixin, Tensor } from '@unnoise/core';
import {
  edmInputScale,
  logSigmas,
  timestepsOfSigmas,
  torchGenerator,
  trainingSigmas,
  trainingTables,
  upstream32,
} from '@unnoise/core';
import type { DiffusionModel, Model } from '@unnoise/pipelines';
import { denoise } from '@unnoise/pipelines';

/** A network's idea of x = signal x0 + noise epsilon. */
export interface Belief {
  readonly x0: Tensor;
  readonly epsilon: Tensor;
}

/** How a family of schedulers asks. */
export interface Guest {
  /** What its schedulers must be told of the network's own config. */
  config?(own: ConfigObject): ConfigObject;
  /** The levels of the sample before the next step. */
  level(run: Run): NoiseLevel;
  /** By how much the scheduler scales a sample for its network. */
  inputScale(level: NoiseLevel): number;
  /** What its network would answer. */
  answer(belief: Belief, level: NoiseLevel): Tensor;
}

const SIGMA_DATA = 0.5;

/** Karras et al. (2022), arXiv 2206.00364, table 1: D = c_skip x + c_out F. */
export const EDM: Guest = {
  config: (own) => {
    const sigmas = sigmasOf(own);
    const range = { sigma_min: sigmas[0]!, sigma_max: sigmas.at(-1)! };
    return { ...range, sigma_data: SIGMA_DATA, prediction_type: 'epsilon' };
  },
  level: levelOf,
  inputScale: ({ noise }) => edmInputScale(noise, SIGMA_DATA),
  answer: ({ x0, epsilon }, { noise }) => {
    const total = noise ** 2 + SIGMA_DATA ** 2;
    const skip = SIGMA_DATA ** 2 / total;
    return x0
      .mul(1 - skip)
      .sub(epsilon.mul(noise * skip))
      .div((noise * SIGMA_DATA) / Math.sqrt(total));
  },
};

/** The velocity of the straight line from data to noise. */
export const FLOW: Guest = { level: levelOf, inputScale: () => 1, answer: ({ x0, epsilon }) => epsilon.sub(x0) };

/** v, and time as the angle between data and noise: 1 is a right one. */
export const ANGLE: Guest = {
  level: (run) => {
    const angle = (run.nextTimestep() * Math.PI) / 2;
    return { signal: Math.cos(angle), noise: Math.sin(angle) };
  },
  inputScale: () => 1,
  answer: ({ x0, epsilon }, { signal, noise }) => epsilon.mul(signal).sub(x0.mul(noise)),
};

export interface GuestRequest {
  readonly seed: readonly number[];
  readonly classLabels: readonly number[];
  readonly steps: number;
}

/** A batch of samples, without guidance, one each. */
export async function drawAsGuest(
  { denoiser, layout }: DiffusionModel,
  scheduler: SchedulerMixin,
  guest: Guest,
  { seed, classLabels, steps }: GuestRequest,
): Promise<readonly Float32Array[]> {
  const batch = seed.length;
  const generator = seed.map((one) => torchGenerator(one));
  const draws = scheduler.class.stepOptions.includes('generator');
  const run = scheduler.start({ numInferenceSteps: steps, ...(draws && { generator }) });
  const velocity = denoiser.bind({ batch, conditioning: { class_labels: { data: classLabels, shape: [batch] } } });
  const model = hosted(velocity, layout.schedulerConfig ?? {}, run, guest);
  const shape = [batch, ...denoiser.sample.shape.slice(1).map(Number)];
  const sample = await denoise({ run, model, generator, shape }).result();
  const values = (await sample.data()) as Float32Array;
  for (const each of [sample, run]) each.dispose();
  const size = values.length / batch;
  return seed.map((_, i) => values.slice(i * size, (i + 1) * size));
}

/** The v-predicting network, variance-preserving and on integer timesteps, as a guest asks it. */
function hosted(velocity: Model, config: ConfigObject, run: Run, guest: Guest): Model {
  const sigmas = sigmasOf(config);
  const [logs, highest] = [logSigmas(sigmas), sigmas.at(-1)!];
  return async (scaled) => {
    const level = guest.level(run);
    const total = Math.hypot(level.signal, level.noise);
    const [alpha, sigma] = [level.signal / total, level.noise / total];
    const x = await scaled.div(guest.inputScale(level) * total).realize();
    const timestep = timestepsOfSigmas(Float32Array.of(Math.min(sigma / alpha, highest)), logs)[0]!;
    const v = await velocity(x, timestep, undefined);
    const belief = { x0: x.mul(alpha).sub(v.mul(sigma)), epsilon: x.mul(sigma).add(v.mul(alpha)) };
    const answer = await guest.answer(belief, level).realize();
    for (const each of [x, v]) each.dispose();
    return answer;
  };
}

function sigmasOf(config: ConfigObject): ReturnType<typeof trainingSigmas> {
  const betas = { num_train_timesteps: 1000, beta_start: 0.0001, beta_end: 0.02, beta_schedule: 'linear' };
  return trainingSigmas(trainingTables({ ...betas, ...config }, upstream32).alphasCumprod);
}
