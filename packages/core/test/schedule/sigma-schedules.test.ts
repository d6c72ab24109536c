import { describe, expect, it } from 'vitest';
import { AysSchedules } from '../../src/index.ts';
import {
  alignYourSteps,
  exponential,
  karras,
  klOptimal,
  polyexponential,
  vp,
} from '../../src/schedule/sigma-schedules.ts';
import { readGolden } from './golden.ts';

interface Case {
  readonly schedule: 'karras' | 'exponential' | 'polyexponential' | 'vp';
  readonly steps: number;
  readonly max: number;
  readonly min: number;
  readonly rho?: number;
  readonly beta_d?: number;
  readonly beta_min?: number;
  readonly eps_s?: number;
  readonly sigmas: readonly number[];
}

function ours({ schedule, steps, max, min, rho, beta_d, beta_min, eps_s }: Case): readonly number[] {
  if (schedule === 'karras') return karras(steps, { max, min }, rho);
  if (schedule === 'exponential') return exponential(steps, { max, min });
  if (schedule === 'polyexponential') return polyexponential(steps, { max, min }, rho);
  return vp(steps, beta_d ? { betaD: beta_d, betaMin: beta_min!, epsS: eps_s! } : {});
}

/** Relative. */
const TOLERANCE = 2e-5;

/** What k-diffusion's float32 leaves of sqrt(exp(a) - 1): eight roundings in a (two in t, doubled by the square, and four after it) and two of exp. */
function roundingOfVp(sigma: number): number {
  const ulps = 8 * Math.log1p(sigma ** 2) + 2;
  return (ulps * 2 ** -24 * (1 + sigma ** 2)) / (2 * sigma);
}
const range = { max: 14.6, min: 0.03 };

describe('sigma schedules', () => {
  const cases = readGolden<readonly Case[]>('sigma-schedules/sigmas');

  // k-diffusion computes in float32: powers multiply its rounding, and the 1 that it takes off exp leaves that of 1 + sigma^2
  it.each(cases)('$schedule in $steps steps from $max has the numbers of k-diffusion, rho $rho', (one) => {
    const found = ours(one);
    expect(found.length).toBe(one.sigmas.length);
    one.sigmas.forEach((sigma, i) => {
      const bound = one.schedule === 'vp' ? roundingOfVp(sigma) : TOLERANCE * sigma;
      expect(Math.abs(found[i]! - sigma)).toBeLessThanOrEqual(sigma === 0 ? 0 : bound);
    });
  });

  it('of polyexponential with rho 1 is exponential', () => {
    const wanted = exponential(9, range);
    polyexponential(9, range, 1).forEach((sigma, i) => expect(sigma).toBeCloseTo(wanted[i]!, 12));
  });

  it('of klOptimal is even in arctan sigma', () => {
    const angles = klOptimal(9, range).slice(0, -1).map(Math.atan);
    const step = (Math.atan(range.min) - Math.atan(range.max)) / 8;
    angles.slice(1).forEach((angle, i) => expect(angle - angles[i]!).toBeCloseTo(step, 12));
  });

  it.each(['StableDiffusion', 'StableDiffusionXL', 'StableDiffusionVideo'] as const)(
    'of alignYourSteps in ten steps is the published list, and in 19 has the geometric means between (%s)',
    (model) => {
      const published = AysSchedules[`${model}Sigmas`];
      alignYourSteps(10, model).forEach((sigma, i) =>
        expect(sigma / (published[i]! || 1)).toBeCloseTo(i < 10 ? 1 : 0, 12),
      );
      const fine = alignYourSteps(19, model);
      expect(fine[1]! ** 2 / (published[0]! * published[1]!)).toBeCloseTo(1, 12);
    },
  );

  it.each([
    ['karras', () => karras(5, { max: 1, min: 2 })],
    ['exponential', () => exponential(5, { max: 1, min: 0 })],
    ['polyexponential', () => polyexponential(5, { max: Number.NaN, min: 1 })],
    ['klOptimal', () => klOptimal(5, { max: Infinity, min: 1 })],
  ])('of %s refuses ends that are none', (_, act) => expect(act).toThrow(expect.objectContaining({ code: 'NUMERIC' })));

  it.each([
    ['vp', () => vp(0)],
    ['klOptimal', () => klOptimal(1.5, range)],
    ['alignYourSteps', () => alignYourSteps(0)],
  ])('of %s refuses counts that are none', (_, act) =>
    expect(act).toThrow(expect.objectContaining({ code: 'REQUEST_INVALID' })),
  );
});
