import { describe, expect, it } from 'vitest';
import {
  alphasCumprod,
  alphasOf,
  betaSchedule,
  exact64,
  expBetas,
  rescaleAlphasZeroTerminalSnr,
  rescaleZeroTerminalSnr,
  shiftSnr,
  TERMINAL_ALPHA_CUMPROD,
  type Table,
  upstream32,
  withTerminalAlpha,
} from '../../src/schedule/index.ts';
import { expectTable, type GoldenTable, readGolden } from './golden.ts';
import { type Config, trainingOf } from './plans.ts';

interface BetaCase {
  readonly scheduler: string;
  readonly config: Config & { readonly snr_shift_scale?: number };
  readonly betas: GoldenTable;
  readonly alphas_cumprod: GoldenTable;
}

const { betas: CASES } = readGolden<{ betas: readonly BetaCase[] }>('betas');
const config = { num_train_timesteps: 1000, beta_start: 0.0001, beta_end: 0.02, beta_schedule: 'linear' };

describe.each(CASES.filter(({ scheduler }) => !scheduler.startsWith('CogVideoX')))(
  '$scheduler $config',
  ({ scheduler, config, ...golden }) => {
    const heun = scheduler.startsWith('Heun') ? { beta_start: 0.00085, beta_end: 0.012 } : {};
    const { betas, alphasCumprod: products } = trainingOf({ ...heun, ...config }, upstream32);
    const overwrites = scheduler.startsWith('Euler') && config.rescale_betas_zero_snr;

    it('has upstream betas and alphas_cumprod', () => {
      expectTable(betas, golden.betas, 'betas');
      expectTable(overwrites ? withTerminalAlpha(products) : products, golden.alphas_cumprod, 'alphas_cumprod');
    });
  },
);

describe('CogVideoX', () => {
  it.each(CASES.filter(({ scheduler }) => scheduler.startsWith('CogVideoX')))('shifts the SNR: $config', (golden) => {
    const defaults = { ...config, beta_start: 0.00085, beta_end: 0.012, beta_schedule: 'scaled_linear' };
    const shifted = shiftSnr(alphasCumprod(alphasOf(betaSchedule({ ...defaults, ...golden.config }, exact64))), 3);
    // Upstream keeps scaled_linear in float64 here, and rescales alphas_cumprod where other schedulers rescale betas.
    const products = golden.config.rescale_betas_zero_snr ? rescaleAlphasZeroTerminalSnr(shifted) : shifted;
    expect(golden.alphas_cumprod.dtype).toBe('float64');
    golden.alphas_cumprod.values.forEach((value, i) => {
      expect(Math.abs(products[golden.alphas_cumprod.at![i]!]! - value)).toBeLessThanOrEqual(1e-13);
    });
  });
});

describe('betaSchedule', () => {
  it('names the value and the choices when a schedule is unknown', () => {
    expect(() => betaSchedule({ ...config, beta_schedule: 'cosine' }, upstream32)).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: expect.stringMatching(/"cosine".*linear, scaled_linear, squaredcos_cap_v2/) as string,
      }),
    );
  });

  it('accepts a rarer schedule only where it is listed', () => {
    const exp = { ...config, beta_schedule: 'exp' };
    expect(() => betaSchedule(exp, upstream32)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
    expect(betaSchedule(exp, upstream32, { exp: expBetas })).toHaveLength(1000);
  });

  it.each([0, -1, 2.5, NaN, Infinity])('refuses %d training timesteps', (count) => {
    expect(() => betaSchedule({ ...config, num_train_timesteps: count }, upstream32)).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID' }),
    );
  });

  it.each([
    ['no betas', { trained_betas: [] }],
    ['a beta that is NaN', { trained_betas: [0.1, NaN] }],
    ['the root of a negative beta', { beta_schedule: 'scaled_linear', beta_start: -0.1 }],
  ])('refuses %s', (_, part) => {
    expect(() => betaSchedule({ ...config, ...part }, upstream32)).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID' }),
    );
  });

  it('lets trained betas win over the schedule and its length', () => {
    const betas = betaSchedule({ ...config, beta_schedule: 'unknown', trained_betas: [0.1, 0.2] }, upstream32);
    expect([...betas]).toEqual([Math.fround(0.1), Math.fround(0.2)]);
  });

  it('keeps float64 betas whole in the exact mode', () => {
    expect([...betaSchedule({ ...config, trained_betas: [0.1, 0.2] }, exact64)]).toEqual([0.1, 0.2]);
  });
});

describe('zero terminal SNR', () => {
  const rescaled = (precision = exact64): Table => rescaleZeroTerminalSnr(betaSchedule(config, precision));

  it('keeps the first alphas_cumprod and ends at exactly 0', () => {
    const betas = betaSchedule(config, exact64);
    const products = alphasCumprod(alphasOf(rescaled()));
    expect(products[0]).toBeCloseTo(1 - betas[0]!, 14);
    expect(products.at(-1)).toBe(0);
    expect(rescaled(upstream32).at(-1)).toBe(1);
  });

  it('magnifies the square root that torch ships to 110 ulp of alphas_cumprod at most, in schedules of real length', () => {
    const real = CASES.filter(
      ({ config }) => config.rescale_betas_zero_snr && (config.num_train_timesteps ?? 0) >= 999,
    );
    expect(real).toHaveLength(12);
    expect(Math.max(...real.map((golden) => golden.alphas_cumprod.shipped?.largest ?? 0))).toBeLessThanOrEqual(110);
  });

  it('does not touch its input', () => {
    const betas = betaSchedule(config, upstream32);
    const before = betas.slice();
    rescaleZeroTerminalSnr(betas);
    withTerminalAlpha(betas);
    expect(betas).toEqual(before);
  });

  it('refuses a schedule of one timestep, which would be 0 / 0', () => {
    expect(() => rescaleZeroTerminalSnr(Float32Array.of(0.1))).toThrow(expect.objectContaining({ code: 'NUMERIC' }));
  });

  it('overwrites only the last entry with 2^-24', () => {
    expect([...withTerminalAlpha(Float64Array.of(0.9, 0.5, 0))]).toEqual([0.9, 0.5, TERMINAL_ALPHA_CUMPROD]);
  });
});
