// Consistency sampling is exact where the model is: laws in float64, which the README lists.
import { rms, trajectory } from '@unnoise/conformance';
import type { NoiseLevel } from '@unnoise/core';
import { tensor, torchGenerator } from '@unnoise/core';
import { createReferenceBackend } from '@unnoise/core/reference';
import { energyDistance, gaussianFlow, noised, solveFlow, testMixture } from '@unnoise/testing-gmm';
import { describe, expect, it } from 'vitest';
import type { CMStochasticIterativeConfig } from '../src/index.ts';
import { CMStochasticIterativeScheduler } from '../src/index.ts';

const backend = createReferenceBackend();
const cm = (config: Partial<CMStochasticIterativeConfig> = {}) =>
  new CMStochasticIterativeScheduler({ clip_denoised: false, ...config }, { precision: 'exact64' });
const LOWEST = 0.002;

/** The output of a network whose consistency function is `jump`: the boundary condition undone. */
const network =
  (jump: (x: Float64Array, sigma: number) => Float64Array) =>
  (x: Float64Array, { noise: sigma }: NoiseLevel) => {
    const { cSkip, cOut } = cm().getScalingsForBoundaryCondition(sigma);
    return jump(x, sigma).map((value, i) => (value - cSkip * x[i]!) / cOut);
  };

describe('with the exact consistency function of Gaussian data', () => {
  const [mean, deviation] = [0.7, 0.5];
  const model = network((x, sigma) => gaussianFlow(x, sigma, LOWEST, [mean], deviation));

  /** Mean and variance of the samples: a row at the mean, one a deviation off, and one for a unit impulse in each draw. */
  async function lawOf(steps: number): Promise<[number, number]> {
    let row = 2;
    const generator = Object.assign(torchGenerator(0), {
      normal: () => new Float32Array(steps + 2).fill(1, row, ++row),
    });
    const run = cm().start({ numInferenceSteps: steps, generator });
    const spread = Math.hypot(deviation, 80);
    const start = Float64Array.from({ length: steps + 2 }, (_, i) => mean + (i === 1 ? spread : 0));
    const [middle, ...others] = (await trajectory({ run, model, start })).at(-1)!;
    return [middle!, others.reduce((sum, value) => sum + (value - middle!) ** 2, 0)];
  }

  it.each([1, 2, 4, 8, 20])('%i steps give the law of the data at sigma_min', async (steps) => {
    const [found, variance] = await lawOf(steps);
    expect(found).toBeCloseTo(mean, 10);
    expect(variance).toBeCloseTo(deviation ** 2 + LOWEST ** 2, 10);
  });
});

describe('with the exact consistency function of a Gaussian mixture', () => {
  const count = 600;
  const shape = [count, 2];
  const exact = (x: Float64Array, sigma: number) => solveFlow(testMixture, x, sigma, LOWEST, 120);
  const mean = (x: Float64Array, sigma: number) => testMixture.posterior(x, 1, sigma).x0;
  const start = noised(testMixture, count, 1, 80, torchGenerator(1));
  const truth = noised(testMixture, count, 1, LOWEST, torchGenerator(2));

  async function samples(jump: typeof exact, steps: number): Promise<Float64Array> {
    const run = cm().start({ numInferenceSteps: steps, generator: torchGenerator(3) });
    return (await trajectory({ run, model: network(jump), start, shape })).at(-1)!;
  }

  it('one step follows the probability flow to its end', async () => {
    expect(rms(await samples(exact, 1), exact(start, 80))).toBeLessThan(1e-9);
  });

  it.each([1, 3])('%i steps give the law of the data', async (steps) => {
    expect(energyDistance(await samples(exact, steps), truth, 2)).toBeLessThan(0.01);
  });

  it('a model that jumps to the mean of the data does not', async () => {
    expect(energyDistance(await samples(mean, 1), truth, 2)).toBeGreaterThan(0.1);
  });
});

describe('the boundary condition', () => {
  it.each([0.001, LOWEST, 0.003, 0.1])('is the identity at sigma_min %s', (low) => {
    expect(cm({ sigma_min: low }).getScalingsForBoundaryCondition(low)).toEqual({ cSkip: 1, cOut: 0 });
  });

  it.each([0.0005, LOWEST, 0.003, 0.0045, 0.009, 0.0095])(
    'the last step stays finite with sigma_min %s',
    async (low) => {
      const scheduler = new CMStochasticIterativeScheduler({ sigma_min: low });
      const run = scheduler.start({ numInferenceSteps: 2, generator: torchGenerator(1), beginIndex: 1 });
      const x = tensor([0.1, -0.2], [1, 2], { backend });
      (await run.scaleModelInput(x)).dispose();
      const { prevSample, predOriginalSample } = await run.step(tensor([0.3, 0.4], [1, 2], { backend }), x);
      const clean = await predOriginalSample!.data();
      (await prevSample.data()).forEach((value, i) => expect(value).toBeCloseTo(clean[i]!, 5));
    },
  );
});
