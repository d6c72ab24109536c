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

describe.each(Object.keys(GOLDEN))('%s', (family) => {
  it.each(GOLDEN[family]!)('$scheduler $config $request', (golden) => {
    if (golden.upstream === 'NaN') {
      expect(() => plan(golden)).toThrow(expect.objectContaining({ code: 'NUMERIC' }));
      return;
    }
    const { timesteps, sigmas } = plan(golden);
    expectTable(sigmas, golden.sigmas, 'sigmas');
    const kdpm2 = golden.scheduler.startsWith('KDPM2');
    if (kdpm2 || golden.timesteps.dtype === 'float64') {
      expectNear(timesteps, golden.timesteps, kdpm2 ? KDPM2_HALF_STEPS : FLOAT64_TIMESTEPS);
    } else {
      expectTable(timesteps, golden.timesteps, 'timesteps');
    }
  });
});

it('never changes an integer timestep by the square root that torch ships', () => {
  const integers = Object.values(GOLDEN)
    .flat()
    .filter(({ timesteps }) => timesteps?.dtype === 'int32');
  expect(integers.length).toBeGreaterThan(200);
  expect(integers.filter(({ timesteps }) => timesteps.shipped)).toEqual([]);
});

it('stays within 2 ulp of the sigmas that torch ships, but for zero terminal SNR', () => {
  for (const { sigmas, config } of Object.values(GOLDEN).flat()) {
    if (sigmas?.shipped && !config.rescale_betas_zero_snr) expect(sigmas.shipped.largest).toBeLessThanOrEqual(2);
  }
});

function expectNear(actual: ArrayLike<number>, golden: GoldenTable, bound: number): void {
  expect(actual.length).toBe(golden.length ?? golden.values.length);
  golden.values.forEach((value, i) => {
    expect(Math.abs(actual[golden.at?.[i] ?? i]! - value)).toBeLessThanOrEqual(bound);
  });
}
