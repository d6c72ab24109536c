import { describe, expect, it } from 'vitest';
import {
  AysSchedules,
  alphaSigma,
  ancestralSplit,
  clippedTimesteps,
  exponentialSigmas,
  finalSigma,
  firstIndexOfTimestep,
  flowAlphaSigma,
  flowSigmaOf,
  flowSigmas,
  indexForTimestep,
  indexForTimestepOrLast,
  interleave,
  karrasCurve,
  karrasSigmas,
  lambdaOf,
  linspace,
  logSigmas,
  luSigmas,
  nudgeFirstFromOne,
  previousTimestep,
  rangeOf,
  repeatAfterFirst,
  repeatInner,
  respacingOf,
  roundTimesteps,
  shiftSigmas,
  solverFlowSigmas,
  stretchToTerminal,
  timeShift,
  timestepsForStrength,
  timestepsOfSigmas,
  torchLinspace,
  trainingLambdas,
  trainingSigmas,
  truncateTimesteps,
  unipcFlowSigmas,
  upstream32,
} from '../../src/schedule/index.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });

describe('sigmas', () => {
  it('splits a sigma into alpha and sigma of unit variance', () => {
    for (const k of [0, 0.03, 1, 157]) {
      const { alpha, sigma } = alphaSigma(k);
      expect(alpha ** 2 + sigma ** 2).toBeCloseTo(1, 14);
      expect(lambdaOf({ alpha, sigma })).toBeCloseTo(-Math.log(k), 12);
    }
  });

  it('has an infinite lambda without noise', () => {
    expect(lambdaOf(alphaSigma(0))).toBe(Infinity);
    expect(lambdaOf(flowAlphaSigma(1))).toBe(-Infinity);
  });

  it('keeps the ratio alpha : sigma when a k-style sigma becomes a flow sigma', () => {
    const { alpha, sigma } = flowAlphaSigma(flowSigmaOf(2.5));
    expect(sigma / alpha).toBeCloseTo(2.5, 14);
  });

  it.each([0, -0.1, 1.5, NaN])('refuses an alphas_cumprod of %d instead of an infinite or NaN sigma', (product) => {
    expect(() => trainingSigmas(Float32Array.of(0.9, product))).toThrow(code('NUMERIC'));
  });

  it('refuses an unknown final_sigmas_type', () => {
    expect([finalSigma('zero', 0.03), finalSigma('sigma_min', 0.03)]).toEqual([0, 0.03]);
    expect(() => finalSigma('sigma_max', 0.03)).toThrow(code('CONFIG_INVALID'));
  });

  it('splits an ancestral step without losing variance, whatever its length', () => {
    for (const [from, to] of [
      [14.6, 14.59999],
      [14.6, 1e-6],
      [1, 0],
    ] as const) {
      const { up, down } = ancestralSplit(from, to);
      expect(up ** 2 + down ** 2).toBeCloseTo(to ** 2, 12);
      expect(down).toBeGreaterThanOrEqual(0);
    }
  });

  it('clips the timesteps whose lambda is below the bound', () => {
    const lambdas = Float64Array.of(4, 1, -2, -5, -7);
    expect([-Infinity, -6, -5, -1, 9].map((least) => clippedTimesteps(lambdas, least))).toEqual([0, 1, 1, 3, 5]);
    expect(trainingLambdas(Float64Array.of(0.5))[0]).toBe(0);
  });
});

