import { describe, expect, it } from 'vitest';
import {
  clippedTimesteps,
  exact64,
  fractionalTimesteps,
  innerTimesteps,
  integerTimesteps,
  requireSteps,
  risingTimesteps,
  type SpacingRequest,
  trainingLambdas,
  upstream32,
} from '../../src/schedule/index.ts';
import { expectTable, type GoldenTable, readGolden } from './golden.ts';
import { trainingOf } from './plans.ts';

interface SpacingCase extends Omit<SpacingRequest, 'trainSteps' | 'top'> {
  readonly family: 'integer' | 'inner' | 'rising' | 'fractional';
  readonly lambdaMin?: number | null;
  readonly timesteps: GoldenTable;
}

const GOLDEN = readGolden<{ spacing: readonly SpacingCase[]; trailingOvershoots: readonly [readonly number[]] }>(
  'spacing',
);
const FAMILIES = {
  integer: integerTimesteps,
  inner: innerTimesteps,
  rising: risingTimesteps,
  fractional: (request: SpacingRequest) => fractionalTimesteps(request, upstream32),
};
const lambdas = trainingLambdas(trainingOf({ beta_schedule: 'squaredcos_cap_v2' }, upstream32).alphasCumprod);

describe('timesteps as upstream', () => {
  it.each(GOLDEN.spacing)('$family $spacing n=$steps offset=$offset lambdaMin=$lambdaMin', (golden) => {
    const clipped = clippedTimesteps(lambdas, golden.lambdaMin ?? -Infinity);
    const timesteps = FAMILIES[golden.family]({ ...golden, trainSteps: 1000, top: 1000 - clipped });
    expectTable(timesteps, golden.timesteps, 'timesteps');
  });

  it('overshoots to -1 in trailing for exactly the step counts that numpy does', () => {
    const counts = Array.from({ length: 1000 }, (_, i) => i + 1);
    const over = counts.filter(
      (steps) => integerTimesteps({ spacing: 'trailing', steps, trainSteps: 1000 }).length > steps,
    );
    expect(over).toEqual(GOLDEN.trailingOvershoots[0]);
    expect(over).toHaveLength(62);
    for (const steps of over)
      expect(integerTimesteps({ spacing: 'trailing', steps, trainSteps: 1000 }).at(-1)).toBe(-1);
  });
});

describe('spacing laws', () => {
  const request = { steps: 10, trainSteps: 1000 };

  it('adds the offset in leading only', () => {
    for (const spacing of ['linspace', 'trailing']) {
      expect(integerTimesteps({ ...request, spacing, offset: 1 })).toEqual(integerTimesteps({ ...request, spacing }));
    }
    expect(integerTimesteps({ ...request, spacing: 'leading', offset: 1 })[0]).toBe(901);
  });

  it('keeps fractions in float64 where a scheduler asks for them', () => {
    const timesteps = fractionalTimesteps({ ...request, steps: 8, spacing: 'linspace' }, exact64);
    expect(timesteps).toBeInstanceOf(Float64Array);
    expect(timesteps[1]).toBeCloseTo((999 * 6) / 7, 12);
  });

  it.each([integerTimesteps, innerTimesteps, risingTimesteps])('refuses an unknown spacing (%o)', (timesteps) => {
    for (const spacing of ['karras', 'toString']) {
      expect(() => timesteps({ ...request, spacing })).toThrow(
        expect.objectContaining({
          code: 'CONFIG_INVALID',
          message: expect.stringContaining('linspace, leading, trailing') as string,
        }),
      );
    }
  });

  it.each([0, -3, 1.5, NaN, Infinity])('refuses %d steps', (steps) => {
    for (const timesteps of Object.values(FAMILIES)) {
      for (const spacing of ['linspace', 'leading', 'trailing']) {
        expect(() => timesteps({ spacing, steps, trainSteps: 1000 })).toThrow(
          expect.objectContaining({ code: 'REQUEST_INVALID' }),
        );
      }
    }
  });

  it('limits the step count where a scheduler does', () => {
    expect(() => requireSteps(1000, 1000)).not.toThrow();
    expect(() => requireSteps(1001, 1000)).toThrow(/1001.*1 to num_train_timesteps = 1000/);
  });
});
