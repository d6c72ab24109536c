// What SA-Solver is equal to, in float64: its README lists these identities.
import { rms, sameTrajectory, trajectory } from '@unnoise/conformance';
import type { NoiseLevel, Run } from '@unnoise/core';
import { setWarningHandler, tensor, torchGenerator } from '@unnoise/core';
import { createReferenceBackend } from '@unnoise/core/reference';
import { DPMSolverMultistepScheduler } from '@unnoise/scheduler-dpmsolver-multistep';
import type { PredictionType } from '@unnoise/testing-gmm';
import { predict, testMixture } from '@unnoise/testing-gmm';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { SASolverConfig } from '../src/index.ts';
import { SASolverScheduler } from '../src/index.ts';

const shape = [3, 2];
const exact = { precision: 'exact64' } as const;
const backend = createReferenceBackend();
const start = torchGenerator(3).normal(shape, 'float64');
const sa = (config: Partial<SASolverConfig>) => new SASolverScheduler({ lower_order_final: false, ...config }, exact);
const perfect =
  (type: PredictionType) =>
  (x: Float64Array, { signal, noise }: NoiseLevel) =>
    predict(testMixture, type, x, signal, noise);
const begin = (scheduler: SASolverScheduler, steps: number): Run =>
  scheduler.start({ numInferenceSteps: steps, generator: torchGenerator(5) });
/** alpha, sigma and lambda at each level of a run. */
const levelsOf = ({ plan }: Run) =>
  Array.from(plan.sigmas!, (raw) => ({
    alpha: 1 / Math.hypot(raw, 1),
    sigma: raw / Math.hypot(raw, 1),
    lambda: -Math.log(raw),
  }));

let handler: (message: string) => void;
beforeAll(() => {
  handler = setWarningHandler(() => {}); // dpmsolver is deprecated upstream, and says so
});
afterAll(() => {
  setWarningHandler(handler);
});

describe('the first step', () => {
  const steps = (
    config: Partial<SASolverConfig>,
    other: ConstructorParameters<typeof DPMSolverMultistepScheduler>[0],
  ) => {
    const generator = torchGenerator(5);
    const theirs = new DPMSolverMultistepScheduler(
      { solver_order: 1, final_sigmas_type: 'sigma_min', ...other },
      exact,
    );
    return [
      { run: begin(sa(config), 9), model: perfect('epsilon'), start, shape, steps: 1 },
      { run: theirs.start({ numInferenceSteps: 9, generator }), model: perfect('epsilon'), start, shape, steps: 1 },
    ] as const;
  };

  it.each([
    ['data_prediction', 0, 'dpmsolver++'],
    ['data_prediction', 1, 'sde-dpmsolver++'],
    ['noise_prediction', 0, 'dpmsolver'],
    ['noise_prediction', 1, 'sde-dpmsolver'],
  ] as const)('of %s with tau %i is that of %s, draw for draw', async (algorithm_type, tau_func, other) => {
    const [a, b] = steps({ algorithm_type, tau_func }, { algorithm_type: other });
    await expect(sameTrajectory(a, b)).resolves.toBeUndefined();
  });
});

/** The integral of e^(rate u) l(u) over [0, h], l through 1 at node k and 0 at the others: Simpson's rule on 2000 pieces. */
function integral(rate: number, h: number, nodes: readonly number[], k: number): number {
  const basis = (u: number) =>
    nodes.reduce((product, node, i) => (i === k ? product : (product * (u - node)) / (nodes[k]! - node)), 1);
  const pieces = 2000;
  const value = (i: number) => Math.exp((rate * i * h) / pieces) * basis((i * h) / pieces);
  const weight = (i: number) => (i === 0 || i === pieces ? 1 : i % 2 === 1 ? 4 : 2);
  const sum = Array.from({ length: pieces + 1 }, (_, i) => weight(i) * value(i)).reduce((a, b) => a + b, 0);
  return (sum * h) / pieces / 3;
}

/** Equations 14 and 17 of the paper for x0 with constant tau: predictor, then corrector once the next x0 is known. No draws. */
function paper(ours: Run, tau: number, predictor: number, corrector: number, count: number): Float64Array {
  const levels = levelsOf(ours);
  const a = 1 + tau ** 2;
  const step = (x: Float64Array, from: number, nodes: readonly number[], seen: readonly ArrayLike<number>[]) => {
    const [s, t] = [levels[from]!, levels[from + 1]!];
    const h = t.lambda - s.lambda;
    const exactly = nodes.map((_, k) => t.alpha * a * Math.exp(-a * h) * integral(a, h, nodes, k));
    // the paper's own shortcut for order 2: the line from node 0 to the other weighs a h / 2
    const line = nodes.map((node) => (t.alpha * a * h * h) / (2 * node));
    const all = -t.alpha * Math.expm1(-a * h);
    const weights = nodes.length === 2 ? nodes.map((node, k) => (node === 0 ? all - line[1 - k]! : line[k]!)) : exactly;
    return x.map((value, j) =>
      weights.reduce(
        (sum, weight, k) => sum + weight * seen[k]![j]!,
        (t.sigma / s.sigma) * Math.exp(-(tau ** 2) * h) * value,
      ),
    );
  };
  let [last, x] = [start, start];
  const seen: ArrayLike<number>[] = [];
  for (let i = 0; i < count; i++) {
    seen.unshift(predict(testMixture, 'sample', x, levels[i]!.alpha, levels[i]!.sigma));
    const at = (from: number, size: number) =>
      Array.from({ length: size }, (_, k) => levels[i - k]!.lambda - levels[from]!.lambda);
    const used = Math.min(corrector, i + 1);
    last = i === 0 ? start : step(last, i - 1, at(i - 1, used), seen.slice(0, used));
    const order = Math.min(predictor, i + 1);
    x = step(last, i, at(i, order), seen.slice(0, order));
  }
  return x;
}

