import '../../src/schedule/beta-sigmas.ts';
import { describe, expect, it } from 'vitest';
import {
  alphasCumprod,
  alphasOf,
  betaSchedule,
  exact64,
  logSigmas,
  rescaleZeroTerminalSnr,
  timestepsOfSigmas,
  trainingSigmas,
} from '../../src/schedule/index.ts';
import { readGolden } from './golden.ts';
import { ALL_BETAS, type Config, planOf } from './plans.ts';

interface Samples {
  readonly length: number;
  readonly at: readonly number[];
  readonly values: readonly number[];
}
interface Golden {
  readonly betas: readonly {
    config: Required<Config>;
    betas: Samples;
    alphasCumprod: Samples;
    zeroSnrBetas?: Samples;
  }[];
  readonly sigmas: readonly {
    config: Required<Config>;
    steps: number;
    respacing: string;
    timesteps: Samples;
    sigmas: Samples;
  }[];
}

const { betas: BETAS, sigmas: SIGMAS } = readGolden<Golden>('exact64');

/** Relative to the largest of the value and `floor`: betas near 0 are differences of numbers near 1. */
function expectClose(actual: ArrayLike<number>, golden: Samples, bound = 1e-12, floor = 0): void {
  expect(actual.length).toBe(golden.length);
  golden.at.forEach((index, i) => {
    const value = golden.values[i]!;
    expect(Math.abs(actual[index]! - value)).toBeLessThanOrEqual(bound * Math.max(Math.abs(value), floor));
  });
}

describe('the exact mode equals the formulas in float64', () => {
  it.each(BETAS)('betas of $config', ({ config, ...golden }) => {
    const betas = betaSchedule(config, exact64, ALL_BETAS);
    expect(betas).toBeInstanceOf(Float64Array);
    expectClose(betas, golden.betas, 1e-12, 1e-3);
    expectClose(alphasCumprod(alphasOf(betas)), golden.alphasCumprod);
    if (golden.zeroSnrBetas) expectClose(rescaleZeroTerminalSnr(betas), golden.zeroSnrBetas, 1e-12, 1e-2);
  });

  it.each(SIGMAS)(
    'sigmas of $config.beta_schedule $respacing n=$steps',
    ({ config, steps, respacing, timesteps, sigmas }) => {
      const options = respacing === 'plain' ? {} : { [`use_${respacing}_sigmas`]: true };
      const plan = planOf(
        'EulerDiscreteScheduler',
        { ...config, ...options },
        { num_inference_steps: steps },
        exact64,
        exact64,
      );
      expect(plan.sigmas).toBeInstanceOf(Float64Array);
      expectClose(plan.sigmas.slice(0, -1), sigmas);
      // A timestep is a ratio of differences of logarithms: the spacing of the table (0.003) divides the last bit of ln sigma.
      expectClose(plan.timesteps, timesteps, 1e-12, 1000);
    },
  );

  it('gives every sigma of the table back its own timestep, so that truncation cannot lose one', () => {
    const config = { num_train_timesteps: 1000, beta_start: 0.00085, beta_end: 0.012, beta_schedule: 'scaled_linear' };
    const sigmas = trainingSigmas(alphasCumprod(alphasOf(betaSchedule(config, exact64))));
    const blurred = sigmas.map((sigma) => Math.exp(Math.log(sigma)));
    expect(timestepsOfSigmas(blurred, logSigmas(sigmas))).toEqual(Float64Array.from(sigmas.keys()));
  });
});
