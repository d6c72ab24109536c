import { describe, expect, it } from 'vitest';
import {
  customTimesteps,
  kStyleTables,
  lagrangeIntegrals,
  levelsAt,
  respacedLevels,
  spacedLevels,
  upstream32,
} from '../../src/schedule/index.ts';

const config = {
  num_train_timesteps: 1000,
  beta_start: 0.00085,
  beta_end: 0.012,
  beta_schedule: 'scaled_linear',
  timestep_spacing: 'linspace',
  steps_offset: 0,
};
const tables = kStyleTables(config, upstream32);
const code = (expected: string) => expect.objectContaining({ code: expected });

describe('k-style tables', () => {
  it('leave zero terminal SNR out unless it is asked for, whatever the config says', () => {
    const foreign = { ...config, rescale_betas_zero_snr: true };
    expect(kStyleTables(foreign, upstream32).sigmas).toEqual(tables.sigmas);
    expect(kStyleTables(foreign, upstream32, { zeroTerminalSnr: true }).sigmas.at(-1)).toBeCloseTo(4096, 0);
  });

  it('know every spacing by name', () => {
    expect(() => kStyleTables({ ...config, timestep_spacing: 'even' }, upstream32)).toThrow(code('CONFIG_INVALID'));
  });
});

describe('levels', () => {
  it('of trained timesteps are trained sigmas', () => {
    const { sigmas } = levelsAt(upstream32.table([999, 10, 0]), tables);
    expect(Array.from(sigmas)).toEqual([tables.sigmas[999], tables.sigmas[10], tables.sigmas[0]]);
  });

  it('stay as they are without a re-spacing', () => {
    const plain = levelsAt(upstream32.table([900, 100]), tables);
    expect(respacedLevels(plain, { respacing: undefined, steps: 2 }, tables)).toBe(plain);
  });

  it('keep their ends in a re-spacing, or take those of the limits', () => {
    const ends = (limits?: object) => {
      const { sigmas } = spacedLevels(config, { respacing: 'karras', steps: 5, ...(limits && { limits }) }, tables);
      return [sigmas[0]!, sigmas[4]!];
    };
    expect(ends()).toEqual([expect.closeTo(tables.sigmas[999]!, 9), expect.closeTo(tables.sigmas[0]!, 9)]);
    expect(ends({ sigma_max: 10, sigma_min: 0.1 })).toEqual([expect.closeTo(10, 9), expect.closeTo(0.1, 9)]);
  });

  it('of custom timesteps are not re-spaced, and not none', () => {
    expect(() => customTimesteps([900], 'karras', upstream32)).toThrow(code('CONFIG_CONFLICT'));
    expect(() => customTimesteps([], undefined, upstream32)).toThrow(code('REQUEST_INVALID'));
  });
});

describe('integrals of Lagrange polynomials', () => {
  it.each([
    [[1], 1],
    [[3, -1], 2],
    [[23, -16, 5], 12],
    [[55, -59, 37, -9], 24],
  ])('on even nodes are the Adams-Bashforth weights %j / %i', (weights, denominator) => {
    const nodes = weights.map((_, i) => 7 - 0.5 * i);
    const integrals = lagrangeIntegrals(nodes, 7, 7.5);
    integrals.forEach((integral, i) => expect(integral).toBeCloseTo((0.5 * weights[i]!) / denominator, 13));
  });

  it('integrate polynomials of lower degree exactly, on any nodes', () => {
    const nodes = [4, 5, 9, 11];
    const cubic = (x: number) => x ** 3 - 2 * x + 1;
    const area = (x: number) => x ** 4 / 4 - x ** 2 + x;
    const sum = lagrangeIntegrals(nodes, 4, 1.5).reduce((total, weight, i) => total + weight * cubic(nodes[i]!), 0);
    expect(sum).toBeCloseTo(area(1.5) - area(4), 11);
  });

  it('over no distance are 0, also on equal nodes, where all others are no number', () => {
    expect(Array.from(lagrangeIntegrals([4, 5], 4, 4))).toEqual([0, 0]);
    expect(Array.from(lagrangeIntegrals([4, 4], 4, 4))).toEqual([0, 0]);
    expect(lagrangeIntegrals([4, 4], 4, 3).every(Number.isFinite)).toBe(false);
  });
});
