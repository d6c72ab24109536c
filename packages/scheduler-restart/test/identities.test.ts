// What Restart is equal to, its order, and the law of its samples, in float64: its README lists these.
import { convergenceErrors, lawError, observedOrder, rms, sameTrajectory, trajectory } from '@unnoise/conformance';
import '@unnoise/core/beta-sigmas';
import type { NoiseLevel, NoiseSampler, PlanRequest, Run } from '@unnoise/core';
import { tensor, torchGenerator } from '@unnoise/core';
import { createReferenceBackend } from '@unnoise/core/reference';
import { HeunDiscreteScheduler } from '@unnoise/scheduler-heun-discrete';
import { energyDistance, gaussian, gaussianFlow, predict, solveFlow, testMixture } from '@unnoise/testing-gmm';
import { describe, expect, it } from 'vitest';
import type { RestartConfig } from '../src/index.ts';
import { RestartScheduler } from '../src/index.ts';

const exact = { precision: 'exact64' } as const;
const karras = { use_karras_sigmas: true };
const shape = [3, 2];
const restart = (config: Partial<RestartConfig> = {}) => new RestartScheduler(config, exact);
const seeded = (request: PlanRequest) => ({ ...request, generator: torchGenerator(9) });
const model = (x: Float64Array, { signal, noise }: NoiseLevel) => predict(testMixture, 'epsilon', x, signal, noise);
const normal = torchGenerator(3).normal(shape, 'float64');
const levels = ({ plan }: Run) => Array.from(plan.sigmas!);

/** The steps of a run, as pairs of levels. */
function stepsOf({ plan }: Run): readonly (readonly [number, number])[] {
  const rows = plan.timesteps.map((t, i) => plan.row(i, t) as { sigma: number; sigmaNext: number; call: number });
  return rows.filter(({ call }) => call === 0).map(({ sigma, sigmaNext }) => [sigma, sigmaNext]);
}

/** The same, cut where noise leads up. */
function waysOf(run: Run): readonly (readonly (readonly [number, number])[])[] {
  const steps = stepsOf(run);
  const begins = steps.flatMap(([sigma], i) => (i === 0 || sigma > steps[i - 1]![1] ? [i] : []));
  return begins.map((begin, i) => steps.slice(begin, begins[i + 1]));
}

/** Where noise leads up: from which level to which. */
function risesOf(run: Run): readonly (readonly [number, number])[] {
  const ways = waysOf(run);
  return ways.slice(1).map((way, i) => [ways[i]!.at(-1)![1], way[0]![0]]);
}

describe('without restarts', () => {
  it.each([
    ['plain', {}],
    ['karras', karras],
    ['exponential', { use_exponential_sigmas: true }],
    ['beta', { use_beta_sigmas: true }],
  ])("is Heun's method (%s sigmas)", async (_, config) => {
    const heun = new HeunDiscreteScheduler(config, exact).start(24);
    const ours = restart({ ...config, restart_list: {} }).start(24);
    const start = normal.map((value) => value * levels(heun)[0]!);
    const trial = { model, start, shape };
    await expect(sameTrajectory({ ...trial, run: heun }, { ...trial, run: ours })).resolves.toBeUndefined();
  });

  it('converges with order 2', async () => {
    const counts = [20, 40, 80, 160];
    const errors = await convergenceErrors(counts, {
      start: (steps) => restart({ ...karras, restart_list: {} }).start(steps),
      model,
      exact: (y, from, to) => solveFlow(testMixture, y, from, to, 600),
      noise: torchGenerator(1).normal([16, 2], 'float64'),
      shape: [16, 2],
    });
    expect(observedOrder(counts, errors)).toBeGreaterThan(1.95);
    expect(observedOrder(counts, errors)).toBeLessThan(2.3);
  });
});

