// Elementwise functions as TensorFlow.js operations. Its backends differ in what they make of NaN, infinities and zeros, and have
// limits of their own; so functions are composed, where necessary, of operations on which all of them agree.

import {
  abs,
  broadcast_util,
  div,
  equal,
  exp,
  greater,
  isInf,
  isNaN as isNaNs,
  less,
  log,
  logicalAnd,
  logicalNot,
  logicalOr,
  maximum,
  minimum,
  mul,
  neg,
  ones,
  reciprocal,
  reshape,
  scalar,
  sqrt,
  type Tensor,
  where,
} from '@tensorflow/tfjs-core';
import type { MapOp } from '@unnoise/core';

import { sameSizes } from '../views.ts';

type Elementwise = (a: Tensor, b: Tensor, c: Tensor) => Tensor;

export const FUNCTIONS: Readonly<Record<Exclude<MapOp, 'linear' | 'clamp' | 'cast'>, Elementwise>> = {
  mul: (a, b) => mul(a, b),
  div: quotient,
  max: (a, b) => (a.dtype === 'int32' ? maximum(a, b) : select(logicalOr(greater(a, b), isNaNs(a)), a, b)),
  min: (a, b) => (a.dtype === 'int32' ? minimum(a, b) : select(logicalOr(less(a, b), isNaNs(a)), a, b)),
  exp: (a) => select(isNaNs(a), a, exp(a)),
  log: logarithm,
  sqrt: (a) => sqrt(a),
  abs: (a) => abs(a),
  eq: (a, b) => equal(a, b),
  where: (condition, a, b) => select(condition, a, b),
};

/** The webgl backend (4.22.0) takes a number divided by itself for 1, also where that is 0 or infinite. */
function quotient(a: Tensor, b: Tensor): Tensor {
  const indeterminate = logicalAnd(equal(a, b), logicalOr(equal(a, scalar(0)), isInf(a)));
  return select(indeterminate, scalar(NaN), div(a, b));
}

/** Shading languages leave open what the log of 0, of infinity and of NaN is, and drivers differ. */
function logarithm(x: Tensor): Tensor {
  const positive = greater(x, scalar(0));
  const special = select(equal(x, scalar(0)), neg(reciprocal(abs(x))), select(positive, x, scalar(NaN)));
  return select(logicalAnd(positive, logicalNot(isInf(x))), log(x), special);
}

/** Dimensions up to which every backend has `where`. */
const MOST_DIMENSIONS = 4;

/** `where`, for any number of dimensions and any dtype. */
export function select(condition: Tensor, a: Tensor, b: Tensor): Tensor {
  if (a.dtype === 'bool') return selectBool(condition, a, b);
  const shape = [a, b].reduce((known, one) => sharedShape(known, one.shape), condition.shape);
  if (shape.length <= MOST_DIMENSIONS) return where(condition, a, b);
  const flat = (x: Tensor): Tensor => reshape(spread(x, shape), [-1]);
  return reshape(where(flat(condition), flat(a), flat(b)), shape);
}

/** The value repeated along the dimensions where it has size 1. Not by `broadcastTo`, with which webgpu (4.22.0) crashes from 5 dimensions. */
export function spread(x: Tensor, shape: readonly number[]): Tensor {
  if (sameSizes(x.shape, shape)) return x;
  const one = ones([...shape], x.dtype as 'float32');
  return x.dtype === 'bool' ? logicalAnd(x, one) : mul(x, one);
}

const sharedShape = (a: readonly number[], b: readonly number[]): number[] =>
  broadcast_util.assertAndGetBroadcastShape([...a], [...b]);

/** By logic, because the wasm backend (4.22.0) takes bools for int32 in `where` and writes past the end of its result. */
function selectBool(condition: Tensor, a: Tensor, b: Tensor): Tensor {
  return logicalOr(logicalAnd(condition, a), logicalAnd(logicalNot(condition), b));
}
