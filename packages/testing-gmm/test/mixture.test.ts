// The posterior against brute force: sums over a fine grid, derivatives by differences, and samples.
import { describe, expect, it } from 'vitest';
import {
  embed,
  energyDistance,
  gaussian,
  gaussianFlow,
  gaussianMixture,
  noised,
  predict,
  score,
  solveFlow,
  testMixture,
} from '../src/index.ts';
import { seeded } from './source.ts';

const LEVELS = [
  [1, 0.02],
  [0.999, 0.05],
  [0.8, 0.6],
  [0.3, 0.95],
  [0.01, 1],
  [1, 20],
  [0.5, 0.5],
] as const;

/** E[x0 | x] of a 1-D mixture by the rectangle rule, from nothing but the definition of conditional expectation. */
function byQuadrature(x: number, alpha: number, sigma: number): number {
  let mass = 0;
  let moment = 0;
  for (let x0 = -6; x0 <= 6; x0 += 0.0005) {
    const density = 0.4 * normal(x0, -1, 0.3) + 0.6 * normal(x0, 0.5, 0.7);
    const likelihood = normal(x, alpha * x0, sigma);
    mass += density * likelihood;
    moment += x0 * density * likelihood;
  }
  return moment / mass;
}
const normal = (x: number, mean: number, deviation: number) =>
  Math.exp(-(((x - mean) / deviation) ** 2) / 2) / deviation;

describe('the posterior', () => {
  const line = gaussianMixture([
    { weight: 0.4, mean: [-1], deviation: 0.3 },
    { weight: 0.6, mean: [0.5], deviation: 0.7 },
  ]);

  it.each([
    [1, 0.05],
    [0.8, 0.6],
    [0.3, 0.95],
    [0.01, 1],
  ])('is the conditional mean at alpha %f, sigma %f', (alpha, sigma) => {
    for (const x of [-1.3, -0.2, 0, 0.4, 1.1]) {
      expect(line.posterior([x], alpha, sigma).x0[0]).toBeCloseTo(byQuadrature(x, alpha, sigma), 9);
    }
  });

  it('splits x exactly: alpha x0 + sigma epsilon = x', () => {
    for (const [alpha, sigma] of LEVELS) {
      const x = [0.3, -0.7, 1.5, 2];
      const { x0, epsilon } = testMixture.posterior(x, alpha, sigma);
      x.forEach((value, i) => expect(alpha * x0[i]! + sigma * epsilon[i]!).toBeCloseTo(value, 12));
    }
  });

  it('is the mean without a signal, and x itself without noise', () => {
    const mean = [0.3 * -1.2 + 0.45 * 0.8 + 0.25 * 0.3, 0.3 * 0.4 + 0.45 * 0.9 + 0.25 * -1.1];
    const { x0 } = testMixture.posterior([3, -2], 0, 1);
    mean.forEach((value, i) => expect(x0[i]).toBeCloseTo(value, 14));
    testMixture.posterior([0.3, 0.2], 1, 0).x0.forEach((value, i) => expect(value).toBeCloseTo([0.3, 0.2][i]!, 15));
    expect([...testMixture.posterior([0.3, 0.2], 1, 0).epsilon]).toEqual([0, 0]);
  });

  it('stays finite far outside the data, where every density underflows', () => {
    const { x0, epsilon } = testMixture.posterior([4000, -4000], 1, 0.01);
    for (const value of [...x0, ...epsilon]) expect(value).toSatisfy(Number.isFinite);
  });

  it('treats rows alone', () => {
    const rows = testMixture.posterior([0.1, 0.2, -1, 0.5], 0.7, 0.7).x0;
    expect([...rows]).toEqual([
      ...testMixture.posterior([0.1, 0.2], 0.7, 0.7).x0,
      ...testMixture.posterior([-1, 0.5], 0.7, 0.7).x0,
    ]);
  });
});

describe('prediction types', () => {
  it('agree with one another', () => {
    for (const [alpha, sigma] of LEVELS) {
      const x = [0.3, -0.7];
      const of = (type: Parameters<typeof predict>[1]) => predict(testMixture, type, x, alpha, sigma);
      const [x0, epsilon, v, flow] = [of('sample'), of('epsilon'), of('v_prediction'), of('flow_prediction')];
      x.forEach((_, i) => {
        expect(v[i]).toBeCloseTo(alpha * epsilon[i]! - sigma * x0[i]!, 14);
        expect(flow[i]).toBeCloseTo(epsilon[i]! - x0[i]!, 14);
        expect(score(testMixture, x, alpha, sigma)[i]).toBeCloseTo(-epsilon[i]! / sigma, 12);
      });
    }
  });

  it('have the score of the density', () => {
    const logDensity = (x: number) =>
      Math.log(0.4 * normal(x, -0.8, Math.hypot(0.24, 0.6)) + 0.6 * normal(x, 0.4, Math.hypot(0.56, 0.6)));
    const line = gaussianMixture([
      { weight: 2, mean: [-1], deviation: 0.3 },
      { weight: 3, mean: [0.5], deviation: 0.7 },
    ]);
    const h = 1e-5;
    for (const x of [-1.2, 0.1, 0.9]) {
      expect(score(line, [x], 0.8, 0.6)[0]).toBeCloseTo((logDensity(x + h) - logDensity(x - h)) / (2 * h), 8);
    }
  });
});

