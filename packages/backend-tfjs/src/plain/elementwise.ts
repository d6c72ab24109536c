// Map kernels as TensorFlow.js operations, one after the other. What takes parameters is here, the functions are in ./functions.ts.

import {
  add,
  cast,
  isNaN as isNaNs,
  maximum,
  minimum,
  mul,
  notEqual,
  reshape,
  scalar,
  type Tensor,
} from '@tensorflow/tfjs-core';
import type { Kernel, KernelOp } from '@unnoise/core';

import type { Launch } from '../launch.ts';
import { shared } from '../tensors.ts';
import { sameSizes, viewsOf } from '../views.ts';
import { FUNCTIONS, select, spread } from './functions.ts';

/** Computes a map kernel; to be called within a tidy. */
export function elementwise(kernel: Kernel): Launch {
  return (tensors, params, sizes) => {
    const views = viewsOf(kernel, tensors, sizes);
    const values = tensors.map((tensor, i) => viewed(tensor, views.inputs[i]!));
    for (const op of kernel.ops) values.push(compute(op, values, params));
    const taken = new Set<Tensor>(tensors);
    // values that are alike along a dimension are kept small until here
    return kernel.outputs.map(({ value }) => fresh(spread(values[value]!, views.output), taken));
  };
}

const viewed = (tensor: Tensor, shape: readonly number[]): Tensor =>
  sameSizes(tensor.shape, shape) ? tensor : reshape(tensor, [...shape]);

/** A tensor of its own for each output: an input or another output may have the same value. */
function fresh(value: Tensor, taken: Set<Tensor>): Tensor {
  const own = taken.has(value) ? shared(value) : value;
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
  return x.dtype === 'int32' ? clamped : select(isNaNs(x), x, clamped);
}

/** All but 0 is true, NaN too. */
const castTo = ({ dtype }: KernelOp, x: Tensor): Tensor =>
  dtype === 'bool' && x.dtype !== 'bool' ? notEqual(x, scalar(0, x.dtype as 'float32')) : cast(x, dtype as 'float32');
