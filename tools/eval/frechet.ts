// The Fréchet distance between two normal laws in feature space, and how far chance moves it.

import { EigenvalueDecomposition, Matrix } from 'ml-matrix';

/** Mean [d] and covariance [d, d] of features. */
export interface Statistics {
  readonly mean: readonly number[];
  readonly covariance: readonly (readonly number[])[];
}

/** Rows of features, as a judge gives them. */
export type Features = readonly ArrayLike<number>[];

export function statistics(rows: Features): Statistics {
  const d = rows[0]!.length;
  const mean = Array.from({ length: d }, (_, i) => rows.reduce((sum, row) => sum + row[i]!, 0) / rows.length);
  const centred = new Matrix(rows.map((row) => mean.map((m, i) => row[i]! - m)));
  const covariance = centred
    .transpose()
    .mmul(centred)
    .div(rows.length - 1);
  return { mean, covariance: covariance.to2DArray() };
}

/** The distance to a fixed law: |m1 - m2|^2 + tr(C1 + C2 - 2 (C2^1/2 C1 C2^1/2)^1/2). */
export function frechetTo(reference: Statistics): (sample: Statistics) => number {
  const root = squareRoot(new Matrix(reference.covariance));
  return ({ mean, covariance }) => {
    const apart = mean.reduce((sum, m, i) => sum + (m - reference.mean[i]!) ** 2, 0);
    const between = root.mmul(new Matrix(covariance)).mmul(root);
    const traces = trace(covariance) + trace(reference.covariance);
    return apart + traces - 2 * sum(eigenvalues(between).map((value) => Math.sqrt(Math.max(value, 0))));
  };
}

function squareRoot(symmetric: Matrix): Matrix {
  const { realEigenvalues, eigenvectorMatrix: vectors } = new EigenvalueDecomposition(symmetric, {
    assumeSymmetric: true,
  });
  const roots = Matrix.diag(realEigenvalues.map((value) => Math.sqrt(Math.max(value, 0))));
  return vectors.mmul(roots).mmul(vectors.transpose());
}

const eigenvalues = (symmetric: Matrix): number[] =>
  new EigenvalueDecomposition(symmetric, { assumeSymmetric: true }).realEigenvalues;

const trace = (matrix: Statistics['covariance']): number => sum(matrix.map((row, i) => row[i]!));

export const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
export const mean = (values: readonly number[]): number => sum(values) / values.length;
