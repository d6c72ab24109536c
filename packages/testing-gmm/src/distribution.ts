// What a perfect model knows: the posterior means of the clean sample and of the noise. Every prediction type follows from the two.

/** E[x0 | x] and E[epsilon | x], row by row like the x they belong to. */
export interface Posterior {
  readonly x0: Float64Array;
  readonly epsilon: Float64Array;
}

/** Where samples and noise come from. The generators of @unnoise/core are such sources. */
export interface Source {
  uniform(shape: readonly number[]): ArrayLike<number>;
  normal(shape: readonly number[]): ArrayLike<number>;
}

/** A distribution of clean samples whose posterior at x = alpha x0 + sigma epsilon is known exactly. Points are rows of `dimension` numbers. */
export interface Distribution {
  readonly dimension: number;
  /** @throws RangeError when x is not whole rows, or when alpha and sigma leave nothing random (a point mass without noise). */
  posterior(x: ArrayLike<number>, alpha: number, sigma: number): Posterior;
  /** `count` clean samples, one after the other. */
  sample(count: number, source: Source): Float64Array;
}

/** What a network is trained to give; the names are those of `prediction_type`. */
export type PredictionType = 'epsilon' | 'sample' | 'v_prediction' | 'flow_prediction';

/** a x + b y, element by element. */
export function combine(a: number, x: ArrayLike<number>, b: number, y: ArrayLike<number>): Float64Array {
  return Float64Array.from({ length: x.length }, (_, i) => a * x[i]! + b * y[i]!);
}

/** The output of a perfect model at x = alpha x0 + sigma epsilon. */
export function predict(
  model: Distribution,
  type: PredictionType,
  x: ArrayLike<number>,
  alpha: number,
  sigma: number,
): Float64Array {
  const { x0, epsilon } = model.posterior(x, alpha, sigma);
  switch (type) {
    case 'epsilon':
      return epsilon;
    case 'sample':
      return x0;
    case 'v_prediction':
      return combine(alpha, epsilon, -sigma, x0);
    case 'flow_prediction':
      return combine(1, epsilon, -1, x0);
  }
}

/** The velocity at x = x0 + sigma epsilon once x is scaled to unit variance, as samplers in sigma hand it to their models. */
export function velocityAtSigma(model: Distribution, x: ArrayLike<number>, sigma: number): Float64Array {
  const scale = Math.hypot(sigma, 1);
  const scaled = Float64Array.from(x, (value) => value / scale);
  return predict(model, 'v_prediction', scaled, 1 / scale, sigma / scale);
}

/** The gradient of the log density of x: -epsilon / sigma. @throws RangeError at sigma 0. */
export function score(model: Distribution, x: ArrayLike<number>, alpha: number, sigma: number): Float64Array {
  if (!(sigma > 0)) throw new RangeError(`The score at sigma ${sigma} is not defined here: give a sigma above 0.`);
  return model.posterior(x, alpha, sigma).epsilon.map((epsilon) => -epsilon / sigma);
}

/** `count` states alpha x0 + sigma epsilon, exactly distributed. */
export function noised(model: Distribution, count: number, alpha: number, sigma: number, source: Source): Float64Array {
  return combine(alpha, model.sample(count, source), sigma, source.normal([count, model.dimension]));
}

/** How many rows x has. */
export function rowsOf(x: ArrayLike<number>, dimension: number): number {
  const rows = x.length / dimension;
  if (!Number.isInteger(rows)) throw new RangeError(`${x.length} numbers are not rows of ${dimension}.`);
  return rows;
}
