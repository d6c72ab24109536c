// The short form of `npm run eval`: the orders that papers promise, on a small real network, by paired error.

import { folder } from '@unnoise/model-digits-8';
import { beforeAll, describe, expect, it } from 'vitest';
import { difference } from '../eval/bootstrap.ts';
import { pairedError } from '../eval/cells.ts';
import { judged } from '../eval/claims.ts';
import { frechetTo, statistics } from '../eval/frechet.ts';
import type { Sampler } from '../eval/samplers.ts';
import { DDIM, DPM_2M, SAMPLERS, UNIPC } from '../eval/samplers.ts';
import type { Pictures, Yardstick } from '../eval/yardstick.ts';
import { openYardstick } from '../eval/yardstick.ts';

const COUNT = 96;

describe('the order of the samplers on digits-8', () => {
  let yardstick: Yardstick;
  let fine: Pictures;

  beforeAll(async () => {
    yardstick = await openYardstick(folder, 10, false);
    fine = await yardstick.draw(DPM_2M, 200, COUNT);
  }, 60_000);

  const error = async (sampler: Sampler, evaluations: number) => {
    const { steps } = yardstick.steps(sampler, evaluations)!;
    return pairedError(await yardstick.draw(sampler, steps, COUNT), fine);
  };

  it.each([5, 10, 20])('UniPC is no worse than DPM++ 2M, which beats DDIM, at %i evaluations', async (evaluations) => {
    const [unipc, dpm, ddim] = [
      await error(UNIPC, evaluations),
      await error(DPM_2M, evaluations),
      await error(DDIM, evaluations),
    ];
    expect(unipc.value).toBeLessThanOrEqual(1.02 * dpm.value);
    const { value, deviation } = difference(dpm, ddim);
    expect(value).toBeLessThan(-2 * deviation);
  });

  it('no sampler calls the model more often than it may', () => {
    for (const sampler of SAMPLERS) expect(yardstick.steps(sampler, 10)!.calls).toBeLessThanOrEqual(10);
    expect(yardstick.steps(SAMPLERS.find(({ name }) => name === 'Heun')!, 10)).toEqual({ steps: 5, calls: 9 });
  });
});

describe('the figures', () => {
  it('the Fréchet distance of normal laws on the axes is that of the formula', () => {
    const law = (mean: number, variance: number) => ({
      mean: [mean, 0],
      covariance: [
        [variance, 0],
        [0, 1],
      ],
    });
    expect(frechetTo(law(0, 4))(law(3, 9))).toBeCloseTo(9 + (2 - 3) ** 2, 10);
    expect(frechetTo(law(1, 4))(law(1, 4))).toBeCloseTo(0, 10);
  });

  it('mean and covariance are those of the rows', () => {
    const { mean, covariance } = statistics([
      [1, 2],
      [3, 6],
      [5, 4],
    ]);
    expect(mean).toEqual([3, 4]);
    expect(covariance).toEqual([
      [4, 2],
      [2, 4],
    ]);
  });

  it('a claim holds, does not hold or cannot be told by two standard deviations', () => {
    const cell = (sampler: string, values: readonly number[]) => {
      const estimate = { value: values[0]!, deviation: 0, resamples: values };
      return { sampler, evaluations: 5, calls: 5, frechet: estimate, accuracy: estimate, millisecondsPerPicture: 1 };
    };
    const cells = [cell('low', [1, 1.1, 0.9]), cell('high', [2, 2, 2.1]), cell('wide', [1.1, 3, -1])];
    const claim = (better: string, worse: string) =>
      ({ better: [better, 5], worse: [worse, 5], figure: 'frechet' }) as const;
    const claims = [claim('low', 'high'), claim('high', 'low'), claim('low', 'wide')];
    expect(judged(claims, cells).map(({ verdict }) => verdict)).toEqual(['holds', 'does not hold', 'cannot be told']);
  });
});
