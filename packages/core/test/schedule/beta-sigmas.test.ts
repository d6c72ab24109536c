import quantile from '@stdlib/stats-base-dists-beta-quantile';
import '../../src/schedule/beta-sigmas.ts';
import { afterEach, describe, expect, it } from 'vitest';
import { betaSigmas, installBetaQuantile } from '../../src/schedule/index.ts';
import { readGolden } from './golden.ts';

const { betaQuantiles: GOLDEN } = readGolden<{ betaQuantiles: readonly { p: number; quantile: number }[] }>(
  'beta-quantiles',
);

describe('beta sigmas', () => {
  afterEach(() => installBetaQuantile(quantile));

  it('says what to install and what to import where the quantile is missing', () => {
    installBetaQuantile(undefined);
    expect(() => betaSigmas({ max: 14, min: 0.1 }, 5)).toThrow(
      expect.objectContaining({
        code: 'DEPENDENCY_MISSING',
        message: expect.stringMatching(
          /@stdlib\/stats-base-dists-beta-quantile.*import '@unnoise\/core\/beta-sigmas'/,
        ) as string,
      }),
    );
  });

  it('has a quantile within 1e-13 of scipy at all of 1004 probabilities', () => {
    for (const { p, quantile: expected } of GOLDEN) {
      expect(Math.abs(quantile(p, 0.6, 0.6) - expected)).toBeLessThanOrEqual(1e-13 * Math.max(expected, 1e-10));
    }
  });

  it('runs from the largest to the smallest sigma', () => {
    const sigmas = betaSigmas({ max: 14.6, min: 0.03 }, 20);
    expect(sigmas[0]).toBe(14.6);
    expect(sigmas.at(-1)).toBe(0.03);
    expect(sigmas).toEqual(sigmas.toSorted().reverse());
  });
});
