import '../../src/schedule/beta-sigmas.ts';
import { describe, expect, it } from 'vitest';
import { exact64, upstream32 } from '../../src/schedule/index.ts';
import { expectTable, type GoldenTable, readGolden } from './golden.ts';
import { type Config, planOf, type Request } from './plans.ts';

interface ScheduleCase {
  readonly scheduler: string;
  readonly config: Config;
  readonly request: Request;
  readonly upstream?: 'NaN';
  readonly timesteps: GoldenTable;
  readonly sigmas: GoldenTable;
}

const GOLDEN = readGolden<Record<string, readonly ScheduleCase[]>>('schedules');
const plan = ({ scheduler, config, request }: ScheduleCase) => planOf(scheduler, config, request, upstream32, exact64);

/** float64 timesteps go through log and exp, whose last bits are the C library's: 1e-12 of a timestep. */
const FLOAT64_TIMESTEPS = 1e-12;
/** KDPM2's half steps go through torch's float32 log and exp, MKL's: one ulp of ln sigma over the spacing of the table. */
const KDPM2_HALF_STEPS = 1e-4;

const FAMILIES = Object.entries(GOLDEN).map(([family, cases]) => ({
  family,
  cases: cases.filter(({ upstream }) => upstream !== 'NaN'),
}));
const CASES = FAMILIES.flatMap(({ cases }) => cases);
const NANS = Object.values(GOLDEN)
  .flat()
  .filter(({ upstream }) => upstream === 'NaN');

describe.each(FAMILIES)('$family', ({ cases }) => {
  it.each(cases)('$scheduler $config $request', (golden) => {
    const { timesteps, sigmas } = plan(golden);
    expectTable(sigmas, golden.sigmas, 'sigmas');
    expectTimesteps(timesteps, golden);
  });
});

it.each(NANS)('refuses what upstream turns into NaN: $scheduler $config $request', (golden) => {
  expect(() => plan(golden)).toThrow(expect.objectContaining({ code: 'NUMERIC' }));
});

describe('the square root that torch ships', () => {
  it('never changes an integer timestep', () => {
    const integers = CASES.filter(({ timesteps }) => timesteps.dtype === 'int32');
    expect(integers.length).toBeGreaterThan(200);
    expect(integers.filter(({ timesteps }) => timesteps.shipped)).toEqual([]);
  });

  it('moves sigmas by 2 ulp at most, but for zero terminal SNR', () => {
    const moved = CASES.filter(({ config }) => !config.rescale_betas_zero_snr).map(
      ({ sigmas }) => sigmas.shipped?.largest ?? 0,
    );
    expect(Math.max(...moved)).toBeLessThanOrEqual(2);
  });
});

function expectTimesteps(timesteps: ArrayLike<number>, { scheduler, timesteps: golden }: ScheduleCase): void {
  if (scheduler.startsWith('KDPM2')) expectNear(timesteps, golden, KDPM2_HALF_STEPS);
  else if (golden.dtype === 'float64') expectNear(timesteps, golden, FLOAT64_TIMESTEPS);
  else expectTable(timesteps, golden, 'timesteps');
}

function expectNear(actual: ArrayLike<number>, golden: GoldenTable, bound: number): void {
  expect(actual.length).toBe(golden.length ?? golden.values.length);
  golden.values.forEach((value, i) => {
    expect(Math.abs(actual[golden.at?.[i] ?? i]! - value)).toBeLessThanOrEqual(bound);
  });
}