describe('re-spacings', () => {
  const range = { max: 14.6, min: 0.03 };

  it.each([karrasSigmas, exponentialSigmas])('%o runs from max to min and falls', (respaced) => {
    const sigmas = respaced(range, 12);
    expect(sigmas[0]).toBeCloseTo(14.6, 12);
    expect(sigmas.at(-1)).toBeCloseTo(0.03, 12);
    expect(sigmas).toEqual(sigmas.toSorted().reverse());
    expect([...respaced(range, 1)][0]).toBeCloseTo(14.6, 12);
  });

  it('lu is exponential between the ends of the table', () => {
    const lu = luSigmas(Float64Array.of(Math.log(14.6), 0.5, Math.log(0.03)), 7);
    exponentialSigmas(range, 7).forEach((sigma, i) => expect(lu[i]).toBeCloseTo(sigma, 12));
  });

  it('evaluates the karras curve in the precision of the ramp', () => {
    const single = karrasCurve({ max: 80, min: 0.002 }, torchLinspace(0, 1, 10, upstream32));
    expect(single).toBeInstanceOf(Float32Array);
    karrasCurve({ max: 80, min: 0.002 }, linspace(0, 1, 10)).forEach((sigma, i) => {
      expect(Math.abs(single[i]! / sigma - 1)).toBeLessThan(5e-6);
    });
  });

  it('takes the ends of the sigmas unless the config has its own', () => {
    const sigmas = Float64Array.of(9, 3, 1);
    expect(rangeOf(sigmas)).toEqual({ max: 9, min: 1 });
    expect(rangeOf(sigmas, { sigma_min: 0, sigma_max: null })).toEqual({ max: 9, min: 0 });
  });

  it('refuses ends that would give NaN', () => {
    expect(() => exponentialSigmas({ max: 1, min: 0 }, 3)).toThrow(code('NUMERIC'));
    expect(() => karrasSigmas({ max: 1, min: -0.1 }, 3)).toThrow(code('NUMERIC'));
    expect(() => karrasSigmas({ max: Infinity, min: 0 }, 3)).toThrow(code('NUMERIC'));
  });

  it.each([0, -1, 1.5, NaN])('refuses %d steps', (steps) => {
    const refused = code('REQUEST_INVALID');
    expect(() => karrasSigmas(range, steps)).toThrow(refused);
    expect(() => exponentialSigmas(range, steps)).toThrow(refused);
    expect(() => luSigmas(Float64Array.of(1, 0), steps)).toThrow(refused);
    expect(() => flowSigmas(Float32Array.of(1, 0.5), 2, steps)).toThrow(refused);
    expect(() => solverFlowSigmas(1000, steps, 3)).toThrow(refused);
    expect(() => unipcFlowSigmas(1000, steps)).toThrow(refused);
  });

  it('allows one re-spacing at most', () => {
    expect(respacingOf({ use_beta_sigmas: true, use_karras_sigmas: false })).toBe('beta');
    expect(respacingOf({})).toBeUndefined();
    expect(() => respacingOf({ use_beta_sigmas: true, use_karras_sigmas: true })).toThrow(code('CONFIG_CONFLICT'));
  });
});

describe('timesteps of sigmas', () => {
  const table = logSigmas(Float64Array.of(0.1, 1, 10));

  it('interpolates in log sigma and stops at the ends', () => {
    expect([...timestepsOfSigmas(Float64Array.of(1000, 10, Math.sqrt(10), 1, 0.01, 0), table)]).toEqual([
      2, 2, 1.5, 1, 0, 0,
    ]);
  });

  it('rounds or truncates to integers', () => {
    expect([...roundTimesteps([998.5, 997.5, 0.9999])]).toEqual([998, 998, 1]);
    expect([...truncateTimesteps([998.99, -0.5, 0.9999])]).toEqual([998, 0, 0]);
  });

  it('refuses a table that cannot tell', () => {
    expect(() => timestepsOfSigmas(Float64Array.of(1), logSigmas(Float64Array.of(1)))).toThrow(code('NUMERIC'));
    expect(() => timestepsOfSigmas(Float64Array.of(1), logSigmas(Float64Array.of(1, 1)))).toThrow(code('NUMERIC'));
  });
});