describe("AUTOMATIC1111's restarts", () => {
  // found with its own function: the steps of each way down, and the ends of a restart
  it.each([
    [1, [1], []],
    [19, [19], []],
    [20, [9, 11], [0.0837581, 1.879543]],
    [35, [22, 13], [0.1016048, 2.128662]],
    [36, [15, 9, 12], [0.0993491, 2.255359]],
    [50, [22, 12, 16], [0.1016048, 2.128662]],
    [103, [46, 25, 32], [0.097221, 2.118583]],
  ])('make of %i steps ways down of %j', (steps, ways, ends) => {
    const run = new RestartScheduler(karras).start(seeded({ numInferenceSteps: steps }));
    expect(waysOf(run).map(({ length }) => length)).toEqual(ways);
    expect(run.timesteps).toHaveLength(2 * steps - 1);
    for (const rise of risesOf(run)) rise.forEach((level, i) => expect(level).toBeCloseTo(ends[i]!, 5));
  });

  it('leave given sigmas as they are, and come on top of them', () => {
    const sigmas = [...Array.from({ length: 20 }, (_, i) => 14 * 0.75 ** i), 0];
    const run = restart().start(seeded({ sigmas }));
    expect(stepsOf(run)).toHaveLength(29);
    expect(run.plan.numInferenceSteps).toBe(20);
    for (const sigma of sigmas) expect(levels(run)).toContain(sigma);
  });
});

describe('a restart', () => {
  const list = { 0.3: [5, 2, 3] } as const;
  const run = () => restart({ ...karras, restart_list: list }).start(seeded({ numInferenceSteps: 8 }));

  it('leads from the level nearest to sigma_min up to that nearest to sigma_max, and down Karras levels again', () => {
    const main = levels(restart({ ...karras, restart_list: {} }).start(8));
    const [bottom, top] = [0.3, 3].map(
      (wanted) => main.toSorted((a, b) => Math.abs(a - wanted) - Math.abs(b - wanted))[0]!,
    );
    expect(risesOf(run())).toEqual([
      [bottom, top],
      [bottom, top],
    ]);
    const way = waysOf(run())[1]!;
    const even = [top!, ...way.map(([, to]) => to)].map((sigma) => sigma ** (1 / 7));
    even.slice(1).forEach((root, i) => expect(even[i]! - root).toBeCloseTo((even[0]! - even[4]!) / 4, 12));
    expect(way.at(-1)![1]).toBe(bottom);
  });

  it("is Heun's method on every way down, from where the noise led", async () => {
    const start = normal.map((value) => value * 14);
    const ours = run();
    const samples = await trajectory({ run: ours, model, start, shape });
    let begin = 0;
    for (const way of waysOf(run())) {
      const sigmas = [way[0]![0], ...way.map(([, to]) => to)];
      const heun = new HeunDiscreteScheduler({}, exact).start({ sigmas });
      const found = await trajectory({ run: heun, model, start: samples[begin]!, shape });
      // which leaves out the second half of the last step, and its noise
      found.forEach((x, j) => expect(rms(x, samples[begin + j]!)).toBeLessThan(1e-11));
      expect(found).toHaveLength(2 * way.length);
      begin += 2 * way.length;
    }
    expect(begin).toBe(samples.length);
  });

  it('asks for noise from the lower level to the higher', async () => {
    const asked: [number, number][] = [];
    const noiseSampler: NoiseSampler = (sigma, sigmaNext) => {
      asked.push([sigma, sigmaNext]);
      return new Float64Array(6);
    };
    const ours = restart({ ...karras, restart_list: list }).start({ numInferenceSteps: 8, noiseSampler });
    await trajectory({ run: ours, model, start: normal, shape });
    expect(asked).toEqual(risesOf(run()));
  });

  it('is left out where both its ends are nearest to one level', () => {
    const close = restart({ ...karras, restart_list: { 0.3: [5, 2, 0.31] } }).start(8);
    expect(levels(close)).toEqual(levels(restart({ ...karras, restart_list: {} }).start(8)));
  });

  it('is the same for every prediction type', async () => {
    const clean = (x: Float64Array, { noise }: NoiseLevel) => predict(testMixture, 'sample', x, 1, noise);
    const start = normal.map((value) => value * 14);
    const wanted = await trajectory({ run: run(), model, start, shape });
    const other = restart({ ...karras, restart_list: list, prediction_type: 'sample' });
    const samples = await trajectory({
      run: other.start(seeded({ numInferenceSteps: 8 })),
      model: clean,
      start,
      shape,
    });
    samples.forEach((x, i) => expect(rms(x, wanted[i]!)).toBeLessThan(1e-11));
  });
});