describe('predictor and corrector', () => {
  const silent = Object.assign(torchGenerator(0), {
    normal: (size: readonly number[]) => new Float32Array(size[0]! * size[1]!),
  });

  it.each([
    [1, 1, 0],
    [2, 1, 0.5],
    [2, 2, 0.6],
    [3, 1, 0.5],
    [1, 3, 1],
    [3, 3, 0.7],
    [4, 4, 1],
  ])('of order %i and %i (tau %d) are those of the paper, where no noise is drawn', async (p, c, tau) => {
    const scheduler = sa({ predictor_order: p, corrector_order: c, tau_func: tau });
    const ours = scheduler.start({ numInferenceSteps: 9, generator: silent });
    const samples = await trajectory({ run: ours, model: perfect('epsilon'), start, shape, steps: 7 });
    const wanted = paper(scheduler.start(9), tau, p, c, 7);
    expect(rms(samples.at(-1)!, wanted)).toBeLessThan(1e-9);
  });

  it('predict the same for every prediction type', async () => {
    const trial = { start, shape };
    for (const algorithm_type of ['data_prediction', 'noise_prediction'] as const) {
      const wanted = { ...trial, run: begin(sa({ algorithm_type }), 8), model: perfect('epsilon') };
      const scheduler = sa({ algorithm_type, prediction_type: 'v_prediction' });
      const other = { ...trial, run: begin(scheduler, 8), model: perfect('v_prediction') };
      await expect(sameTrajectory(wanted, other, { bound: 1e-10 })).resolves.toBeUndefined();
    }
  });
});

describe('a prediction', () => {
  /** The rounding error of a difference of large terms (alpha is 1/157), seen in what is predicted next and in what is carried on. */
  it('has the same rounding error in every sum that uses it, and needs no kernel of its own', async () => {
    const single = createReferenceBackend({ precision: 'float32' });
    const runs = vi.spyOn(single, 'run');
    const config = { use_exponential_sigmas: true, tau_func: 0 } as const;
    const [coarse, fine] = [single, backend].map((on) => new SASolverScheduler(config, { backend: on }).start(5));
    const velocity = torchGenerator(4).normal(shape);
    const x = Float32Array.from(start);
    const out = x.map((value, i) => value + velocity[i]! / 157); // at much noise nearly the sample
    const first = async (run: Run, on: typeof backend) => {
      const [sample, output] = [tensor(x, shape, { backend: on }), tensor(out, shape, { backend: on })];
      const generator = torchGenerator(5);
      const { prevSample, predOriginalSample } = await run.step(output, sample, { generator });
      return { prev: await prevSample.data(), x0: await predOriginalSample!.data() };
    };
    const [found, exact] = [await first(coarse!, single), await first(fine!, backend)];
    expect(runs).toHaveBeenCalledTimes(1);
    const level = (i: number) => levelsOf(fine!)[i]!;
    const weight = -level(1).alpha * Math.expm1(level(0).lambda - level(1).lambda); // of x0 in the next sample
    exact.x0.forEach((wanted, i) => {
      const error = weight * (found.x0[i]! - wanted);
      expect(Math.abs(found.prev[i]! - exact.prev[i]! - error)).toBeLessThan(4 * 2 ** -24);
    });
    expect(weight * rms(Float64Array.from(found.x0), Float64Array.from(exact.x0))).toBeGreaterThan(2 ** -24);
  });
});

describe('addNoise', () => {
  it('goes by the sigma of a step where sigmas are given, though those above training share a timestep', async () => {
    const ours = sa({}).start({ sigmas: [200, 180, 5, 1] });
    expect(ours.timesteps).toEqual([999, 999, expect.any(Number)]);
    const levels = [0, 1, 2].map((i) => ours.plan.noiseLevel!(i, ours.timesteps[i]!));
    expect(levels.map(({ signal, noise }) => Math.round(noise / signal))).toEqual([200, 180, 5]);
  });
});

describe('tau_func', () => {
  it('is 1 from 200 to 800 and 0 elsewhere where it is null', async () => {
    const trial = { model: perfect('epsilon'), start, shape };
    const band = (timestep: number) => (timestep >= 200 && timestep <= 800 ? 1 : 0);
    const ours = { ...trial, run: begin(sa({}), 9) };
    await expect(sameTrajectory(ours, { ...trial, run: begin(sa({ tau_func: band }), 9) })).resolves.toBeUndefined();
  });

  it('cannot be saved where it is a function', () => {
    expect(() => sa({ tau_func: () => 1 }).saveConfig()).toThrow('a config file cannot hold');
    expect(sa({ tau_func: 0.5 }).saveConfig()).toContain('"tau_func": 0.5');
    expect(() => sa({ tau_func: 'all' as never })).toThrow('Give a function of the timestep');
  });
});

describe('noise', () => {
  it('of a step is used again when the step is corrected', async () => {
    const x = tensor(start, shape, { backend });
    const ones = (value: number) => Object.assign(torchGenerator(0), { normal: () => new Float32Array(6).fill(value) });
    const after = async (value: number) => {
      const ours = sa({ tau_func: 1 }).start({ numInferenceSteps: 9 });
      const first = await ours.step(x, x, { generator: ones(value) });
      // the same sample for both: only the noise that the run remembers differs
      const second = await ours.step(x, x, { generator: ones(0) });
      first.prevSample.dispose();
      return second.prevSample.data();
    };
    expect(rms(await after(1), await after(0))).toBeGreaterThan(0.1);
  });
});