describe('flow', () => {
  it('keeps 0 and 1 fixed under every shift', () => {
    const ends = Float64Array.of(1, 0);
    expect([...shiftSigmas(ends, 3)]).toEqual([1, 0]);
    expect([...timeShift('exponential', 0.7, ends)]).toEqual([1, 0]);
    expect([...timeShift('linear', 2, ends)]).toEqual([1, 0]);
  });

  it('has one shift in three dresses: shift = e^mu = mu', () => {
    const sigmas = linspace(1, 0.1, 7);
    const expected = shiftSigmas(sigmas, 3);
    for (const shifted of [timeShift('exponential', Math.log(3), sigmas), timeShift('linear', 3, sigmas)]) {
      shifted.forEach((sigma, i) => expect(sigma).toBeCloseTo(expected[i]!, 14));
    }
  });

  it('ends a stretched schedule at the terminal value', () => {
    const stretched = stretchToTerminal(linspace(1, 0.3, 5), 0.1);
    expect(stretched[0]).toBe(1);
    expect(stretched.at(-1)).toBeCloseTo(0.1, 14);
    expect(() => stretchToTerminal(Float32Array.of(1), 0.1)).toThrow(code('NUMERIC'));
  });

  it('lowers a first sigma of 1 by 1e-6 and leaves others', () => {
    expect([...nudgeFirstFromOne(Float64Array.of(1, 1))]).toEqual([1 - 1e-6, 1]);
    expect([...nudgeFirstFromOne(Float64Array.of(0.99, 0.5))]).toEqual([0.99, 0.5]);
  });

  it('refuses an unknown time_shift_type', () => {
    expect(() => timeShift('cubic', 1, Float64Array.of(1))).toThrow(code('CONFIG_INVALID'));
  });
});

describe('lookup', () => {
  const timesteps = [999, 500, 500, 100];

  it('starts at the second of several occurrences', () => {
    expect([999, 500, 100].map((t) => indexForTimestep(timesteps, t))).toEqual([0, 2, 3]);
    expect(indexForTimestep(Float32Array.of(7, 7, 7), 7)).toBe(1);
  });

  it('throws, or takes the last, where the timestep is absent', () => {
    expect(() => indexForTimestep(timesteps, 123)).toThrow(code('TIMESTEP_NOT_IN_PLAN'));
    expect(() => indexForTimestep([], 1)).toThrow(/empty/);
    expect(indexForTimestepOrLast(timesteps, 123)).toBe(3);
    expect(indexForTimestepOrLast(timesteps, 500)).toBe(2);
  });

  it('goes to the entry after the first match, then to -1', () => {
    expect([999, 500, 100].map((t) => previousTimestep(timesteps, t))).toEqual([500, 500, -1]);
    expect(firstIndexOfTimestep(timesteps, 500)).toBe(1);
    expect(() => previousTimestep(timesteps, 123)).toThrow(code('TIMESTEP_NOT_IN_PLAN'));
  });
});

describe('layout', () => {
  it('repeats and interleaves', () => {
    expect([...repeatInner(Float32Array.of(4, 3, 2, 0))]).toEqual([4, 3, 3, 2, 2, 0]);
    expect([...repeatInner(Float32Array.of(4, 0))]).toEqual([4, 0]);
    expect([...repeatAfterFirst(Float64Array.of(4, 3, 2))]).toEqual([4, 3, 3, 2, 2]);
    expect([...interleave(Float64Array.of(4, 3, 2), Float64Array.of(3.5, 2.5))]).toEqual([4, 3.5, 3, 2.5, 2]);
  });
});

describe('strength', () => {
  it.each([
    [50, 0.8, 1, { beginIndex: 10, steps: 40 }],
    [50, 1, 1, { beginIndex: 0, steps: 50 }],
    [50, 0, 1, { beginIndex: 50, steps: 0 }],
    [50, 0.019, 1, { beginIndex: 50, steps: 0 }],
    [50, 0.02, 1, { beginIndex: 49, steps: 1 }],
    [10, 0.35, 2, { beginIndex: 14, steps: 3 }],
    [1, 0.5, 1, { beginIndex: 1, steps: 0 }],
  ])('%d steps at %d with order %d', (steps, strength, order, expected) => {
    expect(timestepsForStrength(steps, strength, order)).toEqual(expected);
  });

  it('cuts the start and not the count in flow matching pipelines', () => {
    expect(timestepsForStrength(10, 0.35, 1, { truncate: false })).toEqual({ beginIndex: 6, steps: 4 });
  });

  it.each([-0.1, 1.1, NaN])('refuses a strength of %d', (strength) => {
    expect(() => timestepsForStrength(10, strength)).toThrow(code('REQUEST_INVALID'));
  });
});

it('knows the align-your-steps schedules', () => {
  for (const [name, values] of Object.entries(AysSchedules))
    expect(values).toHaveLength(name.endsWith('Sigmas') ? 11 : 10);
  expect(AysSchedules.StableDiffusionSigmas[3]).toBe(2.697);
});
