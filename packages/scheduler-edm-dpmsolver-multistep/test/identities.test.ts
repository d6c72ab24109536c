// What DPM-Solver++ for EDM models is equal to, in float64: its README lists these identities.
import { rms, sameTrajectory, trajectory } from '@unnoise/conformance';
import type { NoiseLevel } from '@unnoise/core';
import { torchGenerator } from '@unnoise/core';
import { EDMEulerScheduler } from '@unnoise/scheduler-edm-euler';
import type { Distribution } from '@unnoise/testing-gmm';
import { gaussian, gaussianFlow, predict, testMixture } from '@unnoise/testing-gmm';
import { describe, expect, it } from 'vitest';
import type { EDMDPMSolverMultistepConfig } from '../src/index.ts';
import { EDMDPMSolverMultistepScheduler } from '../src/index.ts';

const shape = [3, 2];
const exact = { precision: 'exact64' } as const;
const start = torchGenerator(3)
  .normal(shape, 'float64')
  .map((value) => value * 80);
const edm = (config: Partial<EDMDPMSolverMultistepConfig> = {}) =>
  new EDMDPMSolverMultistepScheduler({ lower_order_final: false, ...config }, exact);

/** The output F of a perfect model for sigma_data 0.5: x0 = c_skip x + c_out F, solved for F. */
const perfect =
  (data: Distribution, sign = 1) =>
  (x: Float64Array, { noise: sigma }: NoiseLevel) => {
    const [skip, out] = [0.25 / (sigma ** 2 + 0.25), (sign * sigma * 0.5) / Math.sqrt(sigma ** 2 + 0.25)];
    const x0 = predict(data, 'sample', x, 1, sigma);
    return x.map((value, i) => (x0[i]! - skip * value) / out);
  };

/** DPM-Solver++ 2M as the paper has it (algorithm 2 of 2211.01095), with alpha = 1; up to the last positive level. */
function paper2M(sigmas: readonly number[]): Float64Array {
  let x = Float64Array.from(start);
  let old: ArrayLike<number> | undefined;
  for (let i = 0; i + 2 < sigmas.length; i++) {
    const [before, from, to] = [sigmas[i - 1] ?? 0, sigmas[i]!, sigmas[i + 1]!];
    const [h, last] = [Math.log(from / to), Math.log(before / from)];
    const m = predict(testMixture, 'sample', x, 1, from);
    const d = Array.from(m, (value, j) => (old ? (1 + h / last / 2) * value - (h / last / 2) * old[j]! : value));
    x = x.map((value, j) => (to / from) * value + (1 - Math.exp(-h)) * d[j]!);
    old = m;
  }
  return x;
}

describe('the method', () => {
  it('of order 1 is EDMEuler', async () => {
    const trial = { model: perfect(testMixture), start, shape };
    const ours = { ...trial, run: edm({ solver_order: 1 }).start(9) };
    const euler = { ...trial, run: new EDMEulerScheduler({}, exact).start(9) };
    await expect(sameTrajectory(ours, euler, { bound: 1e-11 })).resolves.toBeUndefined();
  });

  it('of order 2 is DPM-Solver++ 2M of its paper', async () => {
    const run = edm().start(12);
    const sigmas = Array.from(run.plan.sigmas!);
    const samples = await trajectory({ run, model: perfect(testMixture), start, shape, steps: 11 });
    expect(rms(samples.at(-1)!, paper2M(sigmas))).toBeLessThan(1e-11);
  });

  it('is the same for both prediction types', async () => {
    const trial = { start, shape };
    const ours = { ...trial, run: edm().start(7), model: perfect(testMixture) };
    const other = {
      ...trial,
      run: edm({ prediction_type: 'v_prediction' }).start(7),
      model: perfect(testMixture, -1),
    };
    await expect(sameTrajectory(ours, other)).resolves.toBeUndefined();
  });

  it.each([1, 2, 3])('is exact where the data is a single point (order %i)', async (solver_order) => {
    const mean = [0.7, -0.4];
    const run = edm({ solver_order }).start(8);
    const sigmas = Array.from(run.plan.sigmas!);
    const samples = await trajectory({ run, model: perfect(gaussian(mean, 0)), start, shape });
    samples.forEach((x, i) => expect(rms(x, gaussianFlow(start, 80, sigmas[i]!, mean, 0))).toBeLessThan(1e-10));
  });
});
