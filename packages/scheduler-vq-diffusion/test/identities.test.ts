// The Markov chain of VQ-Diffusion against its own definition: matrices, Bayes' rule, and the histogram of what it draws.
import { createCpuBackend } from '@unnoise/backend-cpu';
import type { Backend, Generator } from '@unnoise/core';
import { tensor, torchGenerator } from '@unnoise/core';
import { createReferenceBackend } from '@unnoise/core/reference';
import { describe, expect, it } from 'vitest';
import type { VQRow } from '../src/index.ts';
import { VQDiffusionScheduler } from '../src/index.ts';

type Matrix = readonly (readonly number[])[];

const CLASSES = 5; // four tokens and the mask
const TOKENS = CLASSES - 1;
const LEVELS = 10;
const chain = { alpha_cum_start: 0.95, alpha_cum_end: 0.05, gamma_cum_start: 0.01, gamma_cum_end: 0.9 };
const scheduler = new VQDiffusionScheduler(
  { num_vec_classes: CLASSES, num_train_timesteps: LEVELS, ...chain },
  { precision: 'exact64' },
);
const { plan } = scheduler.start(LEVELS);
const levels = Array.from({ length: LEVELS }, (_, t) => t);

const indices = Array.from({ length: CLASSES }, (_, i) => i);
const identity: Matrix = indices.map((i) => indices.map((j) => Number(i === j)));
const product = (a: Matrix, b: Matrix): Matrix =>
  a.map((row) => indices.map((j) => row.reduce((sum, value, k) => sum + value * b[k]![j]!, 0)));

/** Row i: where token i goes. a and c of the definition, b what is left for each token. */
function transition(a: number, c: number): Matrix {
  const b = (1 - a - c) / TOKENS;
  return indices.map((i) =>
    indices.map((j) => (i === TOKENS ? Number(j === TOKENS) : j === TOKENS ? c : b + (i === j ? a : 0))),
  );
}

const cumulativeAt = (start: number, end: number, t: number) => start + (t / (LEVELS - 1)) * (end - start);
const alpha = (t: number) => (t < 0 ? 1 : cumulativeAt(chain.alpha_cum_start, chain.alpha_cum_end, t));
const gamma = (t: number) => (t < 0 ? 0 : cumulativeAt(chain.gamma_cum_start, chain.gamma_cum_end, t));
const steps = levels.map((t) => transition(alpha(t) / alpha(t - 1), 1 - (1 - gamma(t)) / (1 - gamma(t - 1))));
/** What t + 1 steps do together. */
const after = levels.map((t) => steps.slice(0, t + 1).reduce(product, identity));

function matrixOf({ a, b, c }: VQRow['now']): Matrix {
  const [stay, other, mask] = [Math.exp(a), Math.exp(b), Math.exp(c)];
  return indices.map((i) =>
    indices.map((j) => (i === TOKENS ? Number(j === TOKENS) : j === TOKENS ? mask : other + (i === j ? stay : 0))),
  );
}

function expectSame(actual: Matrix, expected: Matrix): void {
  actual.forEach((row, i) => row.forEach((value, j) => expect(Math.abs(value - expected[i]![j]!)).toBeLessThan(1e-12)));
}

describe('the noising chain', () => {
  it('keeps every marginal a probability: each row adds up to 1', () => {
    for (const t of levels) {
      const { now, cumulative } = plan.row(0, t);
      for (const level of [now, cumulative]) {
        for (const row of matrixOf(level)) expect(row.reduce((a, b) => a + b)).toBeCloseTo(1, 13);
        for (const log of [level.a, level.b, level.c]) expect(Math.exp(log)).toBeGreaterThanOrEqual(0);
      }
    }
  });

  it('has cumulative transitions that are the products of the single ones', () => {
    for (const t of levels) {
      const { now, cumulative, before } = plan.row(0, t);
      expectSame(matrixOf(now), steps[t]!);
      expectSame(matrixOf(cumulative), after[t]!);
      expectSame(before ? matrixOf(before) : identity, after[t - 1] ?? identity);
    }
  });
});

