// Map kernels as TensorFlow.js operations, one after the other. Backends of TensorFlow.js differ in what maximum, minimum and clamp
// make of NaN, so those are composed of operations on which they agree.

import {
  abs,
  broadcastTo,
  cast,
  clone,
  div,
  equal,
  exp,
  greater,
  isNaN as isNaNs,
  less,
  log,
  logicalAnd,
  logicalNot,
  logicalOr,
  add,
  maximum,
  minimum,
  mul,
  notEqual,
  reshape,
  scalar,
  sqrt,
  type Tensor,
  where,
} from '@tensorflow/tfjs-core';
import type { Kernel, KernelOp, MapOp } from '@unnoise/core';

import type { Launch } from '../launch.ts';
import { sameSizes, viewsOf } from '../views.ts';

/** Computes a map kernel; to be called within a tidy. */
export function elementwise(kernel: Kernel): Launch {
  return (tensors, params, sizes) => {
    const views = viewsOf(kernel, tensors, sizes);
    const values = tensors.map((tensor, i) => viewed(tensor, views.inputs[i]!));
    for (const op of kernel.ops) values.push(compute(op, values, params));
    const taken = new Set<Tensor>(tensors);
    return kernel.outputs.map(({ value }) => fresh(whole(values[value]!, views.output), taken));
  };
}

const viewed = (tensor: Tensor, shape: readonly number[]): Tensor =>
  sameSizes(tensor.shape, shape) ? tensor : reshape(tensor, [...shape]);

/** Values that are alike along a dimension are kept small until they are stored. */
const whole = (value: Tensor, shape: readonly number[]): Tensor =>
  sameSizes(value.shape, shape) ? value : broadcastTo(value, shape as [number]);

/** A tensor of its own for each output: an input or another output may have the same value. */
function fresh(value: Tensor, taken: Set<Tensor>): Tensor {
  const own = taken.has(value) ? clone(value) : value;
  taken.add(own);
  return own;
}

function compute(op: KernelOp, values: readonly Tensor[], params: Float64Array): Tensor {
  const args = op.args.map((arg) => values[arg]!);
  const numbers = op.params.map((place) => params[place]!);
  if (op.fn === 'linear') return linear(op, args, numbers);
  if (op.fn === 'clamp') return clamp(args[0]!, numbers[0]!, numbers[1]!);
  if (op.fn === 'cast') return castTo(op, args[0]!);
  return FUNCTIONS[op.fn](args[0]!, args[1]!, args[2]!);
}

type Elementwise = (a: Tensor, b: Tensor, c: Tensor) => Tensor;

const FUNCTIONS: Readonly<Record<Exclude<MapOp, 'linear' | 'clamp' | 'cast'>, Elementwise>> = {
  mul: (a, b) => mul(a, b),
  div: (a, b) => div(a, b),
  max: (a, b) => (a.dtype === 'int32' ? maximum(a, b) : where(logicalOr(greater(a, b), isNaNs(a)), a, b)),
  min: (a, b) => (a.dtype === 'int32' ? minimum(a, b) : where(logicalOr(less(a, b), isNaNs(a)), a, b)),
  exp: (a) => exp(a),
  log: (a) => log(a),
  sqrt: (a) => sqrt(a),
  abs: (a) => abs(a),
  eq: (a, b) => equal(a, b),
  where: (condition, a, b) => (a.dtype === 'bool' ? whereBool(condition, a, b) : where(condition, a, b)),
};

/** By logic, because the wasm backend (4.22.0) takes bools for int32 in `where` and writes past the end of its result. */
const whereBool: Elementwise = (condition, a, b) =>
  logicalOr(logicalAnd(condition, a), logicalAnd(logicalNot(condition), b));

/** ((c1*a1 + c2*a2) + ...) + bias. */
function linear({ dtype }: KernelOp, args: readonly Tensor[], numbers: readonly number[]): Tensor {
  const number = (x: number): Tensor => scalar(dtype === 'bool' ? x !== 0 : x, dtype as 'float32');
  const terms = args.map((arg, i) => (numbers[i] === 1 ? arg : mul(arg, number(numbers[i]!))));
  if (numbers.length > args.length) terms.push(number(numbers[args.length]!));
  return terms.reduce((sum, term) => add(sum, term));
}

/** NaN stays NaN. */
function clamp(x: Tensor, lo: number, hi: number): Tensor {
  const [low, high] = [lo, hi].map((bound) => scalar(bound, x.dtype as 'float32')) as [Tensor, Tensor];
  const clamped = minimum(maximum(x, low), high);
  return x.dtype === 'int32' ? clamped : where(isNaNs(x), x, clamped);
}

/** All but 0 is true, NaN too. */
const castTo = ({ dtype }: KernelOp, x: Tensor): Tensor =>
  dtype === 'bool' && x.dtype !== 'bool' ? notEqual(x, scalar(0, x.dtype as 'float32')) : cast(x, dtype as 'float32');
