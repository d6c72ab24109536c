// The exact law of what a stochastic scheduler gives for Gaussian data, without a random number: every step is then affine in the sample
// and in each draw, so unit impulses in the draws measure the whole map.

import type { Generator, Run } from '@unnoise/core';
import { ConformanceError } from '../check.ts';
import { levelOf, trajectory } from './trajectory.ts';

/** One-dimensional data N(mean, deviation^2). */
export interface GaussianData {
  readonly mean: number;
  readonly deviation: number;
}

/** How far a run's law is from N(signal mean, signal^2 deviation^2 + noise^2), which a perfect sampler gives. */
export interface LawError {
  /** Absolute, of the mean. */
  readonly mean: number;
  /** Relative, of the variance: negative where too little noise is left. */
  readonly variance: number;
}

/** What a model says of a sample x whose noise is epsilon, in the prediction type of the scheduler. */
export type OutputOf = (x: number, epsilon: number, level: Level) => number;

/**
 * Compares the sample before the last step, so at the last positive noise level, with the truth. `start` makes the run with the given
 * generator; its scheduler predicts epsilon unless `output` says otherwise. A step may draw once. Exact to rounding.
 */
export async function lawError(
  start: (generator: Generator) => Run,
  data: GaussianData,
  output: OutputOf = (_, epsilon) => epsilon,
): Promise<LawError> {
  const rows = 2 + start(new Impulses()).timesteps.length;
  const run = start(new Impulses());
  const [mean, variance] = gaussianAt(data, levelOf(run));
  const rowStarts = Float64Array.from({ length: rows }, (_, row) => mean + (row === 1 ? Math.sqrt(variance) : 0));
  const model = (x: Float64Array, level: Level) =>
    noiseIn(data, x, level).map((epsilon, i) => output(x[i]!, epsilon, level));
  const { plan } = run;
  const samples = await trajectory({ run, model, start: rowStarts, shape: [rows, 1], steps: rows - 3 });
  const [atMean, ...others] = samples.at(-1)!;
  const spread = others.reduce((sum, value) => sum + (value - atMean!) ** 2, 0);
  const [wantedMean, wantedVariance] = gaussianAt(data, plan.noiseLevel!(rows - 3, plan.timesteps.at(-1)!));
  return { mean: atMean! - wantedMean, variance: spread / wantedVariance - 1 };
}

interface Level {
  readonly signal: number;
  readonly noise: number;
}

/** Mean and variance of the data seen through a noise level. */
function gaussianAt({ mean, deviation }: GaussianData, { signal, noise }: Level): [mean: number, variance: number] {
  return [signal * mean, (signal * deviation) ** 2 + noise ** 2];
}

/** E[epsilon | x]. */
function noiseIn(data: GaussianData, x: Float64Array, level: Level): Float64Array {
  const [mean, variance] = gaussianAt(data, level);
  return x.map((value) => (level.noise / variance) * (value - mean));
}

/** Draw j is 1 in row 2 + j and 0 in all others. */
class Impulses implements Generator {
  #draws = 0;

  normal(shape: readonly number[], dtype?: 'float32'): Float32Array;
  normal(shape: readonly number[], dtype: 'float64'): Float64Array;
  normal(shape: readonly number[], dtype?: string): Float32Array | Float64Array {
    const row = 2 + this.#draws++;
    if (row >= shape[0]!)
      throw new ConformanceError(`Draw ${row - 1} of a run of ${shape[0]! - 2} steps: a step may draw once.`);
    return new (dtype === 'float64' ? Float64Array : Float32Array)(shape[0]!).fill(1, row, row + 1);
  }

  uniform(): never {
    throw new ConformanceError('Uniform noise has no impulse response.');
  }

  clone(): never {
    throw new ConformanceError('An impulse is given once.');
  }

  save(): undefined {
    return undefined;
  }

  restore(): void {
    this.#draws = 0;
  }
}