describe('the posterior', () => {
  const truth = [0.05, 0.45, 0.2, 0.3];

  /** q(prev | x) by its definition: the sum over x0 of q(x | prev) q(prev | x0) / q(x | x0) p(x0). */
  const definition = (t: number, x: number): readonly number[] =>
    indices.map((prev) =>
      truth.reduce(
        (sum, p, x0) => sum + (steps[t]![prev]![x]! * after[t - 1]![x0]![prev]! * p) / after[t]![x0]![x]!,
        0,
      ),
    );

  it('equals the matrix product of its definition', async () => {
    for (const t of levels.slice(1)) {
      const logs = await drawnFrom(t, indices, truth);
      for (const x of indices)
        definition(t, x).forEach((wanted, prev) =>
          expect(Math.abs(Math.exp(logs[prev * CLASSES + x]!) - wanted)).toBeLessThan(1e-10),
        );
    }
  });

  it('of a mask that absorbs: only a masked token can have been masked', async () => {
    const logs = await drawnFrom(5, indices, truth);
    for (const x of indices) {
      const masked = Math.exp(logs[TOKENS * CLASSES + x]!);
      if (x === TOKENS) expect(masked).toBeGreaterThan(0.1);
      else expect(masked).toBeLessThan(1e-27); // as upstream, the impossible counts as 1e-30
    }
  });

  it('is drawn from by Gumbel noise: the class with the largest log q - log(-log u)', async () => {
    const x = Array.from({ length: 400 }, (_, i) => i % CLASSES);
    const u = torchGenerator(3).uniform([1, CLASSES, x.length]);
    const { drawn } = await step(5, x, truth, torchGenerator(3));
    x.forEach((token, i) => {
      const noisy = definition(5, token).map((q, k) => Math.log(q) - Math.log(-Math.log(u[k * x.length + i]!)));
      expect(drawn[i]).toBe(noisy.indexOf(Math.max(...noisy)));
    });
  });

  it('is p(x0 | x) itself at timestep 0', async () => {
    const logs = await drawnFrom(0, indices, truth);
    truth.forEach((p, token) =>
      indices.forEach((x) => expect(Math.exp(logs[token * CLASSES + x]!)).toBeCloseTo(p, 12)),
    );
  });

  /** The log-probabilities [class, position] that a step at timestep t draws from: what reaches its argmax when the Gumbel noise is 0. */
  const drawnFrom = async (t: number, x: readonly number[], p: readonly number[]) =>
    (await step(t, x, p, withoutNoise)).noisy;

  /** One step at timestep t: what reaches its argmax, and what that gives. */
  async function step(t: number, x: readonly number[], p: readonly number[], generator: Generator) {
    let noisy: ArrayLike<number> = [];
    const backend = watched((logs) => (noisy = logs));
    const out = tensor(
      Float64Array.from({ length: TOKENS * x.length }, (_, i) => Math.log(p[Math.floor(i / x.length)]!)),
      [1, TOKENS, x.length],
      { backend },
    );
    const run = scheduler.start({ numInferenceSteps: LEVELS, generator });
    const { prevSample } = await run.step(out, tensor(Int32Array.from(x), [1, x.length], { backend }), {}, t);
    return { noisy, drawn: await prevSample.data() };
  }

  /** Gumbel noise -log(-log u) is 0 at u = 1 / e; as float64, which the reference backend takes. */
  const withoutNoise: Generator = Object.assign(torchGenerator(0), {
    uniform: (shape: readonly number[]) =>
      new Float64Array(shape.reduce((a, b) => a * b, 1)).fill(Math.exp(-1)) as never,
  });

  function watched(see: (logs: ArrayLike<number>) => void): Backend {
    const inner = createReferenceBackend();
    return {
      ...inner,
      run(kernel, inputs, params, sizes) {
        if (kernel.kind === 'argmax') see(inner.download(inputs[0]!) as Float64Array);
        return inner.run(kernel, inputs, params, sizes);
      },
    };
  }
});

describe('a whole run with the exact model', () => {
  const truth = [0.05, 0.45, 0.2, 0.3];
  const count = 4096;
  const masked = new Int32Array(count).fill(TOKENS);

  /** log p(x0 | x) by Bayes' rule for independent tokens. */
  function bayes(ids: ArrayLike<number>, { cumulative }: VQRow): Float32Array {
    const [stay, other] = [Math.exp(cumulative.a), Math.exp(cumulative.b)];
    const columns = indices.map((x) => {
      const joint = truth.map((value, x0) => value * (x === TOKENS ? 1 : other + (x === x0 ? stay : 0)));
      const total = joint.reduce((a, b) => a + b);
      return joint.map((value) => Math.log(value / total));
    });
    return Float32Array.from({ length: TOKENS * count }, (_, i) => columns[ids[i % count]!]![Math.floor(i / count)]!);
  }

  async function histogram(seed: number): Promise<readonly number[]> {
    const backend = createCpuBackend();
    const vq = new VQDiffusionScheduler({ num_vec_classes: CLASSES }, { backend });
    const run = vq.start({ numInferenceSteps: 100, generator: torchGenerator(seed) });
    let ids: ArrayLike<number> = masked;
    while (!run.done) {
      const out = tensor(bayes(ids, run.plan.row(0, run.timestep!)), [1, TOKENS, count]);
      const { prevSample } = await run.step(out, tensor(Int32Array.from(ids), [1, count]));
      ids = await prevSample.data();
      prevSample.dispose();
    }
    return indices.map((token) => Array.from(ids).filter((id) => id === token).length);
  }

  /** Chi-square of 3 degrees of freedom: above 16.27 once in a thousand. */
  const chiSquare = (counts: readonly number[], p: readonly number[]) =>
    p.reduce((sum, share, i) => sum + (counts[i]! - share * count) ** 2 / (share * count), 0);

  it('draws tokens as often as they are likely, and leaves none masked', async () => {
    const counts = await histogram(7);
    expect(counts[TOKENS]).toBe(0);
    expect(chiSquare(counts, truth)).toBeLessThan(16.27);
    expect(chiSquare(counts, [0.05, 0.42, 0.2, 0.33])).toBeGreaterThan(16.27); // the test sees 3 per cent
  });
});