describe('samples', () => {
  it('have the moments of the mixture', () => {
    const n = 40_000;
    const samples = testMixture.sample(n, seeded(1));
    const mean = samples.reduce((sum, value, i) => sum + (i % 2 ? 0 : value), 0) / n;
    const square = samples.reduce((sum, value, i) => sum + (i % 2 ? 0 : value ** 2), 0) / n;
    expect(mean).toBeCloseTo(0.075, 1);
    expect(square).toBeCloseTo(0.3 * (1.44 + 0.1225) + 0.45 * (0.64 + 0.25) + 0.25 * (0.09 + 0.16), 1);
  });

  it('of one mixture are alike, of two not', () => {
    const draw = (seed: number) => testMixture.sample(1000, seeded(seed));
    expect(Math.abs(energyDistance(draw(1), draw(2), 2))).toBeLessThan(0.01);
    expect(
      energyDistance(
        draw(1),
        draw(2).map((value) => value + 0.3),
        2,
      ),
    ).toBeGreaterThan(0.03);
  });

  it('with noise are as far spread as the noise level says', () => {
    const n = 20_000;
    const x = noised(gaussian([2], 0.5), n, 0.8, 0.6, seeded(3));
    const mean = x.reduce((a, b) => a + b) / n;
    expect(mean).toBeCloseTo(1.6, 1);
    expect(x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / n).toBeCloseTo(0.16 + 0.36, 1);
  });
});

describe('the probability flow', () => {
  it('of one Gaussian is the closed form', () => {
    const y = [3, -20];
    const solved = solveFlow(gaussian([0.7, -0.2], 0.5), y, 20, 0.05);
    gaussianFlow(y, 20, 0.05, [0.7, -0.2], 0.5).forEach((value, i) => expect(solved[i]).toBeCloseTo(value, 10));
  });

  it('keeps the law: samples of one noise level become samples of another', () => {
    const moved = solveFlow(testMixture, noised(testMixture, 1000, 1, 3, seeded(5)), 3, 0.2, 60);
    expect(Math.abs(energyDistance(moved, noised(testMixture, 1000, 1, 0.2, seeded(6)), 2))).toBeLessThan(0.01);
  });

  it('is reversible, and its error falls with the fourth power of the step', () => {
    const back = solveFlow(testMixture, solveFlow(testMixture, [1, 2], 0.05, 10, 2000), 10, 0.05, 2000);
    expect(back[0]).toBeCloseTo(1, 8);
    const exact = solveFlow(testMixture, [5, 7], 10, 0.05, 4000)[0]!;
    const error = (steps: number) => Math.abs(solveFlow(testMixture, [5, 7], 10, 0.05, steps)[0]! - exact);
    expect(Math.log2(error(50) / error(100))).toBeGreaterThan(3.5);
  });
});

describe('an embedding', () => {
  const image = embed(testMixture, 48, 0.3);

  it('is isometric', () => {
    const z = [0.3, -1.4, 2, 1];
    image.project(image.lift(z)).forEach((value, i) => expect(value).toBeCloseTo(z[i]!, 14));
    const length = (v: ArrayLike<number>) => Math.hypot(...Array.from(v));
    expect(length(image.lift([3, 4]))).toBeCloseTo(5, 13);
  });

  it('denoises inside as the mixture and outside as the Gaussian rest', () => {
    const x = Float64Array.from({ length: 96 }, (_, i) => Math.sin(i * 1.7));
    const { x0, epsilon } = image.posterior(x, 0.8, 0.6);
    const inside = testMixture.posterior(image.project(x), 0.8, 0.6);
    image.project(x0).forEach((value, i) => expect(value).toBeCloseTo(inside.x0[i]!, 13));
    image.project(epsilon).forEach((value, i) => expect(value).toBeCloseTo(inside.epsilon[i]!, 13));
    x.forEach((value, i) => expect(0.8 * x0[i]! + 0.6 * epsilon[i]!).toBeCloseTo(value, 13));
  });

  it('samples what it denoises', () => {
    const samples = image.sample(2000, seeded(8));
    expect(Math.abs(energyDistance(image.project(samples), testMixture.sample(2000, seeded(9)), 2))).toBeLessThan(0.01);
    const square = samples.reduce((sum, value) => sum + value ** 2, 0) / 2000;
    const inner = 0.3 * (1.6 + 0.245) + 0.45 * (1.45 + 0.5) + 0.25 * (1.3 + 0.32);
    expect(square / (inner + 46 * 0.09)).toBeCloseTo(1, 1);
  });
});

describe('what cannot be answered', () => {
  it('is refused with a reason', () => {
    expect(() => gaussianMixture([])).toThrow(RangeError);
    expect(() => gaussian([0], -1)).toThrow('deviation -1');
    expect(() => gaussian([0, 0], 1).posterior([1, 2, 3], 1, 1)).toThrow('3 numbers are not rows of 2');
    expect(() => gaussian([0], 0).posterior([1], 1, 0)).toThrow('no density');
    expect(() => score(testMixture, [0, 0], 1, 0)).toThrow('sigma 0');
    expect(() => solveFlow(testMixture, [0, 0], 1, 0)).toThrow('above 0');
    expect(() => embed(testMixture, 2)).toThrow(RangeError);
  });
});