describe('the law of the samples', () => {
  it('has the variance of its level in every sample of a single point, after a restart that of sigma_max', async () => {
    const list = { 0: [3, 1, 1], 0.3: [3, 2, 3], 1.2: [4, 2, 9] } as const;
    const rows = 1 + 1 + 5;
    let draw = 0;
    const noiseSampler: NoiseSampler = () => new Float64Array(rows).fill(1, 2 + draw, 3 + draw++);
    const run = restart({ ...karras, restart_list: list }).start({ numInferenceSteps: 8, noiseSampler });
    const sigmas = levels(run);
    const start = Float64Array.from({ length: rows }, (_, row) => 0.7 + (row === 1 ? sigmas[0]! : 0));
    const knows = (x: Float64Array, { noise }: NoiseLevel) => predict(gaussian([0.7], 0), 'epsilon', x, 1, noise);
    const samples = await trajectory({ run, model: knows, start, shape: [rows, 1] });
    expect(draw).toBe(5);
    samples.forEach(([mean, ...others], i) => {
      const variance = others.reduce((sum, value) => sum + (value - mean!) ** 2, 0);
      expect(mean).toBeCloseTo(0.7, 11);
      expect(Math.sqrt(variance)).toBeCloseTo(sigmas[i]!, 10);
    });
  });

  it('has the right mean, and converges with order 2 in the steps of all ways', async () => {
    const counts = [20, 40, 80, 160];
    const found = await Promise.all(
      counts.map((n) =>
        lawError(
          (generator) =>
            restart({ ...karras, restart_list: { 0.1: [n / 2, 2, 2] } }).start({ numInferenceSteps: n, generator }),
          { mean: 0.7, deviation: 0.5 },
        ),
      ),
    );
    for (const { mean } of found) expect(Math.abs(mean)).toBeLessThan(1e-10);
    const order = observedOrder(
      counts,
      found.map(({ variance }) => variance),
    );
    expect(order).toBeGreaterThan(1.8);
    expect(order).toBeLessThan(2.6);
  });

  it('forgets with every restart more of a wrong start, as the paper says', async () => {
    const many = [600, 2];
    const start = Float64Array.from({ length: 1200 }, (_, i) => (i % 2 === 0 ? 20 : 1));
    const data = testMixture.sample(1200, torchGenerator(6));
    const distances = await Promise.all(
      [0, 1, 4].map(async (times) => {
        const restart_list = times > 0 ? { 0.5: [8, times, 5] as const } : {};
        const run = restart({ ...karras, restart_list }).start(seeded({ numInferenceSteps: 16 }));
        const end = (await trajectory({ run, model, start, shape: many })).at(-1)!;
        return energyDistance(end, data, 2);
      }),
    );
    expect(distances[1]).toBeLessThan(distances[0]! / 2);
    expect(distances[2]).toBeLessThan(distances[1]! / 2);
  });

  it('is the flow itself where no noise comes in', async () => {
    const mean = [0.7, -0.4];
    const knows = (x: Float64Array, { noise }: NoiseLevel) => predict(gaussian(mean, 0), 'epsilon', x, 1, noise);
    const run = restart({ ...karras, restart_list: {} }).start(5);
    const sigmas = levels(run);
    const start = normal.map((value) => value * sigmas[0]!);
    const samples = await trajectory({ run, model: knows, start, shape });
    samples.forEach((x, i) => expect(rms(x, gaussianFlow(start, sigmas[0]!, sigmas[i]!, mean, 0))).toBeLessThan(1e-11));
  });
});

it('a run that begins with a second call is refused, and stays where it is', async () => {
  const backend = createReferenceBackend();
  const host = () => tensor(normal, shape, { backend });
  const run = restart().start({ numInferenceSteps: 4, beginIndex: 3 });
  await run.scaleModelInput(host());
  await expect(run.step(host(), host())).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  expect(run.stepIndex).toBe(3);
});

it('two restarts that begin at one level are refused, where fewer steps leave no level between', () => {
  const scheduler = restart({ ...karras, restart_list: { 0.1: [5, 1, 2], 0.5: [5, 1, 6] } });
  expect(() => scheduler.setTimesteps(3)).toThrow(expect.objectContaining({ code: 'REQUEST_INVALID' }));
  expect(() => scheduler.setTimesteps(12)).not.toThrow();
});
